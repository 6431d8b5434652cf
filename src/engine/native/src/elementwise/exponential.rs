//! e^x over the whole range of float32, within 2 units of the last place; NaN stays NaN.

use pulp::Simd;

/// 1.5 * 2^23: what is added to it is rounded to a whole number, which its low bits then hold.
const ROUNDING: f32 = 12_582_912.0;

/// ln 2 in two parts: their products with a whole number lose no digits where that is large.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// Of e^f = 1 + f + f^2 P(f), the highest first: Cephes' expf.
const COEFFICIENTS: [f32; 6] = [
    1.987_569_1e-4,
    1.398_2e-3,
    8.333_452e-3,
    4.166_579_6e-2,
    1.666_666_5e-1,
    0.5,
];

/// x = n ln 2 + f with a whole n and |f| <= ln 2 / 2; e^x = 2^n e^f. 2^n is applied in two steps: n passes the range of one
/// exponent where the result is infinite, zero or denormal.
#[inline(always)]
pub fn exponential<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let number = |value: f32| simd.splat_f32s(value);
    // Beyond these e^x is zero or infinite all the same. NaN is neither below nor above.
    let x = simd.select_f32s(simd.less_than_f32s(x, number(-105.0)), number(-105.0), x);
    let x = simd.select_f32s(simd.greater_than_f32s(x, number(90.0)), number(90.0), x);
    let rounding = number(ROUNDING);
    let n = simd.sub_f32s(
        simd.mul_add_e_f32s(x, number(std::f32::consts::LOG2_E), rounding),
        rounding,
    );
    let f = simd.mul_add_e_f32s(n, number(-LN_2[0]), x);
    let f = simd.mul_add_e_f32s(n, number(-LN_2[1]), f);
    let mut p = number(COEFFICIENTS[0]);
    for coefficient in &COEFFICIENTS[1..] {
        p = simd.mul_add_e_f32s(p, f, number(*coefficient));
    }
    let p = simd.add_f32s(simd.mul_add_e_f32s(p, simd.mul_f32s(f, f), f), number(1.0));
    let half = simd.mul_add_e_f32s(n, number(0.5), rounding);
    let rest = simd.add_f32s(simd.sub_f32s(n, simd.sub_f32s(half, rounding)), rounding);
    simd.mul_f32s(simd.mul_f32s(p, power_of_two(simd, half)), power_of_two(simd, rest))
}

/// 2^n of n + 1.5 * 2^23, n from -126 to 127.
#[inline(always)]
fn power_of_two<S: Simd>(simd: S, rounded: S::f32s) -> S::f32s {
    let exponent = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(rounded), simd.splat_u32s(23));
    simd.transmute_f32s_u32s(simd.add_u32s(exponent, simd.splat_u32s(1.0_f32.to_bits())))
}
