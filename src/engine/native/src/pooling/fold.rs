//! What the places of each window come to, channel by channel: the loops that both poolings share. Shares are ranges of the
//! results' rows.

use pulp::{Simd, WithSimd};

use super::windows::Windows;
use crate::call::Call;
use crate::simd::{dispatch, load_part, store_part};
use crate::slots::max_pool as slot;

/// How a window's places are put together.
pub trait Fold: Copy {
    /// What there is before the first of so many places, and what each weighs.
    fn start<S: Simd>(self, simd: S, places: usize) -> (S::f32s, S::f32s);
    /// With one place more.
    fn add<S: Simd>(self, simd: S, sum: S::f32s, place: S::f32s, weight: S::f32s) -> S::f32s;
}

/// Folds the windows of x into y; all kernels of pooling forward have these where maxPool has them.
pub fn fold_windows(call: &Call, fold: impl Fold) {
    let windows = Windows::read(call);
    dispatch(FoldWindows {
        fold,
        rows: call.share(windows.batch * windows.rows.outputs),
        x: call.heap.pointer::<f32>(call.pointer(slot::X), windows.inputs()),
        y: call.heap.pointer(call.pointer(slot::Y), windows.outputs()),
        windows,
    });
}

struct FoldWindows<F> {
    fold: F,
    windows: Windows,
    rows: std::ops::Range<usize>,
    x: *const f32,
    y: *mut f32,
}

impl<F: Fold> WithSimd for FoldWindows<F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let FoldWindows {
            fold,
            windows,
            rows,
            x,
            y,
        } = self;
        for row in rows {
            let (image, p) = (row / windows.rows.outputs, row % windows.rows.outputs);
            let lines = windows.rows.places(p);
            for q in 0..windows.columns.outputs {
                let columns = windows.columns.places(q);
                let (start, weight) = fold.start(simd, lines.len() * columns.len());
                for c in (0..windows.channels).step_by(S::F32_LANES) {
                    let lanes = S::F32_LANES.min(windows.channels - c);
                    let mut sum = start;
                    for line in lines.clone() {
                        for column in columns.clone() {
                            // SAFETY: a place of the images, which lie in the heap.
                            let place =
                                unsafe { load_part(simd, x.add(windows.input(image, line, column) + c), lanes) };
                            sum = fold.add(simd, sum, place, weight);
                        }
                    }
                    // SAFETY: these results are this share's own.
                    unsafe { store_part(simd, y.add(windows.output(image, p, q) + c), lanes, sum) };
                }
            }
        }
    }
}
