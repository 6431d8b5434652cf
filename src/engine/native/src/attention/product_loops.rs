//! Inner loops of the similarity statistics over products formed pair by pair; see forward_loops.rs for lines and tiles.

use super::coefficients::TermCoefficients;
use super::forward_loops::{add_times_encoding, dot_encoding};
use super::lanes::Quad;
use pulp::Simd;

/// line[j] += k_j.encoding of j's offset. `encodings`: by key.
#[inline(always)]
pub fn dot_key_encodings<S: Simd, const Q: usize>(
    simd: S,
    line: &mut [[S::f32s; Q]],
    keys: &[Quad<S>],
    encodings: &[[f32; 4]],
) {
    for ((entry, key), encodings) in line.iter_mut().zip(keys).zip(encodings.windows(Q)) {
        let mut sums = *entry;
        let key = *key;
        for q in 0..Q {
            sums[q] = dot_encoding(simd, &key, &encodings[Q - 1 - q], sums[q]);
        }
        *entry = sums;
    }
}

/// k'_j += sum over the tile of line[j] encoding of j's offset. `encodings`: by key.
#[inline(always)]
pub fn add_encodings_to_keys<S: Simd, const Q: usize>(
    simd: S,
    line: &[[S::f32s; Q]],
    encodings: &[[f32; 4]],
    d_keys: &mut [Quad<S>],
) {
    for ((entry, encodings), d_keys) in line.iter().zip(encodings.windows(Q)).zip(d_keys) {
        let mut sums = *d_keys;
        for q in 0..Q {
            add_times_encoding(simd, entry[q], &encodings[Q - 1 - q], &mut sums);
        }
        *d_keys = sums;
    }
}

/// Adds a line's entries, and the squares of those.
#[inline(always)]
pub fn add_moments<S: Simd, const Q: usize>(
    simd: S,
    line: &[[S::f32s; Q]],
    linear: &mut [S::f32s; Q],
    square: &mut [S::f32s; Q],
) {
    let (mut sums, mut squares) = (*linear, *square);
    for entry in line {
        for q in 0..Q {
            let x = entry[q];
            sums[q] = simd.add_f32s(sums[q], x);
            squares[q] = simd.mul_add_e_f32s(x, x, squares[q]);
        }
    }
    (*linear, *square) = (sums, squares);
}

/// From products x to dx = a + b x.
#[inline(always)]
pub fn through_products<S: Simd, const Q: usize>(
    simd: S,
    line: &mut [[S::f32s; Q]],
    coefficients: TermCoefficients<S>,
) {
    for entry in line {
        for q in 0..Q {
            entry[q] = simd.mul_add_e_f32s(coefficients.b, entry[q], coefficients.a);
        }
    }
}
