/**
 * localSimilarityStatistics and its gradient: mean and biased variance of each logit term and head over all pairs whose key
 * lies in the window and in the image. Equals `composedLocalSimilarityStatistics` of src/functions/local-attention.ts.
 *
 * The products are formed a pair of queries at a time. Entries of a line for image rows that there are not are made to count
 * for nothing: equal to another product for the moments, zero for the gradient.
 */
import { integerAt, pointerAt, shareStart } from "./arguments";
import {
  after, at, before, eitherCount, eitherKey, firstCount, firstIndex, firstKey, fullKeyDepth, groupCount, height, keyTable,
  length, lineBytes, lines, offsetCount, offsetIndex, offsetKey, offsets, queryBytes, queryRow, queryTable, readImages,
  readRowsOf, rowBytes, rows, secondCount, secondIndex, secondKey, selectGroup, selectPair, take, unit, writeRows,
} from "./axis";
import { clearImageRow, columnBytes, fillOutside, loadImageRow, ringRow, selectImageRow } from "./image-band";
import { ownLanes } from "./lanes";
import {
  contentQueries, encodingBytes, encodings, keyEncodings, positionQueries, prepareLogits, stepToOther,
} from "./logits";
import {
  addDotKeys, addKeysByOffset, addToKeys, addToRows, dotEncodings, dotRows, moveRows, retrieveEncodings, retrieveRows,
} from "./rows";
import { madd } from "./simd";
import { coefficient, loadCoefficients, prepareCoefficients } from "./similarity-coefficients";
import { addMomentsToHeads, addProducts, clearMoments, prepareMoments } from "./similarity-moments";

/** args: those of `readImages`, then the parts' sums and the bytes of one part's: [3 terms][3 moments][N] of float64 */
export function localSimilarityStatistics(args: usize, part: i32, parts: i32): void {
  readImages(args, part);
  prepareMoments(at(pointerAt(args, 15), part, pointerAt(args, 16)));
  prepareProducts();
  const imageRows = groupCount() * height;
  const start = shareStart(imageRows, part, parts), end = shareStart(imageRows, part + 1, parts);
  for (let row = start; row < end; row++) {
    const y = row % height;
    if (row === start || y === 0) {
      selectGroup(row / height);
      clearMoments();
      for (let other = y - before; other < y + after; other++) loadImageRow(other);
    }
    loadImageRow(y + after);
    selectImageRow(y, f32x4.splat(1));
    for (let x = 0; x < length; x += 2) {
      selectPair(x);
      contentProducts(x);
      addLines(0, y);
      if (queryTable !== 0) {
        positionProducts(x);
        addLines(1, y);
      }
      if (keyTable !== 0) {
        keyProducts();
        addLines(2, y);
      }
    }
    if (y === height - 1 || row === end - 1) addMomentsToHeads();
  }
}

/** Takes scratch memory; the queries of a pair, which `prepareLogits` makes room for, stay zero here. */
function prepareProducts(): void {
  prepareLogits();
  memory.fill(contentQueries, 0, 2 * queryBytes);
}

/** Query i of the selected pair. */
function queryAt(i: i32): usize {
  return at(rows, i * unit + queryRow, rowBytes);
}

function contentProducts(i: i32): void {
  dotRows(
    queryAt(i), columnBytes(), at(rows, eitherKey, rowBytes) + queryBytes, rowBytes, at(lines, eitherKey, 16), lineBytes,
    eitherCount, fullKeyDepth,
  );
}

function positionProducts(i: i32): void {
  dotEncodings(
    queryAt(i), columnBytes(), at(encodings, offsetIndex, encodingBytes), encodingBytes, at(lines, offsetKey, 16),
    stepToOther(), offsetCount, fullKeyDepth,
  );
}

