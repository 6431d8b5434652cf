/** Arithmetic on four lanes that every kernel shares. */

/**
 * a * b + c. One rounding in the relaxed variant of the module (a fused multiply-add where the processor has one), two in
 * the plain variant; `ASC_FEATURE_RELAXED_SIMD` is a constant of the compiler, so the other branch vanishes.
 */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}
