/**
 * localSimilarityStatisticsGrad: from gradients with respect to mean and variance to those of queries, keys and
 * encodings. The products are formed anew; a line's entries for image rows that there are not are made zero.
 */
import { pairVectors, rowsVectors } from "../attention-scratch";
import { shareStart } from "./arguments";
import {
  after, at, before, eitherCount, eitherKey, firstCount, firstIndex, firstKey, fullKeyDepth, groupCount, height,
  keyTable, length, lineBytes, lines, offsetCount, offsetIndex, offsetKey, offsets, queryBytes, queryRow, queryTable,
  readImages, readRowsOf, rowBytes, rows, secondCount, secondKey, selectGroup, selectPair, take, unit, writeRows,
} from "./axis";
import { clearImageRow, columnBytes, fillOutside, loadImageRow, ringRow, selectImageRow } from "./image-band";
import { ownLanes } from "./lanes";
import { contentQueries, encodingBytes, encodings, keyEncodings, stepToOther } from "./logits";
import { addKeysByOffset, addToKeys, addToRows, moveRows, retrieveEncodings, retrieveRows } from "./rows";
import { madd } from "./simd";
import { coefficient, loadCoefficients, prepareCoefficients } from "./similarity-coefficients";
import {
  contentProducts, keyProducts, positionProducts, prepareProducts, queryAt,
} from "./local-similarity-statistics";
import { localSimilarityStatisticsGradArgs } from "./slots";

let dRows: usize = 0, dQkv: usize = 0;
/** Sums by offset of the image row, and the part's. */
let sums: usize = 0, partSums: usize = 0;
/** Of a pair: gradients with respect to the queries. */
let dPair: usize = 0;

export function localSimilarityStatisticsGrad(args: usize, part: i32, parts: i32): void {
  readImages(args, part);
  prepareCoefficients(
    localSimilarityStatisticsGradArgs.mean(args), localSimilarityStatisticsGradArgs.dMean(args), localSimilarityStatisticsGradArgs.dVariance(args),
  );
  prepareProducts();
  dQkv = localSimilarityStatisticsGradArgs.dQkv(args);
  const adds = localSimilarityStatisticsGradArgs.adds(args);
  const sumBytes = <usize>offsets * rowBytes;
  partSums = at(localSimilarityStatisticsGradArgs.sums(args), part, localSimilarityStatisticsGradArgs.sumBytes(args));
  memory.fill(partSums, 0, sumBytes);
  sums = take(rowsVectors(offsets, <i32>(rowBytes >> 4)));
  memory.fill(sums, 0, sumBytes);
  dRows = take(rowsVectors(length * unit, <i32>(rowBytes >> 4)));
  dPair = take(pairVectors(fullKeyDepth));
  const end = shareStart(groupCount(), part + 1, parts);
  for (let group = shareStart(groupCount(), part, parts); group < end; group++) {
    selectGroup(group);
    loadCoefficients();
    memory.fill(dRows, 0, <usize>(length * unit) * rowBytes);
    for (let other = -before; other < after; other++) loadImageRow(other);
    for (let y = 0; y < height; y++) {
      loadImageRow(y + after);
      selectImageRow(y, f32x4.splat(1));
      for (let x = 0; x < length; x += 2) {
        selectPair(x);
        contentGrad(x, y);
        if (queryTable !== 0) queryGrad(x, y);
        if (keyTable !== 0) keyGrad(y);
      }
      flushWindow(y);
      if (y >= before) finishImageRow(y - before, adds);
    }
    for (let y = max(0, height - before); y < height; y++) finishImageRow(y, adds);
  }
}

function contentGrad(i: i32, y: i32): void {
  const one = f32x4.splat(1), keys = at(rows, eitherKey, rowBytes) + queryBytes, either = at(lines, eitherKey, 16);
  contentProducts(i);
  toGrads(0, y, lines, eitherKey, eitherCount, firstKey, firstCount);
  toGrads(0, y, lines + lineBytes, eitherKey, eitherCount, secondKey, secondCount);
  retrieveRows(keys, rowBytes, either, lineBytes, eitherCount, fullKeyDepth, dPair, queryBytes, one, one);
  addToQueries(i);
  addToRows(
    queryAt(i), columnBytes(), either, lineBytes, at(dRows, eitherKey, rowBytes) + queryBytes, rowBytes, eitherCount,
    fullKeyDepth,
  );
}

