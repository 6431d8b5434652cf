//! Attention's inner loops, backward; see forward_loops.rs for lines and tiles.

use super::forward_loops::{add_dots, add_times, add_times_encoding, dot_encoding};
use super::lanes::Quad;
use pulp::Simd;

/// gradients[j] (+)= x.v_j, from nothing where `FRESH`, and v'_j += sum over the tile of weights[j] x: the gradients with
/// respect to weights and values, x being those with respect to the outputs.
#[inline(always)]
pub fn through_values<S: Simd, const Q: usize, const FRESH: bool>(
    simd: S,
    weights: &[[S::f32s; Q]],
    gradients: &mut [[S::f32s; Q]],
    x: &[Quad<S>; Q],
    values: &[Quad<S>],
    d_values: &mut [Quad<S>],
) {
    let x = *x;
    for (((weights, gradients), value), d_values) in weights.iter().zip(gradients).zip(values).zip(d_values) {
        let mut sums = if FRESH { [simd.splat_f32s(0.0); Q] } else { *gradients };
        let mut totals = *d_values;
        add_dots(simd, &x, value, &mut sums);
        for q in 0..Q {
            add_times(simd, weights[q], &x[q], &mut totals);
        }
        (*gradients, *d_values) = (sums, totals);
    }
}

/// The same where the values' encodings are retrieved into the same output; `encodings`: by key.
#[inline(always)]
pub fn through_values_and_encodings<S: Simd, const Q: usize, const FRESH: bool>(
    simd: S,
    weights: &[[S::f32s; Q]],
    gradients: &mut [[S::f32s; Q]],
    x: &[Quad<S>; Q],
    values: &[Quad<S>],
    encodings: &[[f32; 4]],
    d_values: &mut [Quad<S>],
) {
    let x = *x;
    let entries = weights
        .iter()
        .zip(gradients)
        .zip(values)
        .zip(d_values)
        .zip(encodings.windows(Q));
    for ((((weights, gradients), value), d_values), encodings) in entries {
        let mut sums = if FRESH { [simd.splat_f32s(0.0); Q] } else { *gradients };
        let mut totals = *d_values;
        add_dots(simd, &x, value, &mut sums);
        for q in 0..Q {
            sums[q] = dot_encoding(simd, &x[q], &encodings[Q - 1 - q], sums[q]);
            add_times(simd, weights[q], &x[q], &mut totals);
        }
        (*gradients, *d_values) = (sums, totals);
    }
}

/// sums[t] += sum over the tile of line[i + t] x: gradients with respect to encodings. `line`: from the tile's first entry
/// on.
#[inline(always)]
pub fn add_by_offset<S: Simd, const Q: usize>(simd: S, line: &[[S::f32s; Q]], x: &[Quad<S>; Q], sums: &mut [Quad<S>]) {
    let x = *x;
    for (entries, sums) in line.windows(Q).zip(sums) {
        let mut totals = *sums;
        for q in 0..Q {
            add_times(simd, entries[q][q], &x[q], &mut totals);
        }
        *sums = totals;
    }
}

/// sums[t] += sum over the tile of line[i + t] k_{i + t}. `keys`: from that of the first query for the first offset on.
#[inline(always)]
pub fn add_keys_by_offset<S: Simd, const Q: usize>(
    simd: S,
    line: &[[S::f32s; Q]],
    keys: &[Quad<S>],
    sums: &mut [Quad<S>],
) {
    for ((entries, keys), sums) in line.windows(Q).zip(keys.windows(Q)).zip(sums) {
        let mut totals = *sums;
        for q in 0..Q {
            add_times(simd, entries[q][q], &keys[q], &mut totals);
        }
        *sums = totals;
    }
}

/// k'_j += sum over the tile of line[j] q.
#[inline(always)]
pub fn add_to_keys<S: Simd, const Q: usize>(
    simd: S,
    line: &[[S::f32s; Q]],
    queries: &[Quad<S>; Q],
    d_keys: &mut [Quad<S>],
) {
    let queries = *queries;
    for (entry, d_keys) in line.iter().zip(d_keys) {
        let mut sums = *d_keys;
        for q in 0..Q {
            add_times(simd, entry[q], &queries[q], &mut sums);
        }
        *d_keys = sums;
    }
}

/// The same, and to `d_positions` that of line[j] encoding of j's offset; `encodings`: by key.
#[inline(always)]
pub fn add_to_keys_and_positions<S: Simd, const Q: usize>(
    simd: S,
    line: &[[S::f32s; Q]],
    queries: &[Quad<S>; Q],
    encodings: &[[f32; 4]],
    d_keys: &mut [Quad<S>],
    d_positions: &mut [Quad<S>],
) {
    let queries = *queries;
    let entries = line.iter().zip(encodings.windows(Q)).zip(d_keys).zip(d_positions);
    for (((entry, encodings), d_keys), d_positions) in entries {
        let (mut sums, mut positions) = (*d_keys, *d_positions);
        for q in 0..Q {
            add_times(simd, entry[q], &queries[q], &mut sums);
            add_times_encoding(simd, entry[q], &encodings[Q - 1 - q], &mut positions);
        }
        (*d_keys, *d_positions) = (sums, positions);
    }
}

/// sums += sum_j weights[j] gradients[j].
#[inline(always)]
pub fn dot_lines<S: Simd, const Q: usize>(
    simd: S,
    weights: &[[S::f32s; Q]],
    gradients: &[[S::f32s; Q]],
    sums: &mut [S::f32s; Q],
) {
    let mut totals = *sums;
    for (weights, gradients) in weights.iter().zip(gradients) {
        for q in 0..Q {
            totals[q] = simd.mul_add_e_f32s(weights[q], gradients[q], totals[q]);
        }
    }
    *sums = totals;
}

/// gradients[j] = weights[j] (gradients[j] - mean): the softmax's gradient, from that with respect to the weights and its
/// weighted mean.
#[inline(always)]
pub fn through_softmax<S: Simd, const Q: usize>(
    simd: S,
    weights: &[[S::f32s; Q]],
    gradients: &mut [[S::f32s; Q]],
    means: &[S::f32s; Q],
) {
    for (weights, gradients) in weights.iter().zip(gradients) {
        for q in 0..Q {
            gradients[q] = simd.mul_f32s(weights[q], simd.sub_f32s(gradients[q], means[q]));
        }
    }
}
