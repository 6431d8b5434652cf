//! Convolutions in which each channel is a group of its own, with one filter, w \[R, S, C\]: a matrix product a channel would be
//! all overhead. Vectors run over channels, which lie side by side in images and filters alike.
//!
//! depthwiseConvolution: y = epilogue(x * w); without a stride, and with the window mirrored, the gradient with respect to
//! the input too.
//! depthwiseFilterGrad: the gradient with respect to the filter. (With a stride, that with respect to the input is a convolution
//! for each phase: taps.rs.)

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::window::{Grid, Images};
use crate::call::Call;
use crate::simd::{dispatch, load, load_part, store, store_part};
use crate::slots::{depthwise_convolution as slot, depthwise_filter_grad as grad_slot};

/// What both kernels begin with.
struct Windows<'a> {
    count: usize,
    images: Images<'a>,
    grid: Grid,
    window: [usize; 2],
    dilation: [usize; 2],
}

impl<'a> Windows<'a> {
    fn read(call: &'a Call, x: usize) -> Self {
        let [count, height, width, channels] =
            [slot::IMAGES, slot::HEIGHT, slot::WIDTH, slot::CHANNELS].map(|slot| call.size(slot));
        // SAFETY: nobody writes to a kernel's inputs while it runs.
        let values = unsafe { call.heap.read(call.pointer(x), count * height * width * channels) };
        Windows {
            count,
            images: Images {
                values,
                height,
                width,
                channels,
            },
            grid: Grid {
                rows: call.size(slot::OUTPUT_ROWS),
                columns: call.size(slot::OUTPUT_COLUMNS),
                stride: [slot::STRIDE_Y, slot::STRIDE_X].map(|slot| call.size(slot)),
                origin: [slot::PAD_TOP, slot::PAD_LEFT].map(|slot| -call.integer(slot)),
            },
            window: [slot::WINDOW_ROWS, slot::WINDOW_COLUMNS].map(|slot| call.size(slot)),
            dilation: [slot::DILATION_Y, slot::DILATION_X].map(|slot| call.size(slot)),
        }
    }

    fn taps(&self) -> usize {
        self.window[0] * self.window[1]
    }

    /// Row and column of a place of the window.
    fn tap(&self, place: usize) -> [isize; 2] {
        [
            (place / self.window[1] * self.dilation[0]) as isize,
            (place % self.window[1] * self.dilation[1]) as isize,
        ]
    }
}

/// Shares are ranges of rows of y.
pub fn depthwise_convolution(call: &Call) {
    let windows = Windows::read(call, slot::X);
    let channels = windows.images.channels;
    let mirrored = call.flag(slot::MIRRORED);
    let taps: Vec<DepthwiseTap> = (0..windows.taps())
        .map(|place| {
            let [row, column] = windows.tap(place);
            let at = if mirrored { windows.taps() - 1 - place } else { place };
            DepthwiseTap {
                row,
                column,
                filter: at * channels,
            }
        })
        .collect();
    let row_floats = windows.grid.columns * channels;
    let filter = call.heap.pointer(call.pointer(slot::W), windows.taps() * channels);
    let shift = call
        .optional(slot::SHIFT)
        .map(|at| call.heap.pointer::<f32>(at, channels).cast_const());
    for row in call.share(windows.count * windows.grid.rows) {
        let at = 4 * row * row_floats;
        let residual = call
            .optional(slot::RESIDUAL)
            .map(|start| call.heap.pointer::<f32>(start + at, row_floats).cast_const());
        let row = DepthwiseRow {
            images: windows.images,
            grid: windows.grid,
            image: row / windows.grid.rows,
            row: row % windows.grid.rows,
            taps: &taps,
            filter,
            y: call.heap.pointer(call.pointer(slot::Y) + at, row_floats),
            step: channels,
            shift,
            residual,
            relu: call.flag(slot::RELU),
        };
        // SAFETY: all that is pointed to was checked to lie in the heap, and this row of y is this share's own.
        unsafe { row.compute() };
    }
}

/// One dw for each of `pixelShares` parts of the pixels, one after the other. Shares are ranges of (part, tap).
pub fn depthwise_filter_grad(call: &Call) {
    use grad_slot as slot;
    let windows = Windows::read(call, slot::X);
    let channels = windows.images.channels;
    let pixels = windows.count * windows.grid.rows * windows.grid.columns;
    // SAFETY: nobody writes to a kernel's inputs while it runs.
    let dy = unsafe { call.heap.read(call.pointer(slot::DY), pixels * channels) };
    let parts = call.size(slot::PIXEL_SHARES);
    for task in call.share(parts * windows.taps()) {
        let (part, place) = (task / windows.taps(), task % windows.taps());
        // SAFETY: no other task writes to this tap of this part's dw.
        let dw = unsafe { call.heap.write(call.pointer(slot::DW) + 4 * task * channels, channels) };
        let grad = DepthwiseFilterGrad {
            images: windows.images,
            dy,
            grid: windows.grid,
            tap: windows.tap(place),
            pixels: pixels * part / parts..pixels * (part + 1) / parts,
            dw,
        };
        grad.compute();
    }
}

/// Where a tap lies, from a pixel's place in the image, and where its filter, in floats.
#[derive(Clone, Copy)]
pub struct DepthwiseTap {
    pub row: isize,
    pub column: isize,
    pub filter: usize,
}

/// One row of pixels of a result: y\[column\]\[c\] = relu?(sum over taps of x\[pixel under the tap\]\[c\] w\[tap\]\[c\] + shift\[c\] +
/// residual\[column\]\[c\]).
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
    pub shift: Option<*const f32>,
    /// Lies as y does, and may be y.
    pub residual: Option<*const f32>,
    pub relu: bool,
}

impl DepthwiseRow<'_> {
    /// # Safety
    /// Filter, shift, residual and result must be accessible, and the row of the result written by nobody else.
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
                let at = column * self.step + c;
                let zero = simd.splat_f32s(0.0);
                // SAFETY: the caller vouches for shift and residual.
                let [shift, residual] = unsafe {
                    [
                        match self.shift {
                            Some(shift) => load_part(simd, shift.add(c), lanes),
                            None => zero,
                        },
                        match self.residual {
                            Some(residual) => load_part(simd, residual.add(at), lanes),
                            None => zero,
                        },
                    ]
                };
                let mut sum = shift;
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
                sum = simd.add_f32s(sum, residual);
                if self.relu {
                    sum = simd.select_f32s(simd.less_than_f32s(sum, zero), zero, sum);
                }
                // SAFETY: the caller vouches for the row of y.
                unsafe { store_part(simd, self.y.add(at), lanes, sum) };
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
