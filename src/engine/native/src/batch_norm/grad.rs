//! The gradient of a batch norm in two passes over memory. With g = dy where the ReLU let it pass:
//!
//! batchNormGradSums: for each channel the sums of g, of g (a - meanA) and of g (b - meanB);
//! batchNormGradApply: da = direct g + linear (a - meanA) + constant, and db = g for a residual, as da for a pair.

use std::ops::Range;

use pulp::Simd;

use super::Form;
use crate::call::Call;
use crate::rows::{Map, Terms, map_rows, sum_rows};
use crate::scratch::with_scratch;
use crate::slots::{batch_norm_grad_apply as apply_slot, batch_norm_grad_sums as sums_slot};

/// Sums of g and g (a - mean); tensors dy, a.
#[derive(Clone, Copy)]
struct One;
/// As `One`, y behind dy saying what the ReLU let pass.
#[derive(Clone, Copy)]
struct OneRelu;
/// Sums of g, g (a - meanA) and g (b - meanB); tensors dy, a, b.
#[derive(Clone, Copy)]
struct Two;
/// As `Two`, y behind dy.
#[derive(Clone, Copy)]
struct TwoRelu;

/// dy where y > 0, or y is NaN, which stays visible.
#[inline(always)]
fn passed<S: Simd>(simd: S, dy: S::f32s, y: S::f32s) -> S::f32s {
    let zero = simd.splat_f32s(0.0);
    simd.select_f32s(simd.less_than_or_equal_f32s(y, zero), zero, dy)
}

#[inline(always)]
fn product<S: Simd>(simd: S, g: S::f32s, x: S::f32s, mean: S::f32s, sum: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(g, simd.sub_f32s(x, mean), sum)
}

impl Terms<2, 1, 2> for One {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, [g, a]: [S::f32s; 2], [mean]: [S::f32s; 1], sums: [S::f32s; 2]) -> [S::f32s; 2] {
        [simd.add_f32s(sums[0], g), product(simd, g, a, mean, sums[1])]
    }
}

impl Terms<3, 1, 2> for OneRelu {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, [dy, y, a]: [S::f32s; 3], mean: [S::f32s; 1], sums: [S::f32s; 2]) -> [S::f32s; 2] {
        One.add(simd, [passed(simd, dy, y), a], mean, sums)
    }
}

impl Terms<3, 2, 3> for Two {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, [g, a, b]: [S::f32s; 3], means: [S::f32s; 2], sums: [S::f32s; 3]) -> [S::f32s; 3] {
        let [sum, with_a] = One.add(simd, [g, a], [means[0]], [sums[0], sums[1]]);
        [sum, with_a, product(simd, g, b, means[1], sums[2])]
    }
}

impl Terms<4, 2, 3> for TwoRelu {
    #[inline(always)]
    fn add<S: Simd>(
        self,
        simd: S,
        [dy, y, a, b]: [S::f32s; 4],
        means: [S::f32s; 2],
        sums: [S::f32s; 3],
    ) -> [S::f32s; 3] {
        Two.add(simd, [passed(simd, dy, y), a, b], means, sums)
    }
}

/// partial is \[parts, 3, C\] float64.
pub fn batch_norm_grad_sums(call: &Call) {
    use sums_slot as slot;
    let [rows, channels] = [slot::ROWS, slot::CHANNELS].map(|slot| call.size(slot));
    let pair = Form::read(call, slot::FORM) == Form::Pair;
    let relu = call.flag(slot::RELU);
    let part = call.share(rows);
    // SAFETY: inputs.
    let read = |slot: usize| unsafe { super::rows(call, slot, part.start, part.len(), channels) };
    // SAFETY: inputs.
    let mean = |slot: usize| unsafe { super::vector(call, slot, 0, channels) };
    let count = 3 * channels;
    // SAFETY: this part's sums are ours alone.
    let sums = unsafe {
        call.heap
            .write::<f64>(call.pointer(slot::PARTIAL) + 8 * call.part * count, count)
    };
    sums.fill(0.0);
    let (dy, a, mean_a) = (read(slot::DY), read(slot::A), mean(slot::MEAN_A));
    with_scratch(count, |partial| {
        if pair {
            let (b, means) = (read(slot::B), [mean_a, mean(slot::MEAN_B)]);
            match relu {
                true => sum_rows(TwoRelu, [dy, read(slot::Y), a, b], means, partial, sums),
                false => sum_rows(Two, [dy, a, b], means, partial, sums),
            }
        } else {
            let sums = &mut sums[..2 * channels];
            match relu {
                true => sum_rows(OneRelu, [dy, read(slot::Y), a], [mean_a], partial, sums),
                false => sum_rows(One, [dy, a], [mean_a], partial, sums),
            }
        }
    });
}

/// Factors are \[3, C\]: direct, linear, constant.
pub fn batch_norm_grad_apply(call: &Call) {
    use apply_slot as slot;
    let [rows, channels] = [slot::ROWS, slot::CHANNELS].map(|slot| call.size(slot));
    for block in super::blocks_from_the_end(call.share(rows), channels) {
        apply(call, block, channels);
    }
}