function keyProducts(): void {
  const keys = rows + queryBytes;
  const line0 = at(lines, firstKey, 16), line1 = at(lines + lineBytes, secondKey, 16);
  memory.fill(line0, 0, <usize>firstCount << 4);
  memory.fill(line1, 0, <usize>secondCount << 4);
  addDotKeys(
    contentQueries, at(keys, firstKey, rowBytes), rowBytes, at(keyEncodings, firstIndex, queryBytes), queryBytes,
    line0, firstCount, fullKeyDepth,
  );
  addDotKeys(
    contentQueries, at(keys, secondKey, rowBytes), rowBytes, at(keyEncodings, secondIndex, queryBytes), queryBytes,
    line1, secondCount, fullKeyDepth,
  );
}

/** Adds the moments of the pair's products. */
function addLines(term: i32, y: i32): void {
  addLine(term, y, lines, firstKey, firstCount);
  if (secondCount > 0) addLine(term, y, lines + lineBytes, secondKey, secondCount);
}

function addLine(term: i32, y: i32, line: usize, first: i32, count: i32): void {
  const own = v128.load(at(line, first + queryRow, 16)); // the query's own row is in the image
  fillOutside(y, line, first, count, own);
  const imageRows = min(height - 1, y + after) - max(0, y - before) + 1;
  addProducts(term, at(line, first, 16), count, count / unit * imageRows, own);
}

let slopes: usize = 0, qkvSlope: usize = 0;
/** Sums by offset of the image row, and the part's. */
let sums: usize = 0, partSums: usize = 0;
/** Of a pair: gradients by the queries. */
let pairSlopes: usize = 0;

/**
 * args: those of `readImages`, then mean, its gradient and that by the variance, [3, N] each, the gradient by qkv, whether to add
 * to what it holds, the parts' sums and the bytes of one part's: offsets rows of [2 Dq + Dv][4 lanes]
 */
export function localSimilarityStatisticsGradient(args: usize, part: i32, parts: i32): void {
  readImages(args, part);
  prepareCoefficients(args, 15);
  prepareProducts();
  qkvSlope = pointerAt(args, 18);
  const adds = integerAt(args, 19) !== 0;
  const sumBytes = <usize>offsets * rowBytes;
  partSums = at(pointerAt(args, 20), part, pointerAt(args, 21));
  memory.fill(partSums, 0, sumBytes);
  sums = take(sumBytes);
  memory.fill(sums, 0, sumBytes);
  slopes = take(<usize>(length * unit) * rowBytes);
  pairSlopes = take(2 * queryBytes);
  const end = shareStart(groupCount(), part + 1, parts);
  for (let group = shareStart(groupCount(), part, parts); group < end; group++) {
    selectGroup(group);
    loadCoefficients();
    memory.fill(slopes, 0, <usize>(length * unit) * rowBytes);
    for (let other = -before; other < after; other++) loadImageRow(other);
    for (let y = 0; y < height; y++) {
      loadImageRow(y + after);
      selectImageRow(y, f32x4.splat(1));
      for (let x = 0; x < length; x += 2) {
        selectPair(x);
        contentGradient(x, y);
        if (queryTable !== 0) queryGradient(x, y);
        if (keyTable !== 0) keyGradient(y);
      }
      flushWindow(y);
      if (y >= before) finishImageRow(y - before, adds);
    }
    for (let y = max(0, height - before); y < height; y++) finishImageRow(y, adds);
  }
}

function contentGradient(i: i32, y: i32): void {
  const one = f32x4.splat(1), keys = at(rows, eitherKey, rowBytes) + queryBytes, either = at(lines, eitherKey, 16);
  contentProducts(i);
  toSlopes(0, y, lines, eitherKey, eitherCount, firstKey, firstCount);
  toSlopes(0, y, lines + lineBytes, eitherKey, eitherCount, secondKey, secondCount);
  retrieveRows(keys, rowBytes, either, lineBytes, eitherCount, fullKeyDepth, pairSlopes, queryBytes, one, one);
  addToQueries(i);
  addToRows(
    queryAt(i), columnBytes(), either, lineBytes, at(slopes, eitherKey, rowBytes) + queryBytes, rowBytes, eitherCount,
    fullKeyDepth,
  );
}