function queryGrad(i: i32, y: i32): void {
  const one = f32x4.splat(1), line = at(lines, offsetKey, 16);
  positionProducts(i);
  toGrads(1, y, lines, offsetKey, offsetCount, firstKey, firstCount);
  toGrads(1, y, lines + lineBytes, offsetKey + unit, offsetCount, secondKey, secondCount);
  retrieveEncodings(
    at(encodings, offsetIndex, encodingBytes), encodingBytes, line, stepToOther(), offsetCount, fullKeyDepth,
    dPair, queryBytes, one, one,
  );
  addToQueries(i);
  addToRows(
    queryAt(i), columnBytes(), line, stepToOther(), at(sums, offsetIndex, rowBytes), rowBytes, offsetCount, fullKeyDepth,
  );
}

function keyGrad(y: i32): void {
  keyProducts();
  // All the entries that either loop below reads: of the windows of both, and at the offsets of both.
  toGrads(2, y, lines, offsetKey, eitherKey + eitherCount - offsetKey, firstKey, firstCount);
  toGrads(2, y, lines + lineBytes, eitherKey, firstCount + unit, secondKey, secondCount);
  addToKeys(
    contentQueries, queryBytes, at(keyEncodings, firstIndex, queryBytes), queryBytes, <usize>unit * queryBytes,
    at(lines, eitherKey, 16), lineBytes, at(dRows, eitherKey, rowBytes) + queryBytes, rowBytes, eitherCount, fullKeyDepth,
  );
  addKeysByOffset(
    at(rows, offsetKey, rowBytes) + queryBytes, rowBytes, columnBytes(), at(lines, offsetKey, 16), stepToOther(),
    at(sums, offsetIndex, rowBytes) + queryBytes, rowBytes, offsetCount, fullKeyDepth,
  );
}

/**
 * Turns the products x of a query into a + b x, and the line's other entries from `start` on, `all` of them, into zero.
 */
function toGrads(term: i32, y: i32, line: usize, start: i32, all: i32, first: i32, count: i32): void {
  const a = coefficient(term, 0), b = coefficient(term, 1), zero = f32x4.splat(0);
  for (let entry = start; entry < first; entry++) v128.store(at(line, entry, 16), zero);
  for (let entry = first + count; entry < start + all; entry++) v128.store(at(line, entry, 16), zero);
  const end = at(line, first + count, 16);
  for (let p = at(line, first, 16); p < end; p += 16) v128.store(p, madd(b, v128.load(p), a));
  fillOutside(y, line, first, count, zero);
}

/** Adds the pair's gradients to those of queries i and i + 1. */
function addToQueries(i: i32): void {
  const queries = min(2, length - i);
  for (let query = 0; query < queries; query++) {
    const to = at(dRows, (i + query) * unit + queryRow, rowBytes), from = at(dPair, query, queryBytes);
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
  const from = at(dRows, ringRow(y), rowBytes);
  if (adds) addEarlier(y, from);
  writeRows(dQkv, y * length, length, from, columnBytes());
  clearImageRow(dRows, y);
}

/** Adds what the tensor holds, by way of the zero column after the last. */
function addEarlier(y: i32, to: usize): void {
  const spare = at(rows, length * unit, rowBytes);
  for (let x = 0; x < length; x++) {
    readRowsOf(dQkv, y * length + x, 1, spare, rowBytes);
    for (let d: usize = 0; d < rowBytes; d += 16) {
      v128.store(to + d, f32x4.add(v128.load(to + d), v128.load(spare + d)));
    }
    to += columnBytes();
  }
  memory.fill(spare, 0, rowBytes);
}
