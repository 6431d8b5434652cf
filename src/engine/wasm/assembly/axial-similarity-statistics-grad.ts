/**
 * axialSimilarityStatisticsGrad: from gradients with respect to mean and variance to those with respect to queries,
 * keys and encodings.
 *
 * The gradient with respect to a product x is a + b x (similarity-coefficients.ts). Where products are formed, lines of
 * x become lines of a + b x, and the rest is as in attention. In the notation of similarity-gram.ts, of a term with
 * products y.z:
 *
 *     dy = sum_z (a + b x) z = n (a + b u) m + b C y
 *
 * and, of the encodings, dz = sum_y (a + b x) y = sum_y a y + (sum_y b y y^T) z over the y that meet z: those sums are
 * taken by position, over all tasks, and axialSimilarityStatisticsGradSum pairs them with the encodings.
 */
import { gramVectors, pairVectors, rowsVectors } from "../attention-scratch";
import { shareStart } from "./arguments";
import {
  at, eitherCount, eitherKey, firstCount, firstKey, fullKeyDepth, groupCount, keyDepth, keyTable, length, lineBytes,
  lines, loadQueriesAndKeys, offsets, queryBytes, queryTable, readAxis, readQueriesAndKeys, rowBytes, rows, secondCount,
  secondKey, selectPair, take, valueDepth, writeRows,
} from "./axis";
import { ownLanes, scatter } from "./lanes";
import { addToRows, dotRows, retrieveEncodings, retrieveRows } from "./rows";
import { coefficient, loadCoefficients, prepareCoefficients } from "./similarity-coefficients";
import { centre, windowBytes, windowsOf } from "./similarity-gram";
import {
  dotPositions, eitherOffset, encodingsOf, firstEntries, firstEntry, offsetsOfEither, secondEntries, secondEntry,
} from "./similarity-products";
import {
  addMatrixProducts, addOuterProducts, addWindowProducts, dotVector, dotVectors, gram,
} from "./similarity-tiles";
import { madd } from "./simd";
import { axialSimilarityStatisticsGradArgs } from "./slots";

let dRows: usize = 0;
/**
 * What the part adds up for the encodings. By products: [R][Dq][4 lanes]; by Gram matrices: [L][1 + Dq][Dq][4 lanes].
 */
let querySums: usize = 0, keySums: usize = 0;
/** The group's lanes that count. */
let own: v128 = f32x4.splat(0);

export function axialSimilarityStatisticsGrad(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  const byGram = axialSimilarityStatisticsGradArgs.byGram(args);
  const dQkv = axialSimilarityStatisticsGradArgs.dQkv(args), adds = axialSimilarityStatisticsGradArgs.adds(args);
  const sumBytes = axialSimilarityStatisticsGradArgs.sumBytes(args);
  querySums = at(axialSimilarityStatisticsGradArgs.sums(args), part, sumBytes);
  keySums = querySums + (sumBytes >> 1);
  memory.fill(querySums, 0, sumBytes);
  prepareCoefficients(
    axialSimilarityStatisticsGradArgs.mean(args), axialSimilarityStatisticsGradArgs.dMean(args), axialSimilarityStatisticsGradArgs.dVariance(args),
  );
  dRows = take(rowsVectors(length, <i32>(rowBytes >> 4)));
  if (byGram) prepareGram();
  else prepareProducts();
  const channels = 2 * keyDepth + valueDepth;
  const end = shareStart(groupCount(), part + 1, parts);
  for (let group = shareStart(groupCount(), part, parts); group < end; group++) {
    loadQueriesAndKeys(group);
    own = ownLanes();
    loadCoefficients();
    memory.fill(dRows, 0, <usize>length * rowBytes);
    if (adds) readQueriesAndKeys(dQkv, dRows);
    if (byGram) groupByGram();
    else groupByProducts();
    if (adds) {
      scatter(dQkv, channels, 0, keyDepth, 0, length, dRows, rowBytes);
      scatter(dQkv, channels, keyDepth, keyDepth, 0, length, dRows + queryBytes, rowBytes);
    } else {
      writeRows(dQkv, 0, length, dRows, rowBytes);
    }
  }
}

let queryEncodings: usize = 0, keyEncodings: usize = 0;
/** Of a pair of rows: their gradient, and they themselves in the lanes that count. */
let dPair: usize = 0, ownPair: usize = 0;

function prepareProducts(): void {
  dPair = take(pairVectors(fullKeyDepth));
  ownPair = take(pairVectors(fullKeyDepth));
  queryEncodings = queryTable === 0 ? 0 : encodingsOf(queryTable);
  keyEncodings = keyTable === 0 ? 0 : encodingsOf(keyTable);
}

function groupByProducts(): void {
  for (let i = 0; i < length; i += 2) {
    contentByProducts(i);
    if (queryTable !== 0) positionByProducts(1, i, at(rows, i, rowBytes), rowBytes, queryEncodings, querySums);
    if (keyTable !== 0) {
      positionByProducts(2, i, at(rows, length - 1 - i, rowBytes) + queryBytes, 0 - rowBytes, keyEncodings, keySums);
    }
  }
}

