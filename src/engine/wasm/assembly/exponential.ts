/**
 * The softmax of four rows side by side, in base 2: log2(e) is folded into the logits by whoever computes them.
 *
 * 2^(x - m) = 2^(n - m) 2^f with n = round(x) and f = x - n in [-1/2, 1/2]. The shift m is the greatest logit rounded
 * to a whole number. Adding 1.5 * 2^23 - m, which is exact, so both rounds x and takes m off, and leaves n - m in the
 * low bits, ready to be shifted into the exponent; 2^f is the polynomial of degree 5 of least relative error (2e-7 as
 * evaluated here).
 */
import { madd } from "./simd";

/** log2(e): the natural exponential of x is 2^(x log2(e)). */
export const log2e: f32 = 1.44269504;
/**
 * Factor from a gradient with respect to logits in base 2 to one with respect to natural logits, and so 1 / log2(e).
 */
export const ln2: f32 = 0.69314718;

/**
 * Writes constantVectors of ../attention-scratch.ts.
 *
 * The constants are read from memory: V8 rebuilds a constant of 128 bits in every turn of a loop, three instructions
 * each, whereas what was loaded before the loop stays in its register.
 */
export function putConstants(at: usize): void {
  // Less than the shift less 100 counts as that: nothing beside 1, and products with it are not denormal numbers, which
  // would be very slow.
  v128.store(at, f32x4.splat(-100));
  v128.store(at, f32x4.splat(12582912), 16);
  v128.store(at, f32x4.splat(1), 32);
  v128.store(at, f32x4.splat(0.693146977598), 48);
  v128.store(at, f32x4.splat(0.240222420839), 64);
  v128.store(at, f32x4.splat(0.0555073374393), 80);
  v128.store(at, f32x4.splat(0.00967151273288), 96);
  v128.store(at, f32x4.splat(0.00132647272719), 112);
}

/** 2^(x - m), where `rounding` is 1.5 * 2^23 - m, of x up to about m and no less than `lowest`; NaN stays NaN. */
// @ts-ignore: decorator
@inline
function exp2(
  x: v128, lowest: v128, rounding: v128, c0: v128, c1: v128, c2: v128, c3: v128, c4: v128, c5: v128,
): v128 {
  const t = f32x4.pmax(x, lowest);
  const n = f32x4.add(t, rounding);
  const f = f32x4.sub(t, f32x4.sub(n, rounding));
  let p = madd(f, c5, c4);
  p = madd(p, f, c3);
  p = madd(p, f, c2);
  p = madd(p, f, c1);
  p = madd(p, f, c0);
  return i32x4.add(p, i32x4.shl(n, 23));
}

/** Replaces the logits of `count` keys, four rows side by side, by 2^(logit - shift), and returns 1 / their sum. */
export function softmax(line: usize, count: i32, shift: v128, constants: usize): v128 {
  return f32x4.div(f32x4.splat(1), exponentials(line, count, shift, constants));
}

/** The shift that belongs to the greatest logits. */
export function shiftOf(greatest: v128): v128 {
  return f32x4.nearest(greatest);
}

export function greatestOf(line: usize, count: i32): v128 {
  const end = line + (<usize>count << 4);
  // Four maxima at a time, for each waits for the one before.
  const first = v128.load(line);
  let m0 = first, m1 = first, m2 = first, m3 = first;
  let p = line;
  for (; p + 64 <= end; p += 64) {
    m0 = f32x4.pmax(m0, v128.load(p));
    m1 = f32x4.pmax(m1, v128.load(p, 16));
    m2 = f32x4.pmax(m2, v128.load(p, 32));
    m3 = f32x4.pmax(m3, v128.load(p, 48));
  }
  for (; p < end; p += 16) m0 = f32x4.pmax(m0, v128.load(p));
  return f32x4.pmax(f32x4.pmax(m0, m1), f32x4.pmax(m2, m3));
}

/** Up to here sums of a shift and 1.5 * 2^23, or a logit, are as exact as is needed. */
const greatestShift: f32 = 2097152;

/** Replaces logits by 2^(logit - shift), of logits up to about the shift, and returns their sum. */
export function exponentials(line: usize, count: i32, shift: v128, constants: usize): v128 {
  if (v128.any_true(f32x4.gt(f32x4.abs(shift), f32x4.splat(greatestShift)))) {
    subtract(line, count, shift);
    shift = f32x4.splat(0);
  }
  return shiftedExponentials(
    line, count, f32x4.add(v128.load(constants), shift), f32x4.sub(v128.load(constants, 16), shift), constants,
  );
}

function subtract(line: usize, count: i32, shift: v128): void {
  const end = line + (<usize>count << 4);
  for (let p = line; p < end; p += 16) v128.store(p, f32x4.sub(v128.load(p), shift));
}

function shiftedExponentials(line: usize, count: i32, lowest: v128, rounding: v128, constants: usize): v128 {
  const end = line + (<usize>count << 4);
  const c0 = v128.load(constants, 32), c1 = v128.load(constants, 48), c2 = v128.load(constants, 64);
  const c3 = v128.load(constants, 80), c4 = v128.load(constants, 96), c5 = v128.load(constants, 112);
  let sum = f32x4.splat(0);
  let p = line;
  for (; p + 32 <= end; p += 32) {
    const e = exp2(v128.load(p), lowest, rounding, c0, c1, c2, c3, c4, c5);
    v128.store(p, e);
    sum = f32x4.add(sum, e);
    const f = exp2(v128.load(p, 16), lowest, rounding, c0, c1, c2, c3, c4, c5);
    v128.store(p, f, 16);
    sum = f32x4.add(sum, f);
  }
  if (p < end) {
    const e = exp2(v128.load(p), lowest, rounding, c0, c1, c2, c3, c4, c5);
    v128.store(p, e);
    sum = f32x4.add(sum, e);
  }
  return sum;
}
