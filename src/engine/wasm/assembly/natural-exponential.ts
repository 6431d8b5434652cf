/** e^x of four lanes over the whole range of float32, within 2 units of the last place; NaN stays NaN. */
import { madd } from "./simd";

/**
 * x = n ln 2 + f with a whole n and |f| <= ln 2 / 2; e^x = 2^n e^f. ln 2 is taken off in two parts, so that f keeps its
 * digits where n is large; e^f is 1 + f + f^2 P(f) with the coefficients of Cephes' expf. 2^n is applied in two steps:
 * n passes the range of one exponent where the result is infinite, zero or denormal.
 */
// @ts-ignore: decorator
@inline
export function naturalExponential(x: v128): v128 {
  const bounded = f32x4.max(f32x4.min(x, f32x4.splat(90)), f32x4.splat(-105));
  const n = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(1.44269504)));
  let f = f32x4.sub(bounded, f32x4.mul(n, f32x4.splat(0.693359375)));
  f = f32x4.sub(f, f32x4.mul(n, f32x4.splat(-2.12194440e-4)));
  let p = madd(f, f32x4.splat(1.9875691500e-4), f32x4.splat(1.3981999507e-3));
  p = madd(p, f, f32x4.splat(8.3334519073e-3));
  p = madd(p, f, f32x4.splat(4.1665795894e-2));
  p = madd(p, f, f32x4.splat(1.6666665459e-1));
  p = madd(p, f, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(madd(p, f32x4.mul(f, f), f), f32x4.splat(1));
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(whole, half)));
}

/** 2^n, n from -126 to 127. */
// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}
