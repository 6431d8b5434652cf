//! Passes over tensors as rows of C channels: what is computed of each element and of vectors of a value a channel.
//!
//! `map_rows` writes results of the tensors' shape. `sum_rows` adds up rows, channel by channel: a few of them in float32,
//! those in float64.

use pulp::{Simd, WithSimd};

use crate::simd::dispatch;

/// Rows added in float32 before float64 takes over.
pub const GROUP: usize = 32;

/// Rows that are walked side by side: one load and store of a partial sum serves them all.
const ABREAST: usize = 4;

/// What is written: `N` values of each element, from `M` tensors and `V` vectors of a value a channel.
pub trait Map<const M: usize, const V: usize, const N: usize>: Copy {
    fn values<S: Simd>(self, simd: S, elements: [S::f32s; M], vectors: [S::f32s; V]) -> [S::f32s; N];
}

/// results\[n\]\[row\]\[c\] = value n of the tensors' elements there and the vectors' channel c.
pub fn map_rows<const M: usize, const V: usize, const N: usize>(
    map: impl Map<M, V, N>,
    tensors: [&[f32]; M],
    vectors: [&[f32]; V],
    results: [&mut [f32]; N],
    channels: usize,
) {
    assert!(
        tensors.iter().all(|tensor| tensor.len() == results[0].len()),
        "map_rows: lengths must agree"
    );
    if channels > 0 {
        dispatch(MapRows {
            map,
            tensors,
            vectors,
            results,
            channels,
        });
    }
}

struct MapRows<'a, T, const M: usize, const V: usize, const N: usize> {
    map: T,
    tensors: [&'a [f32]; M],
    vectors: [&'a [f32]; V],
    results: [&'a mut [f32]; N],
    channels: usize,
}

impl<const M: usize, const V: usize, const N: usize, T: Map<M, V, N>> WithSimd for MapRows<'_, T, M, V, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let MapRows {
            map,
            tensors,
            vectors,
            mut results,
            channels,
        } = self;
        for first in (0..results[0].len()).step_by(channels) {
            let tensors = tensors.map(|tensor| S::as_simd_f32s(&tensor[first..first + channels]));
            let vectors = vectors.map(S::as_simd_f32s);
            let mut to = results
                .each_mut()
                .map(|result| S::as_mut_simd_f32s(&mut result[first..first + channels]));
            for c in 0..channels / S::F32_LANES {
                let values = map.values(simd, tensors.map(|(head, _)| head[c]), vectors.map(|(head, _)| head[c]));
                for (to, value) in to.iter_mut().zip(values) {
                    to.0[c] = value;
                }
            }
            if channels % S::F32_LANES > 0 {
                let elements = tensors.map(|(_, tail)| simd.partial_load_f32s(tail));
                let values = map.values(simd, elements, vectors.map(|(_, tail)| simd.partial_load_f32s(tail)));
                for (to, value) in to.iter_mut().zip(values) {
                    simd.partial_store_f32s(to.1, value);
                }
            }
        }
    }
}

/// What is summed: `N` values of each element, from `M` tensors and `V` vectors of a value a channel.
pub trait Terms<const M: usize, const V: usize, const N: usize>: Copy {
    /// Adds the terms of one vector of elements to the sums.
    fn add<S: Simd>(self, simd: S, elements: [S::f32s; M], vectors: [S::f32s; V], sums: [S::f32s; N]) -> [S::f32s; N];
}

/// sums\[n\]\[c\] += the terms of all rows; `partial` is N * C floats to work in.
pub fn sum_rows<const M: usize, const V: usize, const N: usize>(
    terms: impl Terms<M, V, N>,
    tensors: [&[f32]; M],
    vectors: [&[f32]; V],
    partial: &mut [f32],
    sums: &mut [f64],
) {
    let channels = sums.len() / N;
    if channels == 0 {
        return;
    }
    let rows = tensors[0].len() / channels;
    for first in (0..rows).step_by(GROUP) {
        let group = first * channels..rows.min(first + GROUP) * channels;
        let tensors = tensors.map(|tensor| &tensor[group.clone()]);
        dispatch(Group::<_, M, V, N> {
            terms,
            tensors,
            vectors,
            partial: &mut *partial,
            sums: &mut *sums,
        });
    }
}

struct Group<'a, T, const M: usize, const V: usize, const N: usize> {
    terms: T,
    tensors: [&'a [f32]; M],
    vectors: [&'a [f32]; V],
    partial: &'a mut [f32],
    sums: &'a mut [f64],
}

impl<const M: usize, const V: usize, const N: usize, T: Terms<M, V, N>> WithSimd for Group<'_, T, M, V, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Group {
            terms,
            tensors,
            vectors,
            partial,
            sums,
        } = self;
        let channels = sums.len() / N;
        partial[..N * channels].fill(0.0);
        let rows = tensors[0].len() / channels;
        let mut row = 0;
        while row < rows {
            if rows - row >= ABREAST {
                add_rows::<S, T, M, V, N, ABREAST>(simd, terms, tensors, vectors, partial, channels, row);
                row += ABREAST;
            } else {
                add_rows::<S, T, M, V, N, 1>(simd, terms, tensors, vectors, partial, channels, row);
                row += 1;
            }
        }
        for (sum, part) in sums.iter_mut().zip(&partial[..N * channels]) {
            *sum += f64::from(*part);
        }
    }
}

#[inline(always)]
fn add_rows<S: Simd, T: Terms<M, V, N>, const M: usize, const V: usize, const N: usize, const R: usize>(
    simd: S,
    terms: T,
    tensors: [&[f32]; M],
    vectors: [&[f32]; V],
    partial: &mut [f32],
    channels: usize,
    row: usize,
) {
    let mut channel = 0;
    while channel < channels {
        let width = S::F32_LANES.min(channels - channel);
        let load = |values: &[f32], first: usize| simd.partial_load_f32s(&values[first..first + width]);
        let constants = vectors.map(|vector| load(vector, channel));
        let mut sums: [S::f32s; N] = std::array::from_fn(|n| load(partial, n * channels + channel));
        for r in 0..R {
            let elements = tensors.map(|tensor| load(tensor, (row + r) * channels + channel));
            sums = terms.add(simd, elements, constants, sums);
        }
        for (n, sum) in sums.into_iter().enumerate() {
            simd.partial_store_f32s(&mut partial[n * channels + channel..][..width], sum);
        }
        channel += width;
    }
}
