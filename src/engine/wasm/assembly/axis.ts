/**
 * What all kernels of attention along one axis share: geometry, scratch memory, the rows of one group of four tasks (see
 * lanes.ts), and the windows of one pair of queries (see rows.ts).
 *
 * Letters: O, L, I, N, Dq, Dv as in ../../ops/axial-attention.ts; R = before + 1 + after, the offsets in the window; depths
 * are filled up to multiples of 4. Scratch holds one group, so that the inner loops run from the first two caches and memory
 * grows with L.
 */
import { integerAt, pointerAt } from "./arguments";
import { gather, selectTasks } from "./lanes";

export let outer: i32 = 0, length: i32 = 0, inner: i32 = 0, heads: i32 = 0;
/** Dq and Dv, and the same filled up to multiples of 4. */
export let keyDepth: i32 = 0, valueDepth: i32 = 0, fullKeyDepth: i32 = 0, fullValueDepth: i32 = 0;
/** The window: `offsets` = before + 1 + after. */
export let before: i32 = 0, after: i32 = 0, offsets: i32 = 0;
/** Encodings of all offsets, [2L - 1, depth], 0 where there are none; and each head's factors of the terms, [3, N]. */
export let queryTable: usize = 0, keyTable: usize = 0, valueTable: usize = 0, scales: usize = 0;

/** First row: query, key and value of position 0. The row before it and the row after the last are zero. */
export let rows: usize = 0, rowBytes: usize = 0;
/** Bytes of the query of a row, and of its key; bytes of its value. */
export let queryBytes: usize = 0, valueBytes: usize = 0;
/** Entry of key j: of a pair's first query at lines + 16 j, of its second `lineBytes` further on. */
export let lines: usize = 0, lineBytes: usize = 0;

let qkv: usize = 0;
let free: usize = 0, scratchEnd: usize = 0;

/** Address of an element of `bytes`; the index may be negative. */
// @ts-ignore: decorator
@inline
export function at(start: usize, index: i32, bytes: usize): usize {
  return start + <usize>index * bytes;
}

/** Takes some of the part's scratch memory, whose size ../../ops/axial-attention-kernels.ts works out in the same steps. */
export function take(bytes: usize): usize {
  const start = free;
  free += bytes;
  if (free > scratchEnd) unreachable();
  return start;
}

/**
 * args: qkv, query table, key table, value table (0: none), scales (0 where no logits are computed), scratch, bytes of
 * scratch for each part, O, L, I, N, Dq, Dv, before, after (at most L - 1 each)
 */
export function readAxis(args: usize, part: i32): void {
  qkv = pointerAt(args, 0);
  queryTable = pointerAt(args, 1);
  keyTable = pointerAt(args, 2);
  valueTable = pointerAt(args, 3);
  scales = pointerAt(args, 4);
  const scratchBytes = pointerAt(args, 6);
  free = at(pointerAt(args, 5), part, scratchBytes);
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

  queryBytes = <usize>fullKeyDepth << 4;
  valueBytes = <usize>fullValueDepth << 4;
  rowBytes = 2 * queryBytes + valueBytes;
  rows = take(<usize>(length + 2) * rowBytes) + rowBytes;
  memory.fill(rows - rowBytes, 0, rowBytes);
  memory.fill(at(rows, length, rowBytes), 0, rowBytes);
  lines = takeLines();
}

/** Room for a pair's lines: one entry before the first key, and two after the last. */
export function takeLines(): usize {
  lineBytes = <usize>(length + 4) << 4;
  return take(2 * lineBytes) + 16;
}

/** Groups of four tasks. */
export function groupCount(): i32 {
  return (outer * inner * heads + 3) >> 2;
}

/** Selects the tasks of a group and reads their rows. */
export function loadRows(group: i32): void {
  selectTasks(group << 2, outer, length, inner, heads);
  const channels = 2 * keyDepth + valueDepth;
  if (keyDepth === fullKeyDepth) {
    gather(qkv, channels, 0, channels, 0, length, rows, rowBytes);
  } else {
    gather(qkv, channels, 0, keyDepth, 0, length, rows, rowBytes);
    gather(qkv, channels, keyDepth, keyDepth, 0, length, rows + queryBytes, rowBytes);
    gather(qkv, channels, 2 * keyDepth, valueDepth, 0, length, rows + 2 * queryBytes, rowBytes);
  }
}

/** First and last offset j - i that query i meets. Key L - 1 - i meets the same. */
export function firstOffset(i: i32): i32 {
  return max(-before, -i);
}
export function lastOffset(i: i32): i32 {
  return min(after, length - 1 - i);
}

/** Windows of the pair (i, i + 1): keys of the first, of the second, of either; keys of the first for the offsets of either. */
export let firstKey: i32 = 0, firstCount: i32 = 0;
export let secondKey: i32 = 0, secondCount: i32 = 0;
export let eitherKey: i32 = 0, eitherCount: i32 = 0;
export let offsetKey: i32 = 0, offsetCount: i32 = 0;
/** Which offset, from -before on, `offsetKey` has. */
export let offsetIndex: i32 = 0;

/** Selects queries i and i + 1; after the last of an odd number there is no second, whose line is then all zeros. */
export function selectPair(i: i32): void {
  firstKey = i + firstOffset(i);
  firstCount = i + lastOffset(i) - firstKey + 1;
  eitherKey = firstKey;
  if (i + 1 < length) {
    secondKey = i + 1 + firstOffset(i + 1);
    secondCount = i + 1 + lastOffset(i + 1) - secondKey + 1;
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
