//! Windows of an image unrolled into the rows of a matrix (im2col), block by block: a block stays in L2 cache while it is
//! multiplied, so that the whole matrix is never written.

use std::ops::Range;

/// Images \[count, height, width, channels\].
#[derive(Clone, Copy)]
pub struct Images<'a> {
    pub values: &'a [f32],
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

/// The pixels that a window is laid on, row by row, image after image: pixel (row, column) lies on the image's pixel
/// (row * stride + origin, column * stride + origin).
#[derive(Clone, Copy)]
pub struct Grid {
    pub rows: usize,
    pub columns: usize,
    pub stride: [usize; 2],
    pub origin: [isize; 2],
}

impl Images<'_> {
    /// Floats to a pixel of image `image`; None for one that lies outside.
    #[inline(always)]
    pub fn pixel(&self, image: usize, [row, column]: [isize; 2]) -> Option<usize> {
        let inside = row >= 0 && column >= 0 && row < self.height as isize && column < self.width as isize;
        let pixel = || (image * self.height + row as usize) * self.width + column as usize;
        inside.then(|| pixel() * self.channels)
    }
}

impl Grid {
    /// The image's pixel, row and column, under a tap of the window that is laid on pixel `at`.
    #[inline(always)]
    pub fn place(&self, at: [usize; 2], tap: [isize; 2]) -> [isize; 2] {
        [0, 1].map(|axis| (at[axis] * self.stride[axis]) as isize + self.origin[axis] + tap[axis])
    }
}

/// A place of the window, and those right of it that follow it in memory.
#[derive(Clone, Copy)]
pub struct Tap {
    pub row: isize,
    pub column: isize,
    pub neighbours: usize,
}

/// Where unrolled windows go: what a tap sees from a pixel to `block[pixel * step + offset ..]`.
pub struct Unrolled<'a> {
    pub block: &'a mut [f32],
    pub step: usize,
    pub offset: usize,
}

/// Writes what `tap` sees from the given pixels of the grid: the image's `channels` of each neighbour, zero where it lies
/// outside.
pub fn gather(
    images: Images,
    grid: Grid,
    tap: Tap,
    channels: Range<usize>,
    pixels: Range<usize>,
    Unrolled { block, step, offset }: Unrolled,
) {
    let run = channels.len();
    let whole = run == images.channels;
    let mut pixel = pixels.start;
    while pixel < pixels.end {
        let column = pixel % grid.columns;
        let row = pixel / grid.columns % grid.rows;
        let image = pixel / grid.columns / grid.rows;
        let count = (grid.columns - column).min(pixels.end - pixel);
        let y = (row * grid.stride[0]) as isize + grid.origin[0] + tap.row;
        let inside = y >= 0 && y < images.height as isize;
        let line = if inside {
            (image * images.height + y as usize) * images.width
        } else {
            0
        };
        let mut x = (column * grid.stride[1]) as isize + grid.origin[1] + tap.column;
        let first = (pixel - pixels.start) * step + offset;
        for place in 0..count {
            let to = &mut block[first + place * step..][..run * tap.neighbours];
            // Neighbours inside the image.
            let low = (-x).clamp(0, tap.neighbours as isize) as usize;
            let high = (images.width as isize - x).clamp(low as isize, tap.neighbours as isize) as usize;
            if !inside || low == high {
                to.fill(0.0);
            } else {
                to[..low * run].fill(0.0);
                to[high * run..].fill(0.0);
                let pixel = line + (x + low as isize) as usize;
                if whole {
                    let from = pixel * run;
                    to[low * run..high * run].copy_from_slice(&images.values[from..from + (high - low) * run]);
                } else {
                    for (index, to) in to[low * run..high * run].chunks_exact_mut(run).enumerate() {
                        let from = (pixel + index) * images.channels + channels.start;
                        to.copy_from_slice(&images.values[from..from + run]);
                    }
                }
            }
            x += grid.stride[1] as isize;
        }
        pixel += count;
    }
}
