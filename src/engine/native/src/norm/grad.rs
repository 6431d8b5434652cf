//! The gradient of a batch norm in two passes over memory. With g = dy where the ReLU let it pass:
//!
//! batchNormGradSums: for each channel the sums of g, of g (a - meanA) and of g (b - meanB);
//! batchNormGradApply: da = direct g + linear (a - meanA) + constant, and db = g for a residual, as da for a pair.

use pulp::Simd;

use super::Form;
use super::sums::{Terms, sum_rows};
use crate::call::Call;
use crate::scratch::with_scratch;
use crate::simd::dispatch_loop;

/// Slots of the arguments of both kernels.
mod slot {
    pub const ROWS: usize = 0;
    pub const CHANNELS: usize = 1;
    pub const FORM: usize = 2;
    pub const RELU: usize = 3;
    pub const DY: usize = 4;
    pub const Y: usize = 5;
    pub const A: usize = 6;
    pub const MEAN_A: usize = 7;
}

/// Of batchNormGradSums.
mod sums_slot {
    pub const B: usize = 8;
    pub const MEAN_B: usize = 9;
    /// \[parts, 3, C\] float64.
    pub const PARTIAL: usize = 10;
}

/// Of batchNormGradApply; factors are \[3, C\]: direct, linear, constant.
mod apply_slot {
    pub const FACTORS_A: usize = 8;
    pub const B: usize = 9;
    pub const MEAN_B: usize = 10;
    pub const FACTORS_B: usize = 11;
    pub const DA: usize = 12;
    pub const DB: usize = 13;
}

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
    fn add<S: Simd>(self, simd: S, [dy, y, a, b]: [S::f32s; 4], means: [S::f32s; 2], sums: [S::f32s; 3]) -> [S::f32s; 3] {
        Two.add(simd, [passed(simd, dy, y), a, b], means, sums)
    }
}

pub fn batch_norm_grad_sums(call: &Call) {
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
    let sums = unsafe { call.heap.write::<f64>(call.pointer(sums_slot::PARTIAL) + 8 * call.part * count, count) };
    sums.fill(0.0);
    let (dy, a, mean_a) = (read(slot::DY), read(slot::A), mean(slot::MEAN_A));
    with_scratch(count, |partial| {
        if pair {
            let (b, means) = (read(sums_slot::B), [mean_a, mean(sums_slot::MEAN_B)]);
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

/// One input's gradient over rows: `x` with its mean and factors, to `dx`.
struct Input<'a> {
    x: &'a [f32],
    mean: &'a [f32],
    factors: &'a [f32],
    dx: &'a mut [f32],
}

pub fn batch_norm_grad_apply(call: &Call) {
    let [rows, channels] = [slot::ROWS, slot::CHANNELS].map(|slot| call.size(slot));
    let form = Form::read(call, slot::FORM);
    let relu = call.flag(slot::RELU);
    let part = call.share(rows);
    if part.is_empty() || channels == 0 {
        return;
    }
    // SAFETY: inputs.
    let read = |slot: usize| unsafe { super::rows(call, slot, part.start, part.len(), channels) };
    // SAFETY: these rows of the results are ours alone.
    let write = |slot: usize| unsafe {
        call.heap.write::<f32>(call.pointer(slot) + 4 * part.start * channels, part.len() * channels)
    };
    let input = |x: usize, mean: usize, factors: usize, dx: usize| Input {
        x: read(x),
        // SAFETY: inputs.
        mean: unsafe { super::vector(call, mean, 0, channels) },
        // SAFETY: inputs.
        factors: unsafe { call.heap.read(call.pointer(factors), 3 * channels) },
        dx: write(dx),
    };
    let dy = read(slot::DY);
    let y = relu.then(|| read(slot::Y));
    let first = input(slot::A, slot::MEAN_A, apply_slot::FACTORS_A, apply_slot::DA);
    apply(dy, y, first, channels);
    match form {
        Form::Pair => {
            let second = input(apply_slot::B, apply_slot::MEAN_B, apply_slot::FACTORS_B, apply_slot::DB);
            apply(dy, y, second, channels);
        }
        Form::Residual if relu => {
            let y = read(slot::Y);
            let db = write(apply_slot::DB);
            dispatch_loop(|| {
                for ((db, dy), y) in db.iter_mut().zip(dy).zip(y) {
                    *db = if *y <= 0.0 { 0.0 } else { *dy };
                }
            });
        }
        Form::Residual | Form::Alone => {}
    }
}

fn apply(dy: &[f32], y: Option<&[f32]>, Input { x, mean, factors, dx }: Input, channels: usize) {
    let (direct, rest) = factors.split_at(channels);
    let (linear, constant) = rest.split_at(channels);
    let value = |g: f32, x: f32, c: usize| direct[c].mul_add(g, linear[c].mul_add(x - mean[c], constant[c]));
    let lines = dx.chunks_exact_mut(channels).zip(x.chunks_exact(channels)).zip(dy.chunks_exact(channels));
    match y {
        Some(y) => dispatch_loop(|| {
            for (((dx, x), dy), y) in lines.zip(y.chunks_exact(channels)) {
                for c in 0..channels {
                    let g = if y[c] <= 0.0 { 0.0 } else { dy[c] };
                    dx[c] = value(g, x[c], c);
                }
            }
        }),
        None => dispatch_loop(|| {
            for ((dx, x), dy) in lines {
                for c in 0..channels {
                    dx[c] = value(dy[c], x[c], c);
                }
            }
        }),
    }
}
