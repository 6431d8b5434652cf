//! batchNormApply: y = relu?((a - meanA) * scaleA + shift + other), other being nothing, b, or (b - meanB) * scaleB.

use super::Form;
use crate::call::Call;
use crate::simd::dispatch_loop;

/// Slots of the arguments.
mod slot {
    pub const ROWS: usize = 0;
    pub const CHANNELS: usize = 1;
    pub const FORM: usize = 2;
    pub const RELU: usize = 3;
    pub const A: usize = 4;
    pub const MEAN_A: usize = 5;
    pub const SCALE_A: usize = 6;
    pub const SHIFT: usize = 7;
    pub const B: usize = 8;
    pub const MEAN_B: usize = 9;
    pub const SCALE_B: usize = 10;
    pub const Y: usize = 11;
}

pub fn batch_norm_apply(call: &Call) {
    let [rows, channels] = [slot::ROWS, slot::CHANNELS].map(|slot| call.size(slot));
    let form = Form::read(call, slot::FORM);
    let relu = call.flag(slot::RELU);
    let part = call.share(rows);
    if part.is_empty() || channels == 0 {
        return;
    }
    let (start, count) = (part.start, part.len());
    // SAFETY: all but y are inputs, and these rows of y are ours alone.
    let (a, mean, scale, shift, y) = unsafe {
        let [mean, scale, shift] =
            [slot::MEAN_A, slot::SCALE_A, slot::SHIFT].map(|slot| super::vector(call, slot, 0, channels));
        let y = call.heap.write::<f32>(call.pointer(slot::Y) + 4 * start * channels, count * channels);
        (super::rows(call, slot::A, start, count, channels), mean, scale, shift, y)
    };
    // SAFETY: an input.
    let other = || unsafe { super::rows(call, slot::B, start, count, channels) };
    let lines = y.chunks_exact_mut(channels).zip(a.chunks_exact(channels));
    let affine = |a: f32, c: usize| (a - mean[c]).mul_add(scale[c], shift[c]);
    match form {
        Form::Alone => dispatch_loop(|| {
            for (y, a) in lines {
                for c in 0..channels.min(y.len()) {
                    y[c] = finish(affine(a[c], c), relu);
                }
            }
        }),
        Form::Residual => dispatch_loop(|| {
            for ((y, a), b) in lines.zip(other().chunks_exact(channels)) {
                for c in 0..channels {
                    y[c] = finish(affine(a[c], c) + b[c], relu);
                }
            }
        }),
        Form::Pair => {
            // SAFETY: inputs.
            let [mean_b, scale_b] =
                [slot::MEAN_B, slot::SCALE_B].map(|slot| unsafe { super::vector(call, slot, 0, channels) });
            dispatch_loop(|| {
                for ((y, a), b) in lines.zip(other().chunks_exact(channels)) {
                    for c in 0..channels {
                        let second = (b[c] - mean_b[c]) * scale_b[c];
                        y[c] = finish(affine(a[c], c) + second, relu);
                    }
                }
            });
        }
    }
}

/// Keeps NaN.
#[inline(always)]
fn finish(value: f32, relu: bool) -> f32 {
    if relu && value < 0.0 { 0.0 } else { value }
}
