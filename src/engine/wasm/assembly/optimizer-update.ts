/**
 * Updates of all weights of a model in one call and one pass over memory, in place. Equal ../../../training/optimizers.ts.
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
    while (i < end) {
      const whole = i + 16 <= end;
      const w = whole ? v128.load(weight + i) : load32(weight + i);
      let g = f32x4.mul(whole ? v128.load(gradient + i) : load32(gradient + i), gradientScale);
      g = madd(w, addedDecay, g);
      const m = madd(whole ? v128.load(mean + i) : load32(mean + i), beta1, f32x4.mul(g, rest1));
      const v = madd(whole ? v128.load(square + i) : load32(square + i), beta2, f32x4.mul(f32x4.mul(g, g), rest2));
      const step = f32x4.div(f32x4.mul(m, rate), madd(f32x4.sqrt(v), root, epsilon));
      const updated = f32x4.sub(w, madd(w, shrink, step));
      if (whole) {
        v128.store(mean + i, m);
        v128.store(square + i, v);
        v128.store(weight + i, updated);
        i += 16;
      } else {
        v128.store32_lane(mean + i, m, 0);
        v128.store32_lane(square + i, v, 0);
        v128.store32_lane(weight + i, updated, 0);
        i += 4;
      }
    }
  }
}

/**
 * SGD: m = momentum m + g; w -= shrink w + rate (fresh g + stale m), fresh 1 and stale momentum with Nesterov's look ahead,
 * else 0 and 1.
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
    while (i < end) {
      const whole = i + 16 <= end;
      const w = whole ? v128.load(weight + i) : load32(weight + i);
      let g = f32x4.mul(whole ? v128.load(gradient + i) : load32(gradient + i), gradientScale);
      g = madd(w, addedDecay, g);
      const m = madd(whole ? v128.load(mean + i) : load32(mean + i), momentum, g);
      const step = f32x4.mul(madd(m, stale, f32x4.mul(g, fresh)), rate);
      const updated = f32x4.sub(w, madd(w, shrink, step));
      if (whole) {
        v128.store(mean + i, m);
        v128.store(weight + i, updated);
        i += 16;
      } else {
        v128.store32_lane(mean + i, m, 0);
        v128.store32_lane(weight + i, updated, 0);
        i += 4;
      }
    }
  }
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
    while (i < end) {
      const whole = i + 16 <= end;
      const a = whole ? v128.load(target + i) : load32(target + i);
      const b = whole ? v128.load(source + i) : load32(source + i);
      const moved = madd(f32x4.sub(b, a), share, a);
      if (whole) {
        v128.store(target + i, moved);
        i += 16;
      } else {
        v128.store32_lane(target + i, moved, 0);
        i += 4;
      }
    }
  }
}

/** One float in lane 0, the others zero: the last floats of a row go through the same arithmetic one by one. */
// @ts-ignore: decorator
@inline
function load32(at: usize): v128 {
  return v128.load32_zero(at);
}
