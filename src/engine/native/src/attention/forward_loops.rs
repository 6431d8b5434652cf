//! Attention's inner loops, forward: a tile of Q queries on the keys of one row, four channels at a time.
//!
//! A line has for each key an entry of Q vectors: logits, then weights. Where all queries of a tile look at the same key,
//! they read one entry; where they look at the same offset, query q reads that of q entries on. Each loaded key so serves Q
//! queries, and an encoding that is shared by all tasks is spread over the lanes by the multiply-add that uses it.

use super::lanes::Quad;
use pulp::Simd;

/// sum + x.y over four channels.
#[inline(always)]
pub fn dot<S: Simd>(simd: S, x: &Quad<S>, y: &Quad<S>, sum: S::f32s) -> S::f32s {
    let sum = simd.mul_add_e_f32s(x[0], y[0], sum);
    let sum = simd.mul_add_e_f32s(x[1], y[1], sum);
    let sum = simd.mul_add_e_f32s(x[2], y[2], sum);
    simd.mul_add_e_f32s(x[3], y[3], sum)
}

/// sums += x.y over four channels, for each x of a tile. All sums stay in registers until the last is done: a store between them
/// would make the compiler load y again.
#[inline(always)]
pub fn add_dots<S: Simd, const Q: usize>(simd: S, x: &[Quad<S>; Q], y: &Quad<S>, sums: &mut [S::f32s; Q]) {
    let y = *y;
    for c in 0..4 {
        for q in 0..Q {
            sums[q] = simd.mul_add_e_f32s(x[q][c], y[c], sums[q]);
        }
    }
}

/// The same as `dot`, of an encoding.
#[inline(always)]
pub fn dot_encoding<S: Simd>(simd: S, x: &Quad<S>, encoding: &[f32; 4], sum: S::f32s) -> S::f32s {
    let sum = simd.mul_add_e_f32s(x[0], simd.splat_f32s(encoding[0]), sum);
    let sum = simd.mul_add_e_f32s(x[1], simd.splat_f32s(encoding[1]), sum);
    let sum = simd.mul_add_e_f32s(x[2], simd.splat_f32s(encoding[2]), sum);
    simd.mul_add_e_f32s(x[3], simd.splat_f32s(encoding[3]), sum)
}

/// An encoding in all lanes.
#[inline(always)]
pub fn spread<S: Simd>(simd: S, encoding: &[f32; 4]) -> Quad<S> {
    [
        simd.splat_f32s(encoding[0]),
        simd.splat_f32s(encoding[1]),
        simd.splat_f32s(encoding[2]),
        simd.splat_f32s(encoding[3]),
    ]
}

/// sums += factor x.
#[inline(always)]
pub fn add_times<S: Simd>(simd: S, factor: S::f32s, x: &Quad<S>, sums: &mut Quad<S>) {
    for c in 0..4 {
        sums[c] = simd.mul_add_e_f32s(factor, x[c], sums[c]);
    }
}

/// The same, of an encoding.
#[inline(always)]
pub fn add_times_encoding<S: Simd>(simd: S, factor: S::f32s, encoding: &[f32; 4], sums: &mut Quad<S>) {
    for c in 0..4 {
        sums[c] = simd.mul_add_e_f32s(factor, simd.splat_f32s(encoding[c]), sums[c]);
    }
}

/// line[j] (+)= q.encoding of j's offset, from nothing where `FRESH`. `encodings`: by key.
#[inline(always)]
pub fn dot_encodings<S: Simd, const Q: usize, const FRESH: bool>(
    simd: S,
    line: &mut [[S::f32s; Q]],
    queries: &[Quad<S>; Q],
    encodings: &[[f32; 4]],
) {
    let queries = *queries;
    for (entry, encodings) in line.iter_mut().zip(encodings.windows(Q)) {
        let mut sums = if FRESH { [simd.splat_f32s(0.0); Q] } else { *entry };
        for q in 0..Q {
            sums[q] = dot_encoding(simd, &queries[q], &encodings[Q - 1 - q], sums[q]);
        }
        *entry = sums;
    }
}

/// line[j] (+)= q.k_j, from nothing where `FRESH`.
#[inline(always)]
pub fn dot_keys<S: Simd, const Q: usize, const FRESH: bool>(
    simd: S,
    line: &mut [[S::f32s; Q]],
    queries: &[Quad<S>; Q],
    keys: &[Quad<S>],
) {
    let queries = *queries;
    for (entry, key) in line.iter_mut().zip(keys) {
        let mut sums = if FRESH { [simd.splat_f32s(0.0); Q] } else { *entry };
        add_dots(simd, &queries, key, &mut sums);
        *entry = sums;
    }
}

/// line[j] (+)= q.k_j + s_j.encoding of j's offset, from nothing where `FRESH`. `scaled`: the keys times that term's factor.
#[inline(always)]
pub fn dot_keys_and_encodings<S: Simd, const Q: usize, const FRESH: bool>(
    simd: S,
    line: &mut [[S::f32s; Q]],
    queries: &[Quad<S>; Q],
    keys: &[Quad<S>],
    scaled: &[Quad<S>],
    encodings: &[[f32; 4]],
) {
    let queries = *queries;
    for (((entry, key), scaled), encodings) in line.iter_mut().zip(keys).zip(scaled).zip(encodings.windows(Q)) {
        let mut sums = if FRESH { [simd.splat_f32s(0.0); Q] } else { *entry };
        add_dots(simd, &queries, key, &mut sums);
        let scaled = *scaled;
        for c in 0..4 {
            for q in 0..Q {
                let encoding = simd.splat_f32s(encodings[Q - 1 - q][c]);
                sums[q] = simd.mul_add_e_f32s(scaled[c], encoding, sums[q]);
            }
        }
        *entry = sums;
    }
}

/// sums += sum_j line[j] v_j.
#[inline(always)]
pub fn retrieve<S: Simd, const Q: usize>(simd: S, line: &[[S::f32s; Q]], values: &[Quad<S>], sums: &mut [Quad<S>; Q]) {
    let mut totals = *sums;
    for (weights, value) in line.iter().zip(values) {
        for q in 0..Q {
            add_times(simd, weights[q], value, &mut totals[q]);
        }
    }
    *sums = totals;
}

/// sums += sum_t line[i + t] encoding_t. `line`: from the tile's first entry on.
#[inline(always)]
pub fn retrieve_encodings<S: Simd, const Q: usize>(
    simd: S,
    line: &[[S::f32s; Q]],
    encodings: &[[f32; 4]],
    sums: &mut [Quad<S>; Q],
) {
    let mut totals = *sums;
    for (weights, encoding) in line.windows(Q).zip(encodings) {
        let encoding = spread(simd, encoding);
        for q in 0..Q {
            add_times(simd, weights[q][q], &encoding, &mut totals[q]);
        }
    }
    *sums = totals;
}

/// Both at once. `encodings`: by key.
#[inline(always)]
pub fn retrieve_both<S: Simd, const Q: usize>(
    simd: S,
    line: &[[S::f32s; Q]],
    values: &[Quad<S>],
    encodings: &[[f32; 4]],
    sums: &mut [Quad<S>; Q],
) {
    let mut totals = *sums;
    for ((weights, value), encodings) in line.iter().zip(values).zip(encodings.windows(Q)) {
        for q in 0..Q {
            add_times(simd, weights[q], value, &mut totals[q]);
            add_times_encoding(simd, weights[q], &encodings[Q - 1 - q], &mut totals[q]);
        }
    }
    *sums = totals;
}
