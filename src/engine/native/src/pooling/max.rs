//! maxPool: the greatest of each window; maxPoolGrad: dy to the first place, in reading order, that holds it.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::fold::{Fold, fold_windows};
use super::windows::Windows;
use crate::call::Call;
use crate::simd::{dispatch, greater, load_part, store_part};
use crate::slots::max_pool_grad as grad_slot;

pub fn max_pool(call: &Call) {
    fold_windows(call, Greatest);
}

#[derive(Clone, Copy)]
struct Greatest;

impl Fold for Greatest {
    #[inline(always)]
    fn start<S: Simd>(self, simd: S, _places: usize) -> (S::f32s, S::f32s) {
        (simd.splat_f32s(f32::NEG_INFINITY), simd.splat_f32s(1.0))
    }

    #[inline(always)]
    fn add<S: Simd>(self, simd: S, most: S::f32s, place: S::f32s, _weight: S::f32s) -> S::f32s {
        greater(simd, most, place)
    }
}

/// Channels of a task of the gradient: a line of the cache.
const TASK_CHANNELS: usize = 16;

/// Neighbouring windows write to the same places, so that shares are ranges of (image, 16 channels), of which no two share one.
pub fn max_pool_grad(call: &Call) {
    use grad_slot as slot;
    let windows = Windows::read(call);
    let [x, y, dy]: [*const f32; 3] = [
        (slot::X, windows.inputs()),
        (slot::Y, windows.outputs()),
        (slot::DY, windows.outputs()),
    ]
    .map(|(slot, floats)| call.heap.pointer::<f32>(call.pointer(slot), floats).cast_const());
    let dx: *mut f32 = call.heap.pointer(call.pointer(slot::DX), windows.inputs());
    let tasks = call.share(windows.batch * windows.channels.div_ceil(TASK_CHANNELS));
    dispatch(Backward {
        windows,
        tasks,
        x,
        y,
        dy,
        dx,
    });
}

struct Backward {
    windows: Windows,
    tasks: Range<usize>,
    x: *const f32,
    y: *const f32,
    dy: *const f32,
    dx: *mut f32,
}

impl WithSimd for Backward {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let blocks = self.windows.channels.div_ceil(TASK_CHANNELS);
        for task in self.tasks.clone() {
            let first = task % blocks * TASK_CHANNELS;
            let channels = first..self.windows.channels.min(first + TASK_CHANNELS);
            for c in channels.clone().step_by(S::F32_LANES) {
                self.spread(simd, task / blocks, c, S::F32_LANES.min(channels.end - c));
            }
        }
    }
}

impl Backward {
    /// All windows of an image, in `lanes` channels from `channel` on.
    #[inline(always)]
    fn spread<S: Simd>(&self, simd: S, image: usize, channel: usize, lanes: usize) {
        let windows = &self.windows;
        let zero = simd.splat_f32s(0.0);
        for place in 0..windows.rows.size * windows.columns.size {
            let at = windows.input(image, 0, place) + channel;
            // SAFETY: a place of the images; these channels of them are this task's own.
            unsafe { store_part(simd, self.dx.add(at), lanes, zero) };
        }
        for p in 0..windows.rows.outputs {
            let lines = windows.rows.places(p);
            for q in 0..windows.columns.outputs {
                let at = windows.output(image, p, q) + channel;
                // SAFETY: a place of the results.
                let (most, mut gradient) = unsafe {
                    (
                        load_part(simd, self.y.add(at), lanes),
                        load_part(simd, self.dy.add(at), lanes),
                    )
                };
                for line in lines.clone() {
                    for column in windows.columns.places(q) {
                        let at = windows.input(image, line, column) + channel;
                        // SAFETY: a place of the images; these channels of them are this task's own.
                        unsafe {
                            let here = simd.equal_f32s(load_part(simd, self.x.add(at), lanes), most);
                            let given = simd.select_f32s(here, gradient, zero);
                            let sum = simd.add_f32s(load_part(simd, self.dx.add(at), lanes), given);
                            store_part(simd, self.dx.add(at), lanes, sum);
                            gradient = simd.select_f32s(here, zero, gradient);
                        }
                    }
                }
            }
        }
    }
}
