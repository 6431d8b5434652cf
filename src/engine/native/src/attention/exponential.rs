//! The softmax of lines, in base 2: log2(e) is folded into the logits by whoever computes them.
//!
//! 2^(x - m) = 2^(n - m) 2^f with n = round(x) and f = x - n in [-1/2, 1/2]. The shift m is the greatest logit rounded to a
//! whole number. Adding 1.5 * 2^23 - m, which is exact, so both rounds x and takes m off, and leaves n - m in the low bits,
//! ready to be shifted into the exponent; 2^f is the polynomial of degree 5 of least relative error (2e-7 as evaluated here).

use pulp::Simd;

/// log2(e): the natural exponential of x is 2^(x log2(e)).
pub const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// Factor from a gradient with respect to logits in base 2 to natural ones, and so 1 / log2(e).
pub const LN_2: f32 = std::f32::consts::LN_2;

const ROUNDING: f32 = 12_582_912.0;
/// Less than the shift less 100 counts as that: nothing beside 1, and products with it are not denormal, which would be very slow.
const LOWEST: f32 = -100.0;
/// Up to here sums of a shift and 1.5 * 2^23, or a logit, are as exact as is needed.
const GREATEST_SHIFT: f32 = 2_097_152.0;
/// The polynomial's coefficients of f to f^5; that of 1 is 1.
#[expect(clippy::approx_constant, reason = "fitted to the whole interval, not ln 2")]
const COEFFICIENTS: [f32; 5] = [0.693_147, 0.240_222_42, 0.055_507_336, 0.009_671_513, 0.001_326_472_7];

/// The greatest of a line's entries and of `greatest`.
#[inline(always)]
pub fn greatest<S: Simd, const Q: usize>(simd: S, line: &[[S::f32s; Q]], greatest: [S::f32s; Q]) -> [S::f32s; Q] {
    let mut most = [greatest; 2];
    let (pairs, last) = line.as_chunks::<2>();
    for pair in pairs {
        for q in 0..Q {
            most[0][q] = simd.max_f32s(most[0][q], pair[0][q]);
            most[1][q] = simd.max_f32s(most[1][q], pair[1][q]);
        }
    }
    for entry in last {
        for q in 0..Q {
            most[0][q] = simd.max_f32s(most[0][q], entry[q]);
        }
    }
    let [mut first, second] = most;
    for q in 0..Q {
        first[q] = simd.max_f32s(first[q], second[q]);
    }
    first
}

/// The shift that belongs to the greatest logits: they to a whole number.
#[inline(always)]
pub fn shift_of<S: Simd>(simd: S, greatest: S::f32s) -> S::f32s {
    let rounding = simd.splat_f32s(ROUNDING);
    let rounded = simd.sub_f32s(simd.add_f32s(greatest, rounding), rounding);
    // The sum above would lose digits of what is larger, and that is as good as whole.
    let large = simd.greater_than_f32s(simd.abs_f32s(greatest), simd.splat_f32s(GREATEST_SHIFT));
    simd.select_f32s(large, greatest, rounded)
}

/// Replaces logits by 2^(logit - shift), of logits up to about the shift, and adds them to `sums`.
#[inline(always)]
pub fn exponentials<S: Simd, const Q: usize>(
    simd: S,
    line: &mut [[S::f32s; Q]],
    shifts: &[S::f32s; Q],
    sums: &mut [S::f32s; Q],
) {
    let limit = simd.splat_f32s(GREATEST_SHIFT);
    let mut large = false;
    for &shift in shifts {
        let mask = simd.greater_than_f32s(simd.abs_f32s(shift), limit);
        large |= simd.first_true_m32s(mask) < S::F32_LANES;
    }
    if large {
        for entry in line.iter_mut() {
            for q in 0..Q {
                entry[q] = simd.sub_f32s(entry[q], shifts[q]);
            }
        }
        shifted(simd, line, &[simd.splat_f32s(0.0); Q], sums);
    } else {
        shifted(simd, line, shifts, sums);
    }
}

#[inline(always)]
fn shifted<S: Simd, const Q: usize>(
    simd: S,
    line: &mut [[S::f32s; Q]],
    shifts: &[S::f32s; Q],
    sums: &mut [S::f32s; Q],
) {
    let (mut lowest, mut rounding) = (*shifts, *shifts);
    for q in 0..Q {
        lowest[q] = simd.add_f32s(simd.splat_f32s(LOWEST), shifts[q]);
        rounding[q] = simd.sub_f32s(simd.splat_f32s(ROUNDING), shifts[q]);
    }
    let mut totals = *sums;
    for entry in line {
        let mut powers = *entry;
        for q in 0..Q {
            powers[q] = exp2(simd, powers[q], lowest[q], rounding[q]);
            totals[q] = simd.add_f32s(totals[q], powers[q]);
        }
        *entry = powers;
    }
    *sums = totals;
}

/// 2^(x - m), where `rounding` is 1.5 * 2^23 - m, of x up to about m and no less than `lowest`; NaN stays NaN.
#[inline(always)]
fn exp2<S: Simd>(simd: S, x: S::f32s, lowest: S::f32s, rounding: S::f32s) -> S::f32s {
    let x = simd.max_f32s(lowest, x);
    let n = simd.add_f32s(x, rounding);
    let f = simd.sub_f32s(x, simd.sub_f32s(n, rounding));
    let [c1, c2, c3, c4, c5] = COEFFICIENTS;
    let p = simd.mul_add_e_f32s(f, simd.splat_f32s(c5), simd.splat_f32s(c4));
    let p = simd.mul_add_e_f32s(p, f, simd.splat_f32s(c3));
    let p = simd.mul_add_e_f32s(p, f, simd.splat_f32s(c2));
    let p = simd.mul_add_e_f32s(p, f, simd.splat_f32s(c1));
    let p = simd.mul_add_e_f32s(p, f, simd.splat_f32s(1.0));
    let exponent = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(n), simd.splat_u32s(23));
    simd.transmute_f32s_u32s(simd.add_u32s(simd.transmute_u32s_f32s(p), exponent))
}
