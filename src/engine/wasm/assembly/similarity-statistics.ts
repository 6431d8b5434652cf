/**
 * similarityStatistics: mean and biased variance of each logit term and head over all sequences and all pairs in the window.
 * Equals `composedSimilarityStatistics` of src/layers/attention.ts.
 */
import { integerAt, pointerAt, shareStart } from "./arguments";
import {
  at, eitherCount, eitherKey, firstCount, firstKey, firstOffset, fullKeyDepth, groupCount, heads, keyTable, lastOffset,
  length, lineBytes, lines, loadQueriesAndKeys, queryBytes, queryTable, readAxis, rowBytes, rows, secondCount, secondKey,
  selectPair, take,
} from "./axis";
import { addToHeads } from "./lanes";
import { dotRows } from "./rows";
import { centre, dot, dotEncoding, gram, multiply, windowBytes, windowsOf } from "./similarity-gram";
import {
  dotPositions, encodingsOf, firstEntries, firstEntry, secondEntries, secondEntry,
} from "./similarity-products";
import { madd } from "./simd";

/** Of the group, for each term: sum of n u, of n u^2, and of squares of x - u, each [4 lanes] of float64. */
let moments: usize = 0;
const momentBytes: usize = 96;

/**
 * args: those of `readAxis`, then whether to go by Gram matrices, the parts' sums and the bytes of one part's: [3 terms][3
 * moments][N] of float64
 */
export function similarityStatistics(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  const byGram = integerAt(args, 15) !== 0;
  const sums = at(pointerAt(args, 16), part, pointerAt(args, 17));
  memory.fill(sums, 0, <usize>(9 * heads) << 3);
  moments = take(3 * momentBytes);
  if (byGram) prepareGram();
  else prepareProducts();
  const end = shareStart(groupCount(), part + 1, parts);
  for (let group = shareStart(groupCount(), part, parts); group < end; group++) {
    loadQueriesAndKeys(group);
    memory.fill(moments, 0, 3 * momentBytes);
    if (byGram) groupByGram();
    else groupByProducts();
    for (let moment = 0; moment < 9; moment++) {
      const from = at(moments, moment, 32);
      addToHeads(at(sums, moment * heads, 8), heads, v128.load(from), v128.load(from, 16));
    }
  }
}

let queryEncodings: usize = 0, keyEncodings: usize = 0;

function prepareProducts(): void {
  queryEncodings = queryTable === 0 ? 0 : encodingsOf(queryTable);
  keyEncodings = keyTable === 0 ? 0 : encodingsOf(keyTable);
}

function groupByProducts(): void {
  for (let i = 0; i < length; i += 2) {
    selectPair(i);
    dotRows(
      at(rows, i, rowBytes), rowBytes, at(rows, eitherKey, rowBytes) + queryBytes, rowBytes,
      at(lines, eitherKey, 16), lineBytes, eitherCount, fullKeyDepth,
    );
    lineMoments(at(lines, firstKey, 16), firstCount, moments);
    lineMoments(at(lines + lineBytes, secondKey, 16), secondCount, moments);
    if (queryTable !== 0) {
      dotPositions(at(rows, i, rowBytes), rowBytes, i, queryEncodings);
      positionMoments(moments + momentBytes);
    }
    if (keyTable !== 0) {
      dotPositions(at(rows, length - 1 - i, rowBytes) + queryBytes, 0 - rowBytes, i, keyEncodings);
      positionMoments(moments + 2 * momentBytes);
    }
  }
}

function positionMoments(to: usize): void {
  lineMoments(at(lines, firstEntry, 16), firstEntries, to);
  lineMoments(at(lines + lineBytes, secondEntry, 16), secondEntries, to);
}

/** Moments of the products in a line. The squares are taken about the first product, which is as near as any to the mean. */
function lineMoments(line: usize, count: i32, to: usize): void {
  if (count === 0) return;
  const end = at(line, count, 16), first = v128.load(line);
  let sum0 = f32x4.splat(0), sum1 = sum0, squares0 = sum0, squares1 = sum0;
  let p = line;
  for (; p + 32 <= end; p += 32) {
    const x = f32x4.sub(v128.load(p), first), y = f32x4.sub(v128.load(p, 16), first);
    sum0 = f32x4.add(sum0, x);
    sum1 = f32x4.add(sum1, y);
    squares0 = madd(x, x, squares0);
    squares1 = madd(y, y, squares1);
  }
  if (p < end) {
    const x = f32x4.sub(v128.load(p), first);
    sum0 = f32x4.add(sum0, x);
    squares0 = madd(x, x, squares0);
  }
  const sum = f32x4.add(sum0, sum1);
  const shift = f32x4.div(sum, f32x4.splat(<f32>count));
  const squares = f32x4.sub(f32x4.add(squares0, squares1), f32x4.mul(sum, shift));
  addMoments(to, count, f32x4.add(first, shift), squares);
}

