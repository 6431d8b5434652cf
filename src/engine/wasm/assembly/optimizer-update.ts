/**
 * Updates of all weights of a model in one call and one pass over memory, in place. Equal
 * ../../../training/optimizers.ts.
 *
 * The weights are listed in a table of float64 rows; every part does its share of every row, in whole cache lines. Each
 * element is independent of the others, so results do not depend on the number of threads.
 */
import { lineShareStart } from "./arguments";
import { madd } from "./simd";
import { momentUpdateArgs, momentumUpdateArgs, moveTowardsArgs, updateRowArgs } from "./slots";

const rowBytes: usize = 7 << 3;

/**
 * Adam and RAdam: m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= shrink w + rate m / (root sqrt(v) + epsilon)
 *
 * table row: w, gradient, m, v, count, addedDecay, shrink; g = gradientScale gradient + addedDecay w
 */
export function momentUpdate(args: usize, part: i32, parts: i32): void {
  const rows = momentUpdateArgs.rows(args);
  const gradientScale = f32x4.splat(momentUpdateArgs.gradientScale(args));
  const beta1 = f32x4.splat(momentUpdateArgs.beta1(args));
  const rest1 = f32x4.splat(momentUpdateArgs.rest1(args));
  const beta2 = f32x4.splat(momentUpdateArgs.beta2(args));
  const rest2 = f32x4.splat(momentUpdateArgs.rest2(args));
  const rate = f32x4.splat(momentUpdateArgs.rate(args));
  const root = f32x4.splat(momentUpdateArgs.root(args));
  const epsilon = f32x4.splat(momentUpdateArgs.epsilon(args));

  let row = momentUpdateArgs.table(args);
  for (let r = 0; r < rows; r++, row += rowBytes) {
    const weight = updateRowArgs.weight(row);
    const gradient = updateRowArgs.gradient(row);
    const mean = updateRowArgs.mean(row);
    const square = updateRowArgs.square(row);
    const count = updateRowArgs.count(row);
    const addedDecay = f32x4.splat(updateRowArgs.addedDecay(row));
    const shrink = f32x4.splat(updateRowArgs.shrink(row));

    let i: usize = (<usize>lineShareStart(count, part, parts)) << 2; // in bytes
    const end: usize = (<usize>lineShareStart(count, part + 1, parts)) << 2;
    for (; i + 16 <= end; i += 16) {
      moveMoments(
        true, weight + i, gradient + i, mean + i, square + i,
        gradientScale, addedDecay, beta1, rest1, beta2, rest2, rate, root, epsilon, shrink,
      );
    }
    for (; i < end; i += 4) {
      moveMoments(
        false, weight + i, gradient + i, mean + i, square + i,
        gradientScale, addedDecay, beta1, rest1, beta2, rest2, rate, root, epsilon, shrink,
      );
    }
  }
}

// @ts-ignore: decorator
@inline
function moveMoments(
  whole: bool, weight: usize, gradient: usize, mean: usize, square: usize,
  gradientScale: v128, addedDecay: v128, beta1: v128, rest1: v128, beta2: v128, rest2: v128,
  rate: v128, root: v128, epsilon: v128, shrink: v128,
): void {
  const w = loadPart(whole, weight);
  const g = madd(w, addedDecay, f32x4.mul(loadPart(whole, gradient), gradientScale));
  const m = madd(loadPart(whole, mean), beta1, f32x4.mul(g, rest1));
  const v = madd(loadPart(whole, square), beta2, f32x4.mul(f32x4.mul(g, g), rest2));
  const step = f32x4.div(f32x4.mul(m, rate), madd(f32x4.sqrt(v), root, epsilon));
  storePart(whole, mean, m);
  storePart(whole, square, v);
  storePart(whole, weight, f32x4.sub(w, madd(w, shrink, step)));
}

/**
 * SGD: m = momentum m + g; w -= shrink w + rate (fresh g + stale m), fresh 1 and stale momentum with Nesterov's look
 * ahead, else 0 and 1.
 *
 * table row: w, gradient, m, -, count, addedDecay, shrink; g = gradientScale gradient + addedDecay w
 */
