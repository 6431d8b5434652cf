/**
 * Moments of the similarities: of each term and head, from sets of n products with mean u, the sums of n u, of n u^2
 * and of the squares of products less u. Kept apart and in float64, they cost the variance no digits when a mean is far
 * from zero.
 */
import { momentVectors } from "../attention-scratch";
import { at, heads, take } from "./axis";
import { addToHeads } from "./lanes";
import { accumulate, madd } from "./simd";
import { similarityStatisticsSumArgs } from "./slots";

/** Of the group, [3 terms][3 sums][4 lanes] of float64; and the part's, [3 terms][3 sums][N]. */
let moments: usize = 0, partMoments: usize = 0;
const momentBytes: usize = (<usize>momentVectors << 4) / 3;

export function prepareMoments(ofPart: usize): void {
  partMoments = ofPart;
  memory.fill(partMoments, 0, <usize>(9 * heads) << 3);
  moments = take(momentVectors);
}

export function clearMoments(): void {
  memory.fill(moments, 0, 3 * momentBytes);
}

export function addMomentsToHeads(): void {
  for (let moment = 0; moment < 9; moment++) {
    const from = at(moments, moment, 32);
    addToHeads(at(partMoments, moment * heads, 8), heads, v128.load(from), v128.load(from, 16));
  }
}

/**
 * Adds the moments of `count` products among the entries of a line, whose other entries equal one of the products:
 * `first`. The squares are taken about that, which is as near as any to the mean.
 */
export function addProducts(term: i32, line: usize, entries: i32, count: i32, first: v128): void {
  const end = at(line, entries, 16);
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
  addMoments(term, count, f32x4.add(first, shift), squares);
}

/**
 * Adds to a term the moments of sets of n products each, whose means u are a line, and the sum of squares about those.
 */
export function addMeans(term: i32, line: usize, entries: i32, n: i32, within: v128): void {
  const end = at(line, entries, 16);
  let u0 = f64x2.splat(0), u1 = u0, squares0 = u0, squares1 = u0;
  for (let p = line; p < end; p += 16) {
    const u = v128.load(p);
    const low = f64x2.promote_low_f32x4(u), high = f64x2.promote_low_f32x4(v128.shuffle<i64>(u, u, 1, 1));
    u0 = f64x2.add(u0, low);
    u1 = f64x2.add(u1, high);
    squares0 = f64x2.add(squares0, f64x2.mul(low, low));
    squares1 = f64x2.add(squares1, f64x2.mul(high, high));
  }
  const to = at(moments, term, momentBytes);
  const count = f64x2.splat(<f64>n);
  v128.store(to, f64x2.add(v128.load(to), f64x2.mul(count, u0)));
  v128.store(to, f64x2.add(v128.load(to, 16), f64x2.mul(count, u1)), 16);
  v128.store(to, f64x2.add(v128.load(to, 32), f64x2.mul(count, squares0)), 32);
  v128.store(to, f64x2.add(v128.load(to, 48), f64x2.mul(count, squares1)), 48);
  accumulate(to + 64, within);
}

/** Adds to a term n u, n u^2, and the sum of squares about u, in float64. */
function addMoments(term: i32, count: i32, u: v128, within: v128): void {
  let to = at(moments, term, momentBytes);
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
 */
export function similarityStatisticsSum(args: usize, part: i32, parts: i32): void {
  if (part !== 0) return;
  const sums = similarityStatisticsSumArgs.sums(args), partBytes = similarityStatisticsSumArgs.sumBytes(args), count = similarityStatisticsSumArgs.shares(args);
  const N = similarityStatisticsSumArgs.heads(args), mean = similarityStatisticsSumArgs.mean(args), variance = similarityStatisticsSumArgs.variance(args);
  const pairs = similarityStatisticsSumArgs.pairs(args);
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
