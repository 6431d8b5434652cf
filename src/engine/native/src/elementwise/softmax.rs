//! softmaxRows: of each row of x \[rows, columns\]. Equal to TensorFlow.js's Softmax. Shares are ranges of rows.

use pulp::{Simd, WithSimd};

use super::exponential::exponential;
use super::reduce::greatest;
use crate::call::Call;
use crate::simd::dispatch;
use crate::slots::softmax_rows as slot;

pub fn softmax_rows(call: &Call) {
    let columns = call.size(slot::COLUMNS);
    let rows = call.share(call.size(slot::ROWS));
    // SAFETY: x is an input, and these rows of y are ours alone.
    let (x, y) = unsafe {
        let place = |slot: usize| call.pointer(slot) + 4 * rows.start * columns;
        (
            call.heap.read::<f32>(place(slot::X), rows.len() * columns),
            call.heap.write::<f32>(place(slot::Y), rows.len() * columns),
        )
    };
    if columns > 0 {
        dispatch(Softmax { x, y, columns });
    }
}

struct Softmax<'a> {
    x: &'a [f32],
    y: &'a mut [f32],
    columns: usize,
}

impl WithSimd for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for (x, y) in self
            .x
            .chunks_exact(self.columns)
            .zip(self.y.chunks_exact_mut(self.columns))
        {
            row(simd, x, y);
        }
    }
}

#[inline(always)]
fn row<S: Simd>(simd: S, x: &[f32], y: &mut [f32]) {
    let most = simd.splat_f32s(greatest(simd, x));
    let (x, x_rest) = S::as_simd_f32s(x);
    let (y, y_rest) = S::as_mut_simd_f32s(y);
    let mut sums = simd.splat_f32s(0.0);
    for (x, y) in x.iter().zip(&mut *y) {
        *y = exponential(simd, simd.sub_f32s(*x, most));
        sums = simd.add_f32s(sums, *y);
    }
    let mut sum = simd.reduce_sum_f32s(sums);
    if !x_rest.is_empty() {
        let rest = exponential(simd, simd.sub_f32s(simd.partial_load_f32s(x_rest), most));
        simd.partial_store_f32s(y_rest, rest);
        sum += y_rest.iter().sum::<f32>();
    }
    let factor = 1.0 / sum;
    let factors = simd.splat_f32s(factor);
    for y in y {
        *y = simd.mul_f32s(*y, factors);
    }
    for y in y_rest {
        *y *= factor;
    }
}