fn apply(call: &Call, part: Range<usize>, channels: usize) {
    use apply_slot as slot;
    let form = Form::read(call, slot::FORM);
    let relu = call.flag(slot::RELU);
    // SAFETY: inputs.
    let read = |slot: usize| unsafe { super::rows(call, slot, part.start, part.len(), channels) };
    // SAFETY: these rows of the results are ours alone.
    let write = |slot: usize| unsafe {
        call.heap
            .write::<f32>(call.pointer(slot) + 4 * part.start * channels, part.len() * channels)
    };
    // SAFETY: inputs.
    let vector = |slot: usize, index: usize| unsafe { super::vector(call, slot, index, channels) };
    // Mean, and what g, x - mean and 1 are multiplied by.
    let line = |mean: usize, factors: usize| {
        [
            vector(mean, 0),
            vector(factors, 0),
            vector(factors, 1),
            vector(factors, 2),
        ]
    };
    let (dy, a, da) = (read(slot::DY), read(slot::A), write(slot::DA));
    let line_a = line(slot::MEAN_A, slot::FACTORS_A);
    match form {
        Form::Pair => {
            let (b, db) = (read(slot::B), write(slot::DB));
            let [mean, direct, linear, constant] = line(slot::MEAN_B, slot::FACTORS_B);
            let [mean_a, direct_a, linear_a, constant_a] = line_a;
            let lines = [mean_a, direct_a, linear_a, constant_a, mean, direct, linear, constant];
            match relu {
                true => map_rows(LinesRelu, [dy, read(slot::Y), a, b], lines, [da, db], channels),
                false => map_rows(Lines, [dy, a, b], lines, [da, db], channels),
            }
        }
        Form::Residual if relu => {
            let db = write(slot::DB);
            map_rows(LineAndPassed, [dy, read(slot::Y), a], line_a, [da, db], channels);
        }
        Form::Residual | Form::Alone => match relu {
            true => map_rows(LineRelu, [dy, read(slot::Y), a], line_a, [da], channels),
            false => map_rows(Line, [dy, a], line_a, [da], channels),
        },
    }
}

/// direct g + linear (x - mean) + constant
#[inline(always)]
fn line<S: Simd>(simd: S, g: S::f32s, x: S::f32s, [mean, direct, linear, constant]: [S::f32s; 4]) -> S::f32s {
    // Not fused: the gradient of a single row, which is zero, is to cancel to the last bit.
    let mean_part = simd.mul_add_e_f32s(linear, simd.sub_f32s(x, mean), constant);
    simd.add_f32s(simd.mul_f32s(direct, g), mean_part)
}

/// da of dy, a.
#[derive(Clone, Copy)]
struct Line;
/// da of dy, y, a.
#[derive(Clone, Copy)]
struct LineRelu;
/// da and g of dy, y, a.
#[derive(Clone, Copy)]
struct LineAndPassed;
/// da, db of dy, a, b.
#[derive(Clone, Copy)]
struct Lines;
/// da, db of dy, y, a, b.
#[derive(Clone, Copy)]
struct LinesRelu;

impl Map<2, 4, 1> for Line {
    #[inline(always)]
    fn values<S: Simd>(self, simd: S, [g, a]: [S::f32s; 2], vectors: [S::f32s; 4]) -> [S::f32s; 1] {
        [line(simd, g, a, vectors)]
    }
}

impl Map<3, 4, 1> for LineRelu {
    #[inline(always)]
    fn values<S: Simd>(self, simd: S, [dy, y, a]: [S::f32s; 3], vectors: [S::f32s; 4]) -> [S::f32s; 1] {
        [line(simd, passed(simd, dy, y), a, vectors)]
    }
}

impl Map<3, 4, 2> for LineAndPassed {
    #[inline(always)]
    fn values<S: Simd>(self, simd: S, [dy, y, a]: [S::f32s; 3], vectors: [S::f32s; 4]) -> [S::f32s; 2] {
        let g = passed(simd, dy, y);
        [line(simd, g, a, vectors), g]
    }
}

impl Map<3, 8, 2> for Lines {
    #[inline(always)]
    fn values<S: Simd>(self, simd: S, [g, a, b]: [S::f32s; 3], vectors: [S::f32s; 8]) -> [S::f32s; 2] {
        let [
            mean_a,
            direct_a,
            linear_a,
            constant_a,
            mean_b,
            direct_b,
            linear_b,
            constant_b,
        ] = vectors;
        let first = line(simd, g, a, [mean_a, direct_a, linear_a, constant_a]);
        [first, line(simd, g, b, [mean_b, direct_b, linear_b, constant_b])]
    }
}

impl Map<4, 8, 2> for LinesRelu {
    #[inline(always)]
    fn values<S: Simd>(self, simd: S, [dy, y, a, b]: [S::f32s; 4], vectors: [S::f32s; 8]) -> [S::f32s; 2] {
        Lines.values(simd, [passed(simd, dy, y), a, b], vectors)
    }
}
