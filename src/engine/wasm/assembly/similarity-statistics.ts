/**
 * similarityStatistics: mean and biased variance of each logit term and head over all sequences and all pairs in the window.
 * Equals `composedSimilarityStatistics` of src/layers/attention.ts; see similarity.ts for the closed form.
 *
 * Where the window is narrower than the axis, each query meets other keys; then the content products are formed, a pair of
 * queries at a time, which costs as much as a part of the attention itself does.
 */
import { integerAt, pointerAt, shareStart } from "./arguments";
import {
  at, eitherCount, eitherKey, firstCount, firstKey, firstOffset, fullKeyDepth, groupCount, heads, keyTable, lastOffset,
  length, lineBytes, lines, loadRows, queryBytes, queryTable, readAxis, rowBytes, rows, secondCount, secondKey,
  selectPair, take,
} from "./axis";
import { addToHeads } from "./lanes";
import { dotRows } from "./rows";
import { centre, dot, dotEncoding, gram, isGlobal, multiply, windowBytes, windowsOf } from "./similarity";

/** Of the group, for each term: sum of n u, of n u^2, and of y.(C y), each [4 lanes] of float64. */
let moments: usize = 0;
const momentBytes: usize = 96;
/** Gram matrices of queries and keys, a mean, vectors less their mean. */
let queryGram: usize = 0, keyGram: usize = 0, mean: usize = 0, centred: usize = 0;

/** args: those of `readAxis`, then the parts' sums and the bytes of one part's: [3 terms][3 moments][N] of float64 */
export function similarityStatistics(args: usize, part: i32, parts: i32): void {
  readAxis(args, part);
  const sums = at(pointerAt(args, 15), part, pointerAt(args, 16));
  memory.fill(sums, 0, <usize>(9 * heads) << 3);
  const matrixBytes = <usize>fullKeyDepth * queryBytes;
  queryGram = take(matrixBytes);
  keyGram = take(matrixBytes);
  mean = take(queryBytes);
  centred = take(<usize>length * queryBytes);
  moments = take(3 * momentBytes);
  const queryWindows = queryTable === 0 ? 0 : windowsOf(queryTable);
  const keyWindows = keyTable === 0 ? 0 : windowsOf(keyTable);
  const end = shareStart(groupCount(), part + 1, parts);
  for (let group = shareStart(groupCount(), part, parts); group < end; group++) {
    loadRows(group);
    memory.fill(moments, 0, 3 * momentBytes);
    if (isGlobal()) contentFromGram();
    else contentFromProducts();
    for (let i = 0; i < length; i++) {
      if (queryTable !== 0) position(at(rows, i, rowBytes), queryWindows, i, moments + momentBytes);
      if (keyTable !== 0) position(at(rows, i, rowBytes) + queryBytes, keyWindows, length - 1 - i, moments + 2 * momentBytes);
    }
    for (let moment = 0; moment < 9; moment++) {
      const from = at(moments, moment, 32);
      addToHeads(at(sums, moment * heads, 8), heads, v128.load(from), v128.load(from, 16));
    }
  }
}

function contentFromGram(): void {
  const keys = rows + queryBytes;
  centre(keys, mean, centred);
  gram(centred, queryBytes, keyGram);
  gram(rows, rowBytes, queryGram);
  for (let i = 0; i < length; i++) {
    addMoments(moments, length, dot(at(rows, i, rowBytes), mean, queryBytes), f32x4.splat(0));
  }
  // sum_i q_i.(C q_i) is the sum of the products of the two matrices' elements.
  addMoments(moments, 0, f32x4.splat(0), dot(queryGram, keyGram, <usize>fullKeyDepth * queryBytes));
}

function contentFromProducts(): void {
  for (let i = 0; i < length; i += 2) {
    selectPair(i);
    dotRows(
      at(rows, i, rowBytes), rowBytes, at(rows, eitherKey, rowBytes) + queryBytes, rowBytes,
      at(lines, eitherKey, 16), lineBytes, eitherCount, fullKeyDepth,
    );
    lineMoments(at(lines, firstKey, 16), firstCount);
    if (secondCount > 0) lineMoments(at(lines + lineBytes, secondKey, 16), secondCount);
  }
}

function lineMoments(line: usize, count: i32): void {
  let sum = f32x4.splat(0);
  for (let j = 0; j < count; j++) sum = f32x4.add(sum, v128.load(at(line, j, 16)));
  const u = f32x4.div(sum, f32x4.splat(<f32>count));
  let squares = f32x4.splat(0);
  for (let j = 0; j < count; j++) {
    const x = f32x4.sub(v128.load(at(line, j, 16)), u);
    squares = f32x4.add(squares, f32x4.mul(x, x));
  }
  addMoments(moments, count, u, squares);
}

/** Moments of one vector y of lanes with the encodings that meet position i. */
function position(y: usize, windows: usize, i: i32, to: usize): void {
  const window = at(windows, i, windowBytes());
  multiply(window + (queryBytes >> 2), y, centred);
  addMoments(to, lastOffset(i) - firstOffset(i) + 1, dotEncoding(y, window), dot(y, centred, queryBytes));
}

/** n u, n u^2 and y.(C y) in float64. */
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
