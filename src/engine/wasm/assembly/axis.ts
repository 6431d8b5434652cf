/**
 * What the forward and the backward kernel of axial attention share: geometry, scratch memory, encodings, one group of four
 * tasks (see lanes.ts), and the logits of one pair of queries (see rows.ts).
 *
 * Letters: O, L, I, N, Dq, Dv as in ../../ops/axial-attention.ts; R = before + 1 + after, the offsets in the window; depths
 * are filled up to multiples of 4. Scratch holds one group, so that the inner loops run from the first two caches and memory
 * grows with L: rows [L][2 Dq + Dv] of query, key, value; encodings [R][2 Dq + Dv] of query, key, value; the key's encodings
 * once more, as rows that carry each lane's factor, [R][Dq].
 */
import { integerAt, pointerAt } from "./arguments";
import { constantBytes, log2e, putConstants } from "./exponential";
import { gather, headValues, selectTasks } from "./lanes";
import { addDotEncodings, dotKeys, dotRows } from "./rows";

export let outer: i32 = 0, length: i32 = 0, inner: i32 = 0, heads: i32 = 0;
/** Dq and Dv, and the same filled up to multiples of 4. */
export let keyDepth: i32 = 0, valueDepth: i32 = 0, fullKeyDepth: i32 = 0, fullValueDepth: i32 = 0;
/** The window: `offsets` = before + 1 + after. */
export let before: i32 = 0, after: i32 = 0, offsets: i32 = 0;
/** Which of the position terms there are. */
export let hasQueryTerm: bool = false, hasKeyTerm: bool = false, hasValueTerm: bool = false;

let qkv: usize = 0, scales: usize = 0;
let free: usize = 0, scratchEnd: usize = 0;

/** Of exponential.ts. */
export let constants: usize = 0;
/** First encoding, of offset -before: query's, key's and value's, then those of the next offset. */
export let encodings: usize = 0, encodingBytes: usize = 0;
/** The key's encodings as rows, times log2(e) and each lane's factor. */
export let keyEncodings: usize = 0, keyEncodingBytes: usize = 0;
/** First row: query, key and value of position 0. */
export let rows: usize = 0, rowBytes: usize = 0;
/** Entry of key j: of a pair's first query at lines + 16 j, of its second `lineBytes` further on. */
export let lines: usize = 0, lineBytes: usize = 0;
/** The pair's queries, times log2(e) and each lane's factor of the content and of the query-position term. */
export let contentQueries: usize = 0, positionQueries: usize = 0, queryBytes: usize = 0;
/** Each lane's factors of the three terms. */
export let contentScale: v128 = f32x4.splat(0), queryScale: v128 = f32x4.splat(0), keyScale: v128 = f32x4.splat(0);

/** Address of an element of `bytes`; the index may be negative. */
// @ts-ignore: decorator
@inline
export function at(start: usize, index: i32, bytes: usize): usize {
  return start + <usize>index * bytes;
}

/** Takes a part's scratch memory, a multiple of 16 bytes at a time; the sizes are repeated in ../../ops/axial-attention.ts. */
export function take(bytes: usize): usize {
  const start = free;
  free += bytes;
  if (free > scratchEnd) unreachable();
  return start;
}

/**
 * args: qkv, query table, key table, value table (0: none), scales, scratch, bytes of scratch for each part, O, L, I, N, Dq,
 * Dv, before, after (at most L - 1 each)
 */