function queryGradient(i: i32, y: i32): void {
  const one = f32x4.splat(1), line = at(lines, offsetKey, 16);
  positionProducts(i);
  toSlopes(1, y, lines, offsetKey, offsetCount, firstKey, firstCount);
  toSlopes(1, y, lines + lineBytes, offsetKey + unit, offsetCount, secondKey, secondCount);
  retrieveEncodings(
    at(encodings, offsetIndex, encodingBytes), encodingBytes, line, stepToOther(), offsetCount, fullKeyDepth,
    pairSlopes, queryBytes, one, one,
  );
  addToQueries(i);
  addToRows(
    queryAt(i), columnBytes(), line, stepToOther(), at(sums, offsetIndex, rowBytes), rowBytes, offsetCount, fullKeyDepth,
  );
}

function keyGradient(y: i32): void {
  keyProducts();
  // All the entries that either loop below reads: of the windows of both, and at the offsets of both.
  toSlopes(2, y, lines, offsetKey, eitherKey + eitherCount - offsetKey, firstKey, firstCount);
  toSlopes(2, y, lines + lineBytes, eitherKey, firstCount + unit, secondKey, secondCount);
  addToKeys(
    contentQueries, queryBytes, at(keyEncodings, firstIndex, queryBytes), queryBytes, <usize>unit * queryBytes,
    at(lines, eitherKey, 16), lineBytes, at(slopes, eitherKey, rowBytes) + queryBytes, rowBytes, eitherCount, fullKeyDepth,
  );
  addKeysByOffset(
    at(rows, offsetKey, rowBytes) + queryBytes, rowBytes, columnBytes(), at(lines, offsetKey, 16), stepToOther(),
    at(sums, offsetIndex, rowBytes) + queryBytes, rowBytes, offsetCount, fullKeyDepth,
  );
}

/** Turns the products x of a query into a + b x, and the line's other entries from `start` on, `all` of them, into zero. */
function toSlopes(term: i32, y: i32, line: usize, start: i32, all: i32, first: i32, count: i32): void {
  const a = coefficient(term, 0), b = coefficient(term, 1), zero = f32x4.splat(0);
  for (let entry = start; entry < first; entry++) v128.store(at(line, entry, 16), zero);
  for (let entry = first + count; entry < start + all; entry++) v128.store(at(line, entry, 16), zero);
  const end = at(line, first + count, 16);
  for (let p = at(line, first, 16); p < end; p += 16) v128.store(p, madd(b, v128.load(p), a));
  fillOutside(y, line, first, count, zero);
}

/** Adds the pair's gradients to those by queries i and i + 1. */
function addToQueries(i: i32): void {
  const queries = min(2, length - i);
  for (let query = 0; query < queries; query++) {
    const to = at(slopes, (i + query) * unit + queryRow, rowBytes), from = at(pairSlopes, query, queryBytes);
    for (let x: usize = 0; x < queryBytes; x += 16) {
      v128.store(to + x, f32x4.add(v128.load(to + x), v128.load(from + x)));
    }
  }
}

function flushWindow(y: i32): void {
  const own = ownLanes();
  for (let offset = 0; offset < unit; offset++) {
    const row = ringRow(y + offset - before);
    for (let column = 0; column < unit; column++) {
      const from = at(sums, column * unit + row, rowBytes), to = at(partSums, offset * unit + column, rowBytes);
      moveRows(from, to, rowBytes, 1, 2 * fullKeyDepth, own);
    }
  }
}

function finishImageRow(y: i32, adds: bool): void {
  const from = at(slopes, ringRow(y), rowBytes);
  if (adds) addEarlier(y, from);
  writeRows(qkvSlope, y * length, length, from, columnBytes());
  clearImageRow(slopes, y);
}

/** Adds what the tensor holds, by way of the zero column after the last. */
function addEarlier(y: i32, to: usize): void {
  const spare = at(rows, length * unit, rowBytes);
  for (let x = 0; x < length; x++) {
    readRowsOf(qkvSlope, y * length + x, 1, spare, rowBytes);
    for (let d: usize = 0; d < rowBytes; d += 16) {
      v128.store(to + d, f32x4.add(v128.load(to + d), v128.load(spare + d)));
    }
    to += columnBytes();
  }
  memory.fill(spare, 0, rowBytes);
}