export function momentumUpdate(args: usize, part: i32, parts: i32): void {
  const rows = momentumUpdateArgs.rows(args);
  const gradientScale = f32x4.splat(momentumUpdateArgs.gradientScale(args));
  const momentum = f32x4.splat(momentumUpdateArgs.momentum(args));
  const rate = f32x4.splat(momentumUpdateArgs.rate(args));
  const fresh = f32x4.splat(momentumUpdateArgs.fresh(args));
  const stale = f32x4.splat(momentumUpdateArgs.stale(args));

  let row = momentumUpdateArgs.table(args);
  for (let r = 0; r < rows; r++, row += rowBytes) {
    const weight = updateRowArgs.weight(row);
    const gradient = updateRowArgs.gradient(row);
    const mean = updateRowArgs.mean(row);
    const count = updateRowArgs.count(row);
    const addedDecay = f32x4.splat(updateRowArgs.addedDecay(row));
    const shrink = f32x4.splat(updateRowArgs.shrink(row));

    let i: usize = (<usize>lineShareStart(count, part, parts)) << 2; // in bytes
    const end: usize = (<usize>lineShareStart(count, part + 1, parts)) << 2;
    for (; i + 16 <= end; i += 16) {
      moveByMomentum(
        true, weight + i, gradient + i, mean + i, gradientScale, addedDecay, momentum, stale, fresh, rate, shrink,
      );
    }
    for (; i < end; i += 4) {
      moveByMomentum(
        false, weight + i, gradient + i, mean + i, gradientScale, addedDecay, momentum, stale, fresh, rate, shrink,
      );
    }
  }
}

// @ts-ignore: decorator
@inline
function moveByMomentum(
  whole: bool, weight: usize, gradient: usize, mean: usize,
  gradientScale: v128, addedDecay: v128, momentum: v128, stale: v128, fresh: v128, rate: v128, shrink: v128,
): void {
  const w = loadPart(whole, weight);
  const g = madd(w, addedDecay, f32x4.mul(loadPart(whole, gradient), gradientScale));
  const m = madd(loadPart(whole, mean), momentum, g);
  const step = f32x4.mul(madd(m, stale, f32x4.mul(g, fresh)), rate);
  storePart(whole, mean, m);
  storePart(whole, weight, f32x4.sub(w, madd(w, shrink, step)));
}

/**
 * Averages: target += share (source - target)
 *
 * table row: target, source, -, -, count, -, -
 */
export function moveTowards(args: usize, part: i32, parts: i32): void {
  const rows = moveTowardsArgs.rows(args);
  const share = f32x4.splat(moveTowardsArgs.share(args));

  let row = moveTowardsArgs.table(args);
  for (let r = 0; r < rows; r++, row += rowBytes) {
    const target = updateRowArgs.weight(row);
    const source = updateRowArgs.gradient(row);
    const count = updateRowArgs.count(row);

    let i: usize = (<usize>lineShareStart(count, part, parts)) << 2; // in bytes
    const end: usize = (<usize>lineShareStart(count, part + 1, parts)) << 2;
    for (; i + 16 <= end; i += 16) moveTo(true, target + i, source + i, share);
    for (; i < end; i += 4) moveTo(false, target + i, source + i, share);
  }
}

// @ts-ignore: decorator
@inline
function moveTo(whole: bool, target: usize, source: usize, share: v128): void {
  const a = loadPart(whole, target);
  storePart(whole, target, madd(f32x4.sub(loadPart(whole, source), a), share, a));
}

/**
 * Four floats, or one in lane 0 and zeros: the last floats of a row go through the same arithmetic one by one. Which of
 * the two is known where a loop is compiled; asked for each element, it makes the updates take four times as long.
 */
// @ts-ignore: decorator
@inline
function loadPart(whole: bool, at: usize): v128 {
  return whole ? v128.load(at) : v128.load32_zero(at);
}

// @ts-ignore: decorator
@inline
function storePart(whole: bool, at: usize, value: v128): void {
  if (whole) v128.store(at, value);
  else v128.store32_lane(at, value, 0);
}
