//! averagePool: the mean of each window over the places that exist; averagePoolGrad: to each place the shares of all windows
//! that cover it. Shares are ranges of rows of what is written.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::fold::{Fold, fold_windows};
use super::windows::Windows;
use crate::call::Call;
use crate::simd::{dispatch, load_part, store_part};
use crate::slots::average_pool_grad as grad_slot;

pub fn average_pool(call: &Call) {
    fold_windows(call, Mean);
}

#[derive(Clone, Copy)]
struct Mean;

impl Fold for Mean {
    #[inline(always)]
    fn start<S: Simd>(self, simd: S, places: usize) -> (S::f32s, S::f32s) {
        let nothing = if places > 0 { 0.0 } else { f32::NAN };
        (simd.splat_f32s(nothing), simd.splat_f32s((1.0 / places as f64) as f32))
    }

    #[inline(always)]
    fn add<S: Simd>(self, simd: S, sum: S::f32s, place: S::f32s, weight: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(place, weight, sum)
    }
}

pub fn average_pool_grad(call: &Call) {
    use grad_slot as slot;
    let windows = Windows::read(call);
    dispatch(Backward {
        rows: call.share(windows.batch * windows.rows.size),
        dy: call.heap.pointer::<f32>(call.pointer(slot::DY), windows.outputs()),
        dx: call.heap.pointer(call.pointer(slot::DX), windows.inputs()),
        windows,
    });
}

struct Backward {
    windows: Windows,
    rows: Range<usize>,
    dy: *const f32,
    dx: *mut f32,
}

impl WithSimd for Backward {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Backward { windows, rows, dy, dx } = self;
        for row in rows {
            let (image, line) = (row / windows.rows.size, row % windows.rows.size);
            for column in 0..windows.columns.size {
                for c in (0..windows.channels).step_by(S::F32_LANES) {
                    let lanes = S::F32_LANES.min(windows.channels - c);
                    let mut sum = simd.splat_f32s(0.0);
                    for p in windows.rows.windows(line) {
                        for q in windows.columns.windows(column) {
                            let count = windows.rows.places(p).len() * windows.columns.places(q).len();
                            let factor = simd.splat_f32s((1.0 / count as f64) as f32);
                            // SAFETY: a place of the results, which lie in the heap.
                            let value = unsafe { load_part(simd, dy.add(windows.output(image, p, q) + c), lanes) };
                            sum = simd.mul_add_e_f32s(value, factor, sum);
                        }
                    }
                    // SAFETY: these places are this share's own.
                    unsafe { store_part(simd, dx.add(windows.input(image, line, column) + c), lanes, sum) };
                }
            }
        }
    }
}