export function readAxis(args: usize, part: i32): void {
  qkv = pointerAt(args, 0);
  const queryTable = pointerAt(args, 1), keyTable = pointerAt(args, 2), valueTable = pointerAt(args, 3);
  hasQueryTerm = queryTable !== 0;
  hasKeyTerm = keyTable !== 0;
  hasValueTerm = valueTable !== 0;
  scales = pointerAt(args, 4);
  const scratchBytes = pointerAt(args, 6);
  free = pointerAt(args, 5) + <usize>part * scratchBytes;
  scratchEnd = free + scratchBytes;
  outer = integerAt(args, 7);
  length = integerAt(args, 8);
  inner = integerAt(args, 9);
  heads = integerAt(args, 10);
  keyDepth = integerAt(args, 11);
  valueDepth = integerAt(args, 12);
  before = integerAt(args, 13);
  after = integerAt(args, 14);
  fullKeyDepth = (keyDepth + 3) & ~3;
  fullValueDepth = (valueDepth + 3) & ~3;
  offsets = before + 1 + after;

  constants = take(constantBytes);
  putConstants(constants);
  const depth = <usize>(2 * fullKeyDepth + fullValueDepth);
  encodingBytes = depth << 2;
  encodings = take(<usize>offsets * encodingBytes);
  copyTable(queryTable, keyDepth, encodings);
  copyTable(keyTable, keyDepth, encodings + (fullKeyDepth << 2));
  copyTable(valueTable, valueDepth, encodings + (fullKeyDepth << 3));
  keyEncodingBytes = <usize>fullKeyDepth << 4;
  keyEncodings = take(<usize>offsets * keyEncodingBytes);
  // One row of zeros before and one after: a pair reads its keys one place too far, with weight zero.
  rowBytes = depth << 4;
  rows = take(<usize>(length + 2) * rowBytes) + rowBytes;
  memory.fill(rows - rowBytes, 0, rowBytes);
  memory.fill(at(rows, length, rowBytes), 0, rowBytes);
  lineBytes = <usize>(length + 4) << 4;
  lines = take(2 * lineBytes) + 16;
  queryBytes = <usize>fullKeyDepth << 4;
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

/** Groups of four tasks. */
export function groupCount(): i32 {
  return (outer * inner * heads + 3) >> 2;
}

export function loadGroup(group: i32): void {
  selectTasks(group << 2, outer, length, inner, heads);
  contentScale = headValues(scales, heads);
  queryScale = headValues(scales + (heads << 2), heads);
  keyScale = headValues(scales + (heads << 3), heads);
  const channels = 2 * keyDepth + valueDepth;
  if (keyDepth === fullKeyDepth) {
    gather(qkv, channels, 0, channels, 0, length, rows, rowBytes);
  } else {
    gather(qkv, channels, 0, keyDepth, 0, length, rows, rowBytes);
    gather(qkv, channels, keyDepth, keyDepth, 0, length, rows + queryBytes, rowBytes);
    gather(qkv, channels, 2 * keyDepth, valueDepth, 0, length, rows + 2 * queryBytes, rowBytes);
  }
  if (hasKeyTerm) {
    const scale = f32x4.mul(keyScale, f32x4.splat(log2e));
    let from = encodings + (fullKeyDepth << 2), to = keyEncodings;
    for (let offset = 0; offset < offsets; offset++) {
      for (let d: usize = 0; d < <usize>fullKeyDepth << 2; d += 4) {
        v128.store(to + (d << 2), f32x4.mul(scale, v128.load32_splat(from + d)));
      }
      from += encodingBytes;
      to += keyEncodingBytes;
    }
  }
}

/** Windows of the pair (i, i + 1): keys of the first, of the second, of either; keys of the first for the offsets of either. */
export let firstKey: i32 = 0, firstCount: i32 = 0;
export let secondKey: i32 = 0, secondCount: i32 = 0;
export let eitherKey: i32 = 0, eitherCount: i32 = 0;
export let offsetKey: i32 = 0, offsetCount: i32 = 0;
/** That encoding, row of key encodings or sum by offset belongs to `offsetKey`. */
export let offsetIndex: i32 = 0;

/** Selects queries i and i + 1; after the last of an odd number there is no second, whose line is then all zeros. */
export function selectPair(i: i32): void {
  firstKey = max(0, i - before);
  firstCount = min(length - 1, i + after) - firstKey + 1;
  eitherKey = firstKey;
  if (i + 1 < length) {
    secondKey = max(0, i + 1 - before);
    secondCount = min(length - 1, i + 1 + after) - secondKey + 1;
    eitherCount = secondKey + secondCount - eitherKey;
    offsetKey = secondKey - 1;
  } else {
    secondKey = firstKey;
    secondCount = 0;
    eitherCount = firstCount;
    offsetKey = firstKey;
  }
  offsetCount = firstKey + firstCount - offsetKey;
  offsetIndex = offsetKey - i + before;
}

/** Logits of the selected pair, in base 2, to its lines. */
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
  const lines1 = lines + lineBytes;
  if (hasKeyTerm) {
    dotKeys(
      contentQueries, at(keys, firstKey, rowBytes), rowBytes,
      at(keyEncodings, firstKey - i + before, keyEncodingBytes), keyEncodingBytes,
      at(lines, firstKey, 16), firstCount, fullKeyDepth,
    );
    if (secondCount > 0) {
      dotKeys(
        contentQueries + queryBytes, at(keys, secondKey, rowBytes), rowBytes,
        at(keyEncodings, secondKey - i - 1 + before, keyEncodingBytes), keyEncodingBytes,
        at(lines1, secondKey, 16), secondCount, fullKeyDepth,
      );
    }
  } else {
    dotRows(
      contentQueries, queryBytes, at(keys, eitherKey, rowBytes), rowBytes,
      at(lines, eitherKey, 16), lineBytes, eitherCount, fullKeyDepth,
    );
  }
  if (hasQueryTerm) {
    addDotEncodings(
      positionQueries, queryBytes, at(encodings, offsetIndex, encodingBytes), encodingBytes,
      at(lines, offsetKey, 16), lineBytes + 16, offsetCount, fullKeyDepth,
    );
  }
}
