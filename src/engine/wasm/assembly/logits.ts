/** The logits of a pair of queries in base 2, as the forward and the backward kernels compute them. */
import { constantVectors, encodingVectors, keyEncodingVectors, pairVectors } from "../attention-scratch";
import {
  at, eitherCount, eitherKey, firstCount, firstIndex, firstKey, fullKeyDepth, heads, keyDepth, keyTable, lineBytes,
  lines, offsetCount, offsetIndex, offsetKey, offsets, queryBytes, queryRow, queryTable, rowBytes, rows, scales,
  secondCount, secondIndex, secondKey, take, unit, valueDepth, valueTable,
} from "./axis";
import { greatestOf, log2e, putConstants, shiftOf } from "./exponential";
import { headValues } from "./lanes";
import { addDotEncodings, addDotKeys, dotEncodings, dotRows } from "./rows";

/** Of exponential.ts. */
export let constants: usize = 0;
/**
 * Encodings of the offsets in the window, [R][2 Dq + Dv]: query's, key's, value's of offset -before, then of the next.
 */
export let encodings: usize = 0, encodingBytes: usize = 0;
/**
 * The key's encodings once more, as rows that carry each lane's factor, [R][Dq]; a step of zeros before and after them.
 */
export let keyEncodings: usize = 0;
/** The pair's queries, times log2(e) and each lane's factor of the content and of the query-position term. */
export let contentQueries: usize = 0, positionQueries: usize = 0;
/** Each lane's factors of the three terms. */
export let contentScale: v128 = f32x4.splat(0), queryScale: v128 = f32x4.splat(0), keyScale: v128 = f32x4.splat(0);

/** Takes scratch memory. */
export function prepareLogits(): void {
  constants = take(constantVectors);
  putConstants(constants);
  encodingBytes = rowBytes >> 2;
  encodings = take(encodingVectors(offsets, <i32>(rowBytes >> 4)));
  const stepBytes = <usize>unit * queryBytes, keyEncodingBytes = <usize>offsets * queryBytes;
  keyEncodings = take(keyEncodingVectors(offsets, unit, fullKeyDepth)) + stepBytes;
  memory.fill(keyEncodings - stepBytes, 0, stepBytes);
  memory.fill(keyEncodings + keyEncodingBytes, 0, stepBytes);
  contentQueries = take(pairVectors(fullKeyDepth));
  positionQueries = take(pairVectors(fullKeyDepth));
}

/** Copies the encodings from `row` on of the tables to those from `offset` on of scratch memory. */
export function copyEncodings(row: i32, offset: i32, count: i32): void {
  const to = at(encodings, offset, encodingBytes);
  copyTable(queryTable, keyDepth, row, to, count);
  copyTable(keyTable, keyDepth, row, to + (queryBytes >> 2), count);
  copyTable(valueTable, valueDepth, row, to + (queryBytes >> 1), count);
}

/** Fills each row up to a multiple of 4 numbers with zeros. */
function copyTable(table: usize, depth: i32, row: i32, to: usize, count: i32): void {
  if (table === 0) return;
  const bytes = <usize>depth << 2;
  let from = at(table, row, bytes);
  for (let offset = 0; offset < count; offset++) {
    let x: usize = 0;
    for (; x < bytes; x += 4) store<f32>(to + x, load<f32>(from + x));
    for (; x & 15; x += 4) store<f32>(to + x, 0);
    from += bytes;
    to += encodingBytes;
  }
}

/** Reads the factors of the selected tasks' heads; 1 where there are none. */
export function loadScales(): void {
  if (scales === 0) {
    contentScale = f32x4.splat(1);
    return;
  }
  contentScale = headValues(scales, heads);
  queryScale = headValues(scales + (heads << 2), heads);
  keyScale = headValues(scales + (heads << 3), heads);
}

/** Each lane's factor of the key-position term, times log2(e). */
export function keyFactor(): v128 {
  return f32x4.mul(keyScale, f32x4.splat(log2e));
}

/** Spreads the key's encodings over the lanes, times a factor. */
export function spreadKeyEncodings(factor: v128): void {
  if (keyTable === 0) return;
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
  const query = at(rows, i * unit + queryRow, rowBytes), next = at(query, unit, rowBytes);
  for (let x: usize = 0; x < queryBytes; x += 16) {
    const q0 = v128.load(query + x), q1 = v128.load(next + x);
    v128.store(contentQueries + x, f32x4.mul(q0, contentFactor));
    v128.store(contentQueries + queryBytes + x, f32x4.mul(q1, contentFactor));
    v128.store(positionQueries + x, f32x4.mul(q0, queryFactor));
    v128.store(positionQueries + queryBytes + x, f32x4.mul(q1, queryFactor));
  }
  if (keyTable !== 0) pairLogitsWithKeys();
  else pairLogitsWithoutKeys();
}

/** The term that sets the logits goes first; the last one finds the greatest. */
function pairLogitsWithKeys(): void {
  const line0 = at(lines, firstKey, 16), line1 = at(lines + lineBytes, secondKey, 16);
  if (queryTable !== 0) {
    dotEncodings(
      positionQueries, queryBytes, at(encodings, offsetIndex, encodingBytes), encodingBytes,
      at(lines, offsetKey, 16), stepToOther(), offsetCount, fullKeyDepth,
    );
  } else {
    memory.fill(line0, 0, <usize>firstCount << 4);
    memory.fill(line1, 0, <usize>secondCount << 4);
  }
  const keys = rows + queryBytes;
  shift0 = shiftOf(addDotKeys(
    contentQueries, at(keys, firstKey, rowBytes), rowBytes, at(keyEncodings, firstIndex, queryBytes), queryBytes,
    line0, firstCount, fullKeyDepth,
  ));
  if (secondCount > 0) {
    shift1 = shiftOf(addDotKeys(
      contentQueries + queryBytes, at(keys, secondKey, rowBytes), rowBytes,
      at(keyEncodings, secondIndex, queryBytes), queryBytes, line1, secondCount, fullKeyDepth,
    ));
  }
  shiftsKnown = true;
}

function pairLogitsWithoutKeys(): void {
  dotRows(
    contentQueries, queryBytes, at(rows, eitherKey, rowBytes) + queryBytes, rowBytes,
    at(lines, eitherKey, 16), lineBytes, eitherCount, fullKeyDepth,
  );
  if (queryTable !== 0) {
    addDotEncodings(
      positionQueries, queryBytes, at(encodings, offsetIndex, encodingBytes), encodingBytes,
      at(lines, offsetKey, 16), stepToOther(), offsetCount, fullKeyDepth,
    );
  }
  shiftsKnown = false;
}

/** The pair's shifts (see exponential.ts), and whether they have been found. */
export let shift0: v128 = f32x4.splat(0), shift1: v128 = f32x4.splat(0);
let shiftsKnown = false;

/** For those who change logits. */
export function forgetShifts(): void {
  shiftsKnown = false;
}

export function findShifts(): void {
  if (shiftsKnown) return;
  shift0 = shiftOf(greatestOf(at(lines, firstKey, 16), firstCount));
  if (secondCount > 0) shift1 = shiftOf(greatestOf(at(lines + lineBytes, secondKey, 16), secondCount));
  shiftsKnown = true;
}

/** From a line's entry to that of the pair's other query at the same offset. */
export function stepToOther(): usize {
  return lineBytes + (<usize>unit << 4);
}
