//! Convolutions in which each channel is a group of its own, with one filter: a matrix product a channel would be all overhead.
//! Vectors run over channels, which lie side by side in images and filters alike.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::window::{Grid, Images};
use crate::simd::{dispatch, load, load_part, store, store_part};

/// Where a tap lies, from a pixel's place in the image, and where its filter, in floats.
#[derive(Clone, Copy)]
pub struct DepthwiseTap {
    pub row: isize,
    pub column: isize,
    pub filter: usize,
}

/// One row of pixels of a result: y\[column\]\[c\] = sum over taps of x\[pixel under the tap\]\[c\] w\[tap\]\[c\].
pub struct DepthwiseRow<'a> {
    pub images: Images<'a>,
    pub grid: Grid,
    pub image: usize,
    pub row: usize,
    pub taps: &'a [DepthwiseTap],
    /// Has `channels` floats from each tap's place on.
    pub filter: *const f32,
    /// Of the row's first pixel; the next lies `step` floats on.
    pub y: *mut f32,
    pub step: usize,
}

impl DepthwiseRow<'_> {
    /// # Safety
    /// Filter and result must be accessible, and the row of the result written by nobody else.
    pub unsafe fn compute(self) {
        dispatch(self);
    }
}

impl WithSimd for DepthwiseRow<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let images = self.images;
        let channels = images.channels;
        let mut seen = Vec::with_capacity(self.taps.len());
        for column in 0..self.grid.columns {
            seen.clear();
            for tap in self.taps {
                let place = self.grid.place([self.row, column], [tap.row, tap.column]);
                if let Some(first) = images.pixel(self.image, place) {
                    assert!(
                        first + channels <= images.values.len(),
                        "depthwise: a tap must lie in the images"
                    );
                    seen.push((first, tap.filter));
                }
            }
            for c in (0..channels).step_by(S::F32_LANES) {
                let lanes = S::F32_LANES.min(channels - c);
                let mut sum = simd.splat_f32s(0.0);
                for &(first, filter) in &seen {
                    // SAFETY: a place of the images, as was checked, and of the filter, as the caller vouches.
                    let (x, w) = unsafe {
                        (
                            load_part(simd, images.values.as_ptr().add(first + c), lanes),
                            load_part(simd, self.filter.add(filter + c), lanes),
                        )
                    };
                    sum = simd.mul_add_e_f32s(x, w, sum);
                }
                // SAFETY: the caller vouches for the row of y.
                unsafe { store_part(simd, self.y.add(column * self.step + c), lanes, sum) };
            }
        }
    }
}

/// The gradient of one tap's filter, summed over pixels of the grid: dw\[c\] = sum of x\[pixel under the tap\]\[c\] dy\[pixel\]\[c\].
pub struct DepthwiseFilterGrad<'a> {
    pub images: Images<'a>,
    pub dy: &'a [f32],
    pub grid: Grid,
    /// Row and column of the tap.
    pub tap: [isize; 2],
    pub pixels: Range<usize>,
    pub dw: &'a mut [f32],
}

impl DepthwiseFilterGrad<'_> {
    pub fn compute(self) {
        dispatch(self);
    }
}

/// Vectors of channels that are summed side by side.
const ABREAST: usize = 4;

impl WithSimd for DepthwiseFilterGrad<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let DepthwiseFilterGrad { images, grid, tap, .. } = self;
        let channels = images.channels;
        assert!(
            self.dw.len() == channels,
            "depthwise: a filter must have a value a channel"
        );
        self.dw.fill(0.0);
        let mut pixel = self.pixels.start;
        // Row by row of the grid: what is read of it for one vector is in cache for the next.
        while pixel < self.pixels.end {
            let column = pixel % grid.columns;
            let count = (grid.columns - column).min(self.pixels.end - pixel);
            let (row, image) = (pixel / grid.columns % grid.rows, pixel / grid.columns / grid.rows);
            let inside = |column: usize| images.pixel(image, grid.place([row, column], tap));
            let mut columns = column..column + count;
            while columns.start < columns.end && inside(columns.start).is_none() {
                columns.start += 1;
            }
            while columns.start < columns.end && inside(columns.end - 1).is_none() {
                columns.end -= 1;
            }
            if let Some(first) = inside(columns.start).filter(|_| !columns.is_empty()) {
                let step = grid.stride[1] * channels;
                let x = &images.values[first..first + (columns.len() - 1) * step + channels];
                let line = (image * grid.rows + row) * grid.columns;
                let dy = &self.dy[(line + columns.start) * channels..(line + columns.end) * channels];
                add_line(simd, x, step, dy, &mut *self.dw);
            }
            pixel += count;
        }
    }
}

/// dw += the products of a line's pixels, which lie `step` floats apart in x.
#[inline(always)]
fn add_line<S: Simd>(simd: S, x: &[f32], step: usize, dy: &[f32], dw: &mut [f32]) {
    let channels = dw.len();
    let count = dy.len() / channels;
    let mut c = 0;
    while c < channels {
        // SAFETY: channels c and on of each pixel lie in the slices: of x the last one's were asked for.
        unsafe {
            if c + ABREAST * S::F32_LANES <= channels {
                let mut sums = [simd.splat_f32s(0.0); ABREAST];
                for pixel in 0..count {
                    for (v, sum) in sums.iter_mut().enumerate() {
                        let at = c + v * S::F32_LANES;
                        let x = load(simd, x.as_ptr().add(pixel * step + at));
                        *sum = simd.mul_add_e_f32s(x, load(simd, dy.as_ptr().add(pixel * channels + at)), *sum);
                    }
                }
                for (v, sum) in sums.into_iter().enumerate() {
                    let to = dw.as_mut_ptr().add(c + v * S::F32_LANES);
                    store(simd, to, simd.add_f32s(load(simd, to), sum));
                }
                c += ABREAST * S::F32_LANES;
            } else {
                let lanes = S::F32_LANES.min(channels - c);
                let mut sum = simd.splat_f32s(0.0);
                for pixel in 0..count {
                    let x = load_part(simd, x.as_ptr().add(pixel * step + c), lanes);
                    sum = simd.mul_add_e_f32s(x, load_part(simd, dy.as_ptr().add(pixel * channels + c), lanes), sum);
                }
                let to = dw.as_mut_ptr().add(c);
                store_part(simd, to, lanes, simd.add_f32s(load_part(simd, to, lanes), sum));
                c += lanes;
            }
        }
    }
}
