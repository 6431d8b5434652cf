/**
 * What the kernels of attention in a window share: geometry, scratch memory, the rows of one group of four tasks (see
 * lanes.ts), and the windows of one pair of queries (see rows.ts).
 *
 * A window goes along an axis of L steps, each of which holds one row. Of the window in an image (local-attention.ts),
 * a step is a column of as many rows as the window is high, so that the rows in any window again lie one after the
 * other.
 *
 * Letters: O, L, I, N, Dq, Dv as in ../../ops/axial-attention.ts; depths are filled up to multiples of 4. Scratch holds
 * one group, so that the inner loops run from the first two caches and memory grows with L.
 */
import { bandVectors, lineVectors, rowVectors } from "../attention-scratch";
import { gather, scatter, selectTasks } from "./lanes";
import { axisArgs, scratchLeftArgs } from "./slots";

/** Of images: B, W, 1, and `height`, which is 1 otherwise. */
export let outer: i32 = 0, length: i32 = 0, inner: i32 = 0, heads: i32 = 0, height: i32 = 1;
/** Dq and Dv, and the same filled up to multiples of 4. */
export let keyDepth: i32 = 0, valueDepth: i32 = 0, fullKeyDepth: i32 = 0, fullValueDepth: i32 = 0;
/** The window in steps, and rows in a step; `offsets` of a row in the window: (before + 1 + after) * unit. */
export let before: i32 = 0, after: i32 = 0, unit: i32 = 1, offsets: i32 = 0;
/** Encodings by offset, [any, depth], 0 where there are none; and each head's factors of the terms, [3, N]. */
export let queryTable: usize = 0, keyTable: usize = 0, valueTable: usize = 0, scales: usize = 0;

/** First row: query, key and value of position 0. The step before it and the step after the last are zero. */
export let rows: usize = 0, rowBytes: usize = 0;
/** Bytes of the query of a row, and of its key; bytes of its value. */
export let queryBytes: usize = 0, valueBytes: usize = 0;
/** Entry of row j: of a pair's first query at lines + 16 j, of its second `lineBytes` further on. */
export let lines: usize = 0, lineBytes: usize = 0;
/** Which row of its step a query is. */
export let queryRow: i32 = 0;

let qkv: usize = 0;
let free: usize = 0, scratchEnd: usize = 0;

/** Address of an element of `bytes`; the index may be negative. */
// @ts-ignore: decorator
@inline
export function at(start: usize, index: i32, bytes: usize): usize {
  return start + <usize>index * bytes;
}

/** Takes so many vectors of the part's scratch memory; ../attention-scratch.ts says how many, and all in all. */
export function take(vectors: i32): usize {
  const start = free;
  free += bytesOf(vectors);
  if (free > scratchEnd) unreachable();
  return start;
}

// @ts-ignore: decorator
@inline
export function bytesOf(vectors: i32): usize {
  return <usize>vectors << 4;
}

/** What is worked out on the other side is right if less than a cache line is left. */
export function scratchLeft(args: usize, part: i32, parts: i32): void {
  store<f64>(scratchLeftArgs.bytes(args), <f64>(scratchEnd - free));
}

export function readAxis(args: usize, part: i32): void {
  readArguments(args, part);
  layOut(1);
}

function readArguments(args: usize, part: i32): void {
  qkv = axisArgs.qkv(args);
  queryTable = axisArgs.queryTable(args);
  keyTable = axisArgs.keyTable(args);
  valueTable = axisArgs.valueTable(args);
  scales = axisArgs.scales(args);
  const scratchBytes = axisArgs.scratchBytes(args);
  free = at(axisArgs.scratch(args), part, scratchBytes);
  scratchEnd = free + scratchBytes;
  outer = axisArgs.outer(args);
  length = axisArgs.length(args);
  inner = axisArgs.inner(args);
  height = 1;
  heads = axisArgs.heads(args);
  keyDepth = axisArgs.keyDepth(args);
  valueDepth = axisArgs.valueDepth(args);
  before = axisArgs.before(args);
  after = axisArgs.after(args);
}

/**
 * For a window in images: B images of H x W. As `readAxis`, but for B, H, W in the place of O, L, I, and a window of
 * any size.
 */
export function readImages(args: usize, part: i32): void {
  readArguments(args, part);
  height = length;
  length = inner;
  inner = 1;
  layOut(before + 1 + after);
}

/** Lays out scratch memory for steps of so many rows. */
function layOut(rowsOfStep: i32): void {
  unit = rowsOfStep;
  queryRow = 0;
  fullKeyDepth = (keyDepth + 3) & ~3;
  fullValueDepth = (valueDepth + 3) & ~3;
  offsets = (before + 1 + after) * unit;
  queryBytes = <usize>fullKeyDepth << 4;
  valueBytes = <usize>fullValueDepth << 4;
  rowBytes = rowBytesOf(queryBytes, valueBytes);
  const stepBytes = <usize>unit * rowBytes;
  rows = take(bandVectors(length, unit, <i32>(rowBytes >> 4))) + stepBytes;
  memory.fill(rows - stepBytes, 0, stepBytes);
  memory.fill(at(rows, length, stepBytes), 0, stepBytes);
  lines = takeLines();
}

/** Bytes from a row to the next, of so many of its query and its value. */
export function rowBytesOf(ofQuery: usize, ofValue: usize): usize {
  return bytesOf(rowVectors(<i32>(ofQuery >> 4), <i32>(ofValue >> 4)));
}

export function selectQueryRow(row: i32): void {
  queryRow = row;
}

