/** Arithmetic on four lanes that every kernel shares. */

/**
 * a * b + c. One rounding in the relaxed variant of the module (a fused multiply-add where the processor has one), two
 * in the plain variant; `ASC_FEATURE_RELAXED_SIMD` is a constant of the compiler, so the other branch vanishes.
 */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** accumulator[0..3] += values, in float64. */
// @ts-ignore: decorator
@inline
export function accumulate(accumulator: usize, values: v128): void {
  const low = f64x2.promote_low_f32x4(values);
  const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(values, values, 2, 3, 0, 1));
  v128.store(accumulator, f64x2.add(v128.load(accumulator), low));
  v128.store(accumulator, f64x2.add(v128.load(accumulator, 16), high), 16);
}

// @ts-ignore: decorator
@inline
export function accumulateOne(accumulator: usize, value: f32): void {
  store<f64>(accumulator, load<f64>(accumulator) + <f64>value);
}
