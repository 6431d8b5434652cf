//! batchNormApply: y = relu?((a - meanA) * scaleA + shift + other), other being nothing, b, or (b - meanB) * scaleB.

use std::ops::Range;

use pulp::Simd;

use super::Form;
use crate::call::Call;
use crate::rows::{Map, map_rows};
use crate::slots::batch_norm_apply as slot;

pub fn batch_norm_apply(call: &Call) {
    let [rows, channels] = [slot::ROWS, slot::CHANNELS].map(|slot| call.size(slot));
    for block in super::blocks_from_the_end(call.share(rows), channels) {
        apply(call, block, channels);
    }
}

fn apply(call: &Call, rows: Range<usize>, channels: usize) {
    let form = Form::read(call, slot::FORM);
    let relu = call.flag(slot::RELU);
    let (start, count) = (rows.start, rows.len());
    // SAFETY: all but y are inputs, and these rows of y are ours alone.
    let (a, mean, scale, shift, y) = unsafe {
        let [mean, scale, shift] =
            [slot::MEAN_A, slot::SCALE_A, slot::SHIFT].map(|slot| super::vector(call, slot, 0, channels));
        let y = call
            .heap
            .write::<f32>(call.pointer(slot::Y) + 4 * start * channels, count * channels);
        (
            super::rows(call, slot::A, start, count, channels),
            mean,
            scale,
            shift,
            y,
        )
    };
    // SAFETY: an input.
    let other = || unsafe { super::rows(call, slot::B, start, count, channels) };
    match (form, relu) {
        (Form::Alone, false) => map_rows(Affine, [a], [mean, scale, shift], [y], channels),
        (Form::Alone, true) => map_rows(Relu(Affine), [a], [mean, scale, shift], [y], channels),
        (Form::Residual, false) => map_rows(Residual, [a, other()], [mean, scale, shift], [y], channels),
        (Form::Residual, true) => map_rows(Relu(Residual), [a, other()], [mean, scale, shift], [y], channels),
        (Form::Pair, _) => {
            // SAFETY: inputs.
            let [mean_b, scale_b] =
                [slot::MEAN_B, slot::SCALE_B].map(|slot| unsafe { super::vector(call, slot, 0, channels) });
            let vectors = [mean, scale, shift, mean_b, scale_b];
            match relu {
                true => map_rows(Relu(Pair), [a, other()], vectors, [y], channels),
                false => map_rows(Pair, [a, other()], vectors, [y], channels),
            }
        }
    }
}

/// (a - mean) scale + shift
#[derive(Clone, Copy)]
struct Affine;

impl Map<1, 3, 1> for Affine {
    #[inline(always)]
    fn values<S: Simd>(self, simd: S, [a]: [S::f32s; 1], [mean, scale, shift]: [S::f32s; 3]) -> [S::f32s; 1] {
        [simd.mul_add_e_f32s(simd.sub_f32s(a, mean), scale, shift)]
    }
}

/// The same and b.
#[derive(Clone, Copy)]
struct Residual;

impl Map<2, 3, 1> for Residual {
    #[inline(always)]
    fn values<S: Simd>(self, simd: S, [a, b]: [S::f32s; 2], vectors: [S::f32s; 3]) -> [S::f32s; 1] {
        let [value] = Affine.values(simd, [a], vectors);
        [simd.add_f32s(value, b)]
    }
}

/// The same and (b - meanB) scaleB.
#[derive(Clone, Copy)]
struct Pair;

impl Map<2, 5, 1> for Pair {
    #[inline(always)]
    fn values<S: Simd>(self, simd: S, [a, b]: [S::f32s; 2], vectors: [S::f32s; 5]) -> [S::f32s; 1] {
        let [mean, scale, shift, mean_b, scale_b] = vectors;
        let [value] = Affine.values(simd, [a], [mean, scale, shift]);
        [simd.mul_add_e_f32s(simd.sub_f32s(b, mean_b), scale_b, value)]
    }
}

/// 0 where the value is below, which keeps NaN.
#[derive(Clone, Copy)]
struct Relu<T>(T);

impl<const M: usize, const V: usize, T: Map<M, V, 1>> Map<M, V, 1> for Relu<T> {
    #[inline(always)]
    fn values<S: Simd>(self, simd: S, elements: [S::f32s; M], vectors: [S::f32s; V]) -> [S::f32s; 1] {
        let zero = simd.splat_f32s(0.0);
        let [value] = self.0.values(simd, elements, vectors);
        [simd.select_f32s(simd.less_than_f32s(value, zero), zero, value)]
    }
}