/** Room for a pair's lines, from the first row on. */
export function takeLines(): usize {
  const ofOne = lineVectors(length, unit);
  lineBytes = bytesOf(ofOne);
  return take(2 * ofOne) + bytesOf(unit);
}

/** Groups of four tasks. */
export function groupCount(): i32 {
  return (outer * inner * heads + 3) >> 2;
}

/** Selects the tasks of a group. */
export function selectGroup(group: i32): void {
  selectTasks(group << 2, outer, height * length, inner, heads);
}

/** Selects the tasks of a group and reads all their rows. */
export function loadRows(group: i32): void {
  selectGroup(group);
  readRows(0, length, rows, rowBytes);
}

/** The same without the values. */
export function loadQueriesAndKeys(group: i32): void {
  selectGroup(group);
  readQueriesAndKeys(qkv, rows);
}

/** Reads the queries and keys of all positions of a tensor of the shape of qkv. */
export function readQueriesAndKeys(tensor: usize, to: usize): void {
  const channels = 2 * keyDepth + valueDepth;
  if (keyDepth === fullKeyDepth) {
    gather(tensor, channels, 0, 2 * keyDepth, 0, length, to, rowBytes);
  } else {
    gather(tensor, channels, 0, keyDepth, 0, length, to, rowBytes);
    gather(tensor, channels, keyDepth, keyDepth, 0, length, to + queryBytes, rowBytes);
  }
}

/** Reads `count` positions of qkv from `first` on to rows that are `stride` bytes apart. */
export function readRows(first: i32, count: i32, to: usize, stride: usize): void {
  readRowsOf(qkv, first, count, to, stride);
}

/** The same of a tensor of the shape of qkv. */
export function readRowsOf(tensor: usize, first: i32, count: i32, to: usize, stride: usize): void {
  const channels = 2 * keyDepth + valueDepth;
  if (keyDepth === fullKeyDepth) {
    gather(tensor, channels, 0, channels, first, count, to, stride);
  } else {
    gather(tensor, channels, 0, keyDepth, first, count, to, stride);
    gather(tensor, channels, keyDepth, keyDepth, first, count, to + queryBytes, stride);
    gather(tensor, channels, 2 * keyDepth, valueDepth, first, count, to + 2 * queryBytes, stride);
  }
}

/** Writes rows to a tensor of the shape of qkv: the reverse of `readRows`. */
export function writeRows(tensor: usize, first: i32, count: i32, from: usize, stride: usize): void {
  const channels = 2 * keyDepth + valueDepth;
  if (keyDepth === fullKeyDepth) {
    scatter(tensor, channels, 0, channels, first, count, from, stride);
  } else {
    scatter(tensor, channels, 0, keyDepth, first, count, from, stride);
    scatter(tensor, channels, keyDepth, keyDepth, first, count, from + queryBytes, stride);
    scatter(tensor, channels, 2 * keyDepth, valueDepth, first, count, from + 2 * queryBytes, stride);
  }
}

/** First and last offset, in steps, that query i meets. Key L - 1 - i meets the same. */
export function firstOffset(i: i32): i32 {
  return max(-before, -i);
}
export function lastOffset(i: i32): i32 {
  return min(after, length - 1 - i);
}

/**
 * Windows of the pair (i, i + 1): rows of the first, of the second, of either; rows of the first for the offsets of
 * either.
 */
export let firstKey: i32 = 0, firstCount: i32 = 0;
export let secondKey: i32 = 0, secondCount: i32 = 0;
export let eitherKey: i32 = 0, eitherCount: i32 = 0;
export let offsetKey: i32 = 0, offsetCount: i32 = 0;
/**
 * Offsets, counted from the first in the window, of the first query to its first row, of the second, and to
 * `offsetKey`.
 */
export let firstIndex: i32 = 0, secondIndex: i32 = 0, offsetIndex: i32 = 0;

/** Selects queries i and i + 1; after the last of an odd number there is no second, whose line is then all zeros. */
export function selectPair(i: i32): void {
  firstIndex = (firstOffset(i) + before) * unit;
  firstKey = (i + firstOffset(i)) * unit;
  firstCount = (lastOffset(i) - firstOffset(i) + 1) * unit;
  eitherKey = firstKey;
  if (i + 1 < length) {
    secondIndex = (firstOffset(i + 1) + before) * unit;
    secondKey = (i + 1 + firstOffset(i + 1)) * unit;
    secondCount = (lastOffset(i + 1) - firstOffset(i + 1) + 1) * unit;
    eitherCount = secondKey + secondCount - eitherKey;
    offsetIndex = secondIndex;
    offsetKey = secondKey - unit;
  } else {
    secondIndex = firstIndex;
    secondKey = firstKey;
    secondCount = 0;
    eitherCount = firstCount;
    offsetIndex = firstIndex;
    offsetKey = firstKey;
  }
  offsetCount = firstKey + firstCount - offsetKey;
}

/**
 * Zeroes a line's entries in the steps just before and just after a window, which the other query of the pair may read.
 */
export function clearAround(line: usize, first: i32, count: i32): void {
  const zero = f32x4.splat(0);
  const start = at(line, first, 16), end = at(line, first + count, 16), bytes = <usize>unit << 4;
  for (let x: usize = 0; x < bytes; x += 16) {
    v128.store(start - bytes + x, zero);
    v128.store(end + x, zero);
  }
}

/** Zeroes the line of a second query that there is not. */
export function clearSecond(line: usize): void {
  memory.fill(at(line, firstKey, 16), 0, <usize>(firstCount + unit) << 4);
}
