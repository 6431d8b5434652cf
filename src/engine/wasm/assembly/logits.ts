/** The logits of a pair of queries in base 2, as the forward and the backward kernel of axial attention compute them. */
import {
  at, before, eitherCount, eitherKey, firstCount, firstKey, fullKeyDepth, heads, keyDepth, keyTable, length, lineBytes,
  lines, loadRows, offsetCount, offsetIndex, offsetKey, offsets, queryBytes, queryTable, rowBytes, rows, scales,
  secondCount, secondKey, take, valueDepth, valueTable,
} from "./axis";
import { constantBytes, log2e, putConstants } from "./exponential";
import { headValues } from "./lanes";
import { addDotEncodings, dotKeys, dotRows } from "./rows";

/** Of exponential.ts. */
export let constants: usize = 0;
/** Encodings of the offsets in the window, [R][2 Dq + Dv]: query's, key's, value's of offset -before, then of the next. */
export let encodings: usize = 0, encodingBytes: usize = 0;
/** The key's encodings once more, as rows that carry log2(e) and each lane's factor, [R][Dq]. */
export let keyEncodings: usize = 0;
/** The pair's queries, times log2(e) and each lane's factor of the content and of the query-position term. */
export let contentQueries: usize = 0, positionQueries: usize = 0;
/** Each lane's factors of the three terms. */
export let contentScale: v128 = f32x4.splat(0), queryScale: v128 = f32x4.splat(0), keyScale: v128 = f32x4.splat(0);

/** After `readAxis`: takes scratch memory and copies the encodings to it. */
export function prepareLogits(): void {
  constants = take(constantBytes);
  putConstants(constants);
  encodingBytes = rowBytes >> 2;
  encodings = take(<usize>offsets * encodingBytes);
  copyTable(queryTable, keyDepth, encodings);
  copyTable(keyTable, keyDepth, encodings + (queryBytes >> 2));
  copyTable(valueTable, valueDepth, encodings + (queryBytes >> 1));
  keyEncodings = take(<usize>offsets * queryBytes);
  contentQueries = take(2 * queryBytes);
  positionQueries = take(2 * queryBytes);
}

/** The window's part of a table [2L - 1, depth], filled up to a multiple of 4 with zeros. */
function copyTable(table: usize, depth: i32, to: usize): void {
  if (table === 0) return;
  const bytes = <usize>depth << 2;
  table = at(table, length - 1 - before, bytes);
  for (let offset = 0; offset < offsets; offset++) {
    memory.copy(to, table, bytes);
    for (let x = bytes; x & 15; x += 4) store<f32>(to + x, 0);
    table += bytes;
    to += encodingBytes;
  }
}

/** Reads the rows of a group and what its heads make of the factors. */
export function loadGroup(group: i32): void {
  loadRows(group);
  contentScale = headValues(scales, heads);
  queryScale = headValues(scales + (heads << 2), heads);
  keyScale = headValues(scales + (heads << 3), heads);
  if (keyTable === 0) return;
  const factor = f32x4.mul(keyScale, f32x4.splat(log2e));
  let from = encodings + (queryBytes >> 2), to = keyEncodings;
  for (let offset = 0; offset < offsets; offset++) {
    for (let x: usize = 0; x < queryBytes; x += 16) {
      v128.store(to + x, f32x4.mul(factor, v128.load32_splat(from + (x >> 2))));
    }
    from += encodingBytes;
    to += queryBytes;
  }
}

/** Logits of the selected pair (i, i + 1) to its lines. */
export function pairLogits(i: i32): void {
  const contentFactor = f32x4.mul(contentScale, f32x4.splat(log2e));
  const queryFactor = f32x4.mul(queryScale, f32x4.splat(log2e));
  const query = at(rows, i, rowBytes);
  for (let x: usize = 0; x < queryBytes; x += 16) {
    const q0 = v128.load(query + x), q1 = v128.load(query + rowBytes + x);
    v128.store(contentQueries + x, f32x4.mul(q0, contentFactor));
    v128.store(contentQueries + queryBytes + x, f32x4.mul(q1, contentFactor));
    v128.store(positionQueries + x, f32x4.mul(q0, queryFactor));
    v128.store(positionQueries + queryBytes + x, f32x4.mul(q1, queryFactor));
  }
  const keys = rows + queryBytes;
  if (keyTable !== 0) {
    dotKeys(
      contentQueries, at(keys, firstKey, rowBytes), rowBytes,
      at(keyEncodings, firstKey - i + before, queryBytes), queryBytes,
      at(lines, firstKey, 16), firstCount, fullKeyDepth,
    );
    if (secondCount > 0) {
      dotKeys(
        contentQueries + queryBytes, at(keys, secondKey, rowBytes), rowBytes,
        at(keyEncodings, secondKey - i - 1 + before, queryBytes), queryBytes,
        at(lines + lineBytes, secondKey, 16), secondCount, fullKeyDepth,
      );
    }
  } else {
    dotRows(
      contentQueries, queryBytes, at(keys, eitherKey, rowBytes), rowBytes,
      at(lines, eitherKey, 16), lineBytes, eitherCount, fullKeyDepth,
    );
  }
  if (queryTable !== 0) {
    addDotEncodings(
      positionQueries, queryBytes, at(encodings, offsetIndex, encodingBytes), encodingBytes,
      at(lines, offsetKey, 16), lineBytes + 16, offsetCount, fullKeyDepth,
    );
  }
}
