//! Which places of an image each window covers.

use std::ops::Range;

use crate::call::Call;
use crate::slots::max_pool as slot;

pub struct Windows {
    pub batch: usize,
    pub channels: usize,
    pub rows: Axis,
    pub columns: Axis,
}

/// Of the two along which windows are laid.
pub struct Axis {
    /// Places of the image.
    pub size: usize,
    pub outputs: usize,
    window: usize,
    stride: usize,
    padding: usize,
}

impl Windows {
    /// All kernels of pooling begin with these slots.
    pub fn read(call: &Call) -> Self {
        let axis = |slots: [usize; 5]| {
            let [size, outputs, window, stride, padding] = slots.map(|slot| call.size(slot));
            assert!(stride > 0, "pooling: a stride must be at least 1, got 0");
            Axis {
                size,
                outputs,
                window,
                stride,
                padding,
            }
        };
        let rows = [
            slot::HEIGHT,
            slot::OUTPUT_HEIGHT,
            slot::WINDOW_HEIGHT,
            slot::STRIDE_HEIGHT,
            slot::PAD_TOP,
        ];
        let columns = [
            slot::WIDTH,
            slot::OUTPUT_WIDTH,
            slot::WINDOW_WIDTH,
            slot::STRIDE_WIDTH,
            slot::PAD_LEFT,
        ];
        Windows {
            batch: call.size(slot::BATCH),
            channels: call.size(slot::CHANNELS),
            rows: axis(rows),
            columns: axis(columns),
        }
    }

    /// Floats of the images.
    pub fn inputs(&self) -> usize {
        self.batch * self.rows.size * self.columns.size * self.channels
    }

    /// Floats of the results.
    pub fn outputs(&self) -> usize {
        self.batch * self.rows.outputs * self.columns.outputs * self.channels
    }

    /// Floats from the start of the images to a place of image `image`.
    #[inline(always)]
    pub fn input(&self, image: usize, row: usize, column: usize) -> usize {
        ((image * self.rows.size + row) * self.columns.size + column) * self.channels
    }

    /// Floats from the start of the results to a window of image `image`.
    #[inline(always)]
    pub fn output(&self, image: usize, row: usize, column: usize) -> usize {
        ((image * self.rows.outputs + row) * self.columns.outputs + column) * self.channels
    }
}

impl Axis {
    /// The image's places that window `output` covers.
    #[inline(always)]
    pub fn places(&self, output: usize) -> Range<usize> {
        let start = output * self.stride;
        let end = (start + self.window).saturating_sub(self.padding).min(self.size);
        start.saturating_sub(self.padding).min(end)..end
    }

    /// The windows that cover a place of the image.
    #[inline(always)]
    pub fn windows(&self, place: usize) -> Range<usize> {
        let at = place + self.padding;
        let end = (at / self.stride + 1).min(self.outputs);
        let first = (at + self.stride).saturating_sub(self.window) / self.stride;
        first.min(end)..end
    }
}
