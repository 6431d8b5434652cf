//! batchNormMoments: for each channel the sums of x - first and of its square, first being the channel's first value, so that
//! a mean far from zero costs no digits. partial is \[parts, 2, C\] float64.

use pulp::Simd;

use crate::call::Call;
use crate::rows::{Terms, sum_rows};
use crate::scratch::with_scratch;
use crate::slots::batch_norm_moments as slot;

#[derive(Clone, Copy)]
struct Moments;

impl Terms<1, 1, 2> for Moments {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, [x]: [S::f32s; 1], [first]: [S::f32s; 1], sums: [S::f32s; 2]) -> [S::f32s; 2] {
        let difference = simd.sub_f32s(x, first);
        [
            simd.add_f32s(sums[0], difference),
            simd.mul_add_e_f32s(difference, difference, sums[1]),
        ]
    }
}

pub fn batch_norm_moments(call: &Call) {
    let [rows, channels] = [slot::ROWS, slot::CHANNELS].map(|slot| call.size(slot));
    let part = call.share(rows);
    // SAFETY: x is an input, and this part's sums are ours alone.
    let (first, x, sums) = unsafe {
        let sums = call
            .heap
            .write::<f64>(call.pointer(slot::PARTIAL) + 16 * call.part * channels, 2 * channels);
        (
            super::vector(call, slot::X, 0, channels),
            super::rows(call, slot::X, part.start, part.len(), channels),
            sums,
        )
    };
    sums.fill(0.0);
    with_scratch(2 * channels, |partial| sum_rows(Moments, [x], [first], partial, sums));
}