/** Gram matrices of queries and keys, a mean, vectors less their mean, and the windows of the encodings. */
let queryGram: usize = 0, keyGram: usize = 0, mean: usize = 0, centred: usize = 0;
let queryWindows: usize = 0, keyWindows: usize = 0;

function prepareGram(): void {
  queryGram = take(<usize>fullKeyDepth * queryBytes);
  keyGram = take(<usize>fullKeyDepth * queryBytes);
  mean = take(queryBytes);
  centred = take(<usize>length * queryBytes);
  queryWindows = queryTable === 0 ? 0 : windowsOf(queryTable);
  keyWindows = keyTable === 0 ? 0 : windowsOf(keyTable);
}

function groupByGram(): void {
  centre(rows + queryBytes, mean, centred);
  gram(centred, queryBytes, keyGram);
  gram(rows, rowBytes, queryGram);
  // sum_i q_i.(C q_i) is the sum of the products of the two matrices' elements.
  addMoments(moments, 0, f32x4.splat(0), dot(queryGram, keyGram, <usize>fullKeyDepth * queryBytes));
  for (let i = 0; i < length; i++) {
    const query = at(rows, i, rowBytes), key = at(rows, length - 1 - i, rowBytes) + queryBytes;
    addMoments(moments, length, dot(query, mean, queryBytes), f32x4.splat(0));
    if (queryTable !== 0) windowMoments(query, queryWindows, i, moments + momentBytes);
    if (keyTable !== 0) windowMoments(key, keyWindows, i, moments + 2 * momentBytes);
  }
}

/** Moments of the products of a vector with the encodings that meet query i (or key L - 1 - i). */
function windowMoments(y: usize, windows: usize, i: i32, to: usize): void {
  const window = at(windows, i, windowBytes());
  multiply(window + (queryBytes >> 2), y, centred);
  addMoments(to, lastOffset(i) - firstOffset(i) + 1, dotEncoding(y, window), dot(y, centred, queryBytes));
}

/** Adds n u, n u^2 and the squares within, in float64. */
function addMoments(to: usize, count: i32, u: v128, within: v128): void {
  const n = f64x2.splat(<f64>count);
  for (let half = 0; half < 2; half++) {
    const x = f64x2.promote_low_f32x4(u);
    const nx = f64x2.mul(n, x);
    v128.store(to, f64x2.add(v128.load(to), nx));
    v128.store(to, f64x2.add(v128.load(to, 32), f64x2.mul(nx, x)), 32);
    v128.store(to, f64x2.add(v128.load(to, 64), f64x2.promote_low_f32x4(within)), 64);
    u = v128.shuffle<i64>(u, u, 1, 1);
    within = v128.shuffle<i64>(within, within, 1, 1);
    to += 16;
  }
}

/**
 * Mean and variance from the parts' sums, in the order of the parts.
 * args: parts' sums, bytes of one part's, number of them, N, pairs of all sequences, mean [3, N], variance [3, N]
 */
export function similarityStatisticsSum(args: usize, part: i32, parts: i32): void {
  if (part !== 0) return;
  const sums = pointerAt(args, 0), partBytes = pointerAt(args, 1), count = integerAt(args, 2);
  const N = integerAt(args, 3), mean = pointerAt(args, 5), variance = pointerAt(args, 6);
  const pairs = load<f64>(args + 32);
  for (let term = 0; term < 3; term++) {
    for (let head = 0; head < N; head++) {
      let linear: f64 = 0, square: f64 = 0, within: f64 = 0;
      for (let p = 0; p < count; p++) {
        const from = at(at(sums, p, partBytes), 3 * term * N + head, 8);
        linear += load<f64>(from);
        square += load<f64>(at(from, N, 8));
        within += load<f64>(at(from, 2 * N, 8));
      }
      linear /= pairs;
      store<f32>(at(mean, term * N + head, 4), <f32>linear);
      // Rounding may leave a variance of zero a little below it.
      store<f32>(at(variance, term * N + head, 4), <f32>max(0, (square + within) / pairs - linear * linear));
    }
  }
}