function contentByProducts(i: i32): void {
  selectPair(i);
  const a = coefficient(0, 0), b = coefficient(0, 1), one = f32x4.splat(1);
  const queries = at(rows, i, rowBytes), keys = at(rows, eitherKey, rowBytes) + queryBytes;
  const either = at(lines, eitherKey, 16);
  dotRows(queries, rowBytes, keys, rowBytes, either, lineBytes, eitherCount, fullKeyDepth);
  toGrads(lines, eitherKey, eitherCount, firstKey, firstCount, a, b);
  toGrads(lines + lineBytes, eitherKey, eitherCount, secondKey, secondCount, a, b);
  retrieveRows(keys, rowBytes, either, lineBytes, eitherCount, fullKeyDepth, dPair, queryBytes, one, one);
  addPair(queries, rowBytes, i);
  addToRows(
    queries, rowBytes, either, lineBytes, at(dRows, eitherKey, rowBytes) + queryBytes, rowBytes, eitherCount,
    fullKeyDepth,
  );
}

/** Position term of the pair of vectors at y and y + stride, which meet the offsets of queries i and i + 1. */
function positionByProducts(term: i32, i: i32, y: usize, stride: usize, encodings: usize, sums: usize): void {
  const a = coefficient(term, 0), b = coefficient(term, 1), one = f32x4.splat(1);
  dotPositions(y, stride, i, encodings);
  toGrads(lines, 0, offsetsOfEither, firstEntry, firstEntries, a, b);
  toGrads(lines + lineBytes, 0, offsetsOfEither, secondEntry, secondEntries, a, b);
  retrieveEncodings(
    at(encodings, eitherOffset, queryBytes >> 2), queryBytes >> 2, lines, lineBytes, offsetsOfEither, fullKeyDepth,
    dPair, queryBytes, one, one,
  );
  addPair(y, stride, i);
  for (let x: usize = 0; x < queryBytes; x += 16) {
    v128.store(ownPair + x, f32x4.mul(own, v128.load(y + x)));
    v128.store(ownPair + queryBytes + x, f32x4.mul(own, v128.load(y + stride + x)));
  }
  addToRows(
    ownPair, queryBytes, lines, lineBytes, at(sums, eitherOffset, queryBytes), queryBytes, offsetsOfEither, fullKeyDepth,
  );
}

/** Turns products x into a + b x in a vector's own entries, and the other entries of the pair's into zero. */
function toGrads(line: usize, start: i32, all: i32, first: i32, count: i32, a: v128, b: v128): void {
  const zero = f32x4.splat(0);
  const begin = at(line, first, 16), end = at(line, first + count, 16);
  let p = at(line, start, 16);
  for (; p < begin; p += 16) v128.store(p, zero);
  for (; p < end; p += 16) v128.store(p, madd(b, v128.load(p), a));
  const last = at(line, start + all, 16);
  for (; p < last; p += 16) v128.store(p, zero);
}

/** Adds the pair's gradient to that of the rows at y and, if there is one, at y + stride. */
function addPair(y: usize, stride: usize, i: i32): void {
  addVector(dRows + (y - rows), dPair);
  if (i + 1 < length) addVector(dRows + (y - rows) + stride, dPair + queryBytes);
}

function addVector(to: usize, from: usize): void {
  for (let x: usize = 0; x < queryBytes; x += 16) v128.store(to + x, f32x4.add(v128.load(to + x), v128.load(from + x)));
}

let gramMatrix: usize = 0, mean: usize = 0, centred: usize = 0;
let queryWindows: usize = 0, keyWindows: usize = 0;

function prepareGram(): void {
  gramMatrix = take(gramVectors(fullKeyDepth));
  mean = take(fullKeyDepth);
  centred = take(rowsVectors(length, fullKeyDepth));
  queryWindows = queryTable === 0 ? 0 : windowsOf(queryTable);
  keyWindows = keyTable === 0 ? 0 : windowsOf(keyTable);
}

function groupByGram(): void {
  const queries = rows, keys = rows + queryBytes, last = at(rows, length - 1, rowBytes) + queryBytes;
  contentByGram(queries, keys);
  contentByGram(keys, queries);
  if (queryTable !== 0) positionByGram(1, queries, rowBytes, queryWindows, querySums);
  if (keyTable !== 0) positionByGram(2, last, 0 - rowBytes, keyWindows, keySums);
}

/**
 * dy += n (a + b u) m + b C y for all y, where z are all of the others: of the queries by the keys, or the other way.
 */
function contentByGram(vectors: usize, others: usize): void {
  centre(others, mean, centred);
  gram(centred, queryBytes, gramMatrix);
  const b = coefficient(0, 1), bytes = <usize>fullKeyDepth * queryBytes;
  for (let x: usize = 0; x < bytes; x += 16) v128.store(gramMatrix + x, f32x4.mul(b, v128.load(gramMatrix + x)));
  dotVector(vectors, rowBytes, mean, lines);
  toFactors(coefficient(0, 0), b);
  addMatrixProducts(vectors, rowBytes, lines, mean, gramMatrix, dRows + (vectors - rows), rowBytes);
}

/**
 * One position term, of vectors y_i that meet the encodings of query i: gradients, and what the encodings' are made of.
 */
function positionByGram(term: i32, y: usize, bytes: usize, windows: usize, sums: usize): void {
  const a = coefficient(term, 0), b = coefficient(term, 1);
  dotVectors(y, bytes, windows, windowBytes(), lines);
  toFactors(a, b);
  addWindowProducts(y, bytes, lines, windows, windowBytes(), b, dRows + (y - rows), bytes);
  addOuterProducts(y, bytes, f32x4.mul(own, a), f32x4.mul(own, b), sums);
}

/** Turns a line of u into n (a + b u), of n = L products each. */
function toFactors(a: v128, b: v128): void {
  const n = f32x4.splat(<f32>length), na = f32x4.mul(n, a), nb = f32x4.mul(n, b);
  const end = at(lines, length, 16);
  for (let p = lines; p < end; p += 16) v128.store(p, madd(nb, v128.load(p), na));
}
