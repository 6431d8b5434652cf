/**
 * Updates of all weights of a model in one call and one pass over memory, in place. Equal
 * ../../../training/optimizers.ts.
 *
 * The weights are listed in a table of float64 rows; every part does its share of every row, in whole cache lines. Each
 * element is independent of the others, so results do not depend on the number of threads.
 */
import { integerAt, lineShareStart, pointerAt, realAt } from "./arguments";
import { madd } from "./simd";

const rowBytes: usize = 7 << 3;

/**
 * Adam and RAdam: m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= shrink w + rate m / (root sqrt(v) + epsilon)
 *
 * args: table, rows, gradientScale, b1, 1 - b1, b2, 1 - b2, rate, root, epsilon
 * table row: w, gradient, m, v, count, addedDecay, shrink; g = gradientScale gradient + addedDecay w
 */
export function momentUpdate(args: usize, part: i32, parts: i32): void {
  const rows = integerAt(args, 1);
  const gradientScale = f32x4.splat(realAt(args, 2));
  const beta1 = f32x4.splat(realAt(args, 3));
  const rest1 = f32x4.splat(realAt(args, 4));
  const beta2 = f32x4.splat(realAt(args, 5));
  const rest2 = f32x4.splat(realAt(args, 6));
  const rate = f32x4.splat(realAt(args, 7));
  const root = f32x4.splat(realAt(args, 8));
  const epsilon = f32x4.splat(realAt(args, 9));

  let row = pointerAt(args, 0);
  for (let r = 0; r < rows; r++, row += rowBytes) {
    const weight = pointerAt(row, 0);
    const gradient = pointerAt(row, 1);
    const mean = pointerAt(row, 2);
    const square = pointerAt(row, 3);
    const count = integerAt(row, 4);
    const addedDecay = f32x4.splat(realAt(row, 5));
    const shrink = f32x4.splat(realAt(row, 6));

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
 * args: table, rows, gradientScale, momentum, rate, fresh, stale
 * table row: w, gradient, m, -, count, addedDecay, shrink; g = gradientScale gradient + addedDecay w
 */
export function momentumUpdate(args: usize, part: i32, parts: i32): void {
  const rows = integerAt(args, 1);
  const gradientScale = f32x4.splat(realAt(args, 2));
  const momentum = f32x4.splat(realAt(args, 3));
  const rate = f32x4.splat(realAt(args, 4));
  const fresh = f32x4.splat(realAt(args, 5));
  const stale = f32x4.splat(realAt(args, 6));

  let row = pointerAt(args, 0);
  for (let r = 0; r < rows; r++, row += rowBytes) {
    const weight = pointerAt(row, 0);
    const gradient = pointerAt(row, 1);
    const mean = pointerAt(row, 2);
    const count = integerAt(row, 4);
    const addedDecay = f32x4.splat(realAt(row, 5));
    const shrink = f32x4.splat(realAt(row, 6));

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
 * args: table, rows, share
 * table row: target, source, -, -, count, -, -
 */
export function moveTowards(args: usize, part: i32, parts: i32): void {
  const rows = integerAt(args, 1);
  const share = f32x4.splat(realAt(args, 2));

  let row = pointerAt(args, 0);
  for (let r = 0; r < rows; r++, row += rowBytes) {
    const target = pointerAt(row, 0);
    const source = pointerAt(row, 1);
    const count = integerAt(row, 4);

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
