//! convolutionFilterGrad: dw\[tap\]\[channel\]\[n\] = sum over output pixels p: x\[pixel of p under the tap\]\[channel\] dy\[p\]\[n\].
//! Equals the gradient of tf.conv2d with respect to its filter; with a 1x1 window, A^T B for a deep A.
//!
//! Tasks are pixelShares x rowShares x blocks of columns, taken from a counter. Where dw is small, the pixels are shared out, each
//! share sums a dw of its own, and sumShares adds these in their order; where it is large, its rows are. A block of pixels is
//! unrolled into working memory, unless the window is a single pixel: then x is read where it lies.

use std::ops::Range;

use super::window::{Grid, Images, Tap, Unrolled, gather};
use crate::call::Call;
use crate::matrix::multiply::{Matrix, Size, multiply};
use crate::scratch::with_scratch;
use crate::slots::{convolution_filter_grad as slot, sum_shares as sum_slot};

/// Floats of unrolled windows at a time: 1 MiB, half of a large L2 cache.
const BLOCK_FLOATS: usize = 262_144;

/// Columns of a task at most. The product packs columns x pixels for itself, and rows x pixels: a task that is about as high as
/// wide packs least.
const TASK_COLUMNS: usize = if cfg!(test) { 32 } else { 256 };

struct FilterGrad<'a> {
    images: Images<'a>,
    dy: &'a [f32],
    grid: Grid,
    window: [usize; 2],
    dilation: [usize; 2],
    group_channels: usize,
    output_channels: usize,
    group_columns: usize,
}

pub fn convolution_filter_grad(call: &Call) {
    let [images, height, width, channels] =
        [slot::IMAGES, slot::HEIGHT, slot::WIDTH, slot::CHANNELS].map(|slot| call.size(slot));
    let [rows, columns, output_channels] =
        [slot::OUTPUT_ROWS, slot::OUTPUT_COLUMNS, slot::OUTPUT_CHANNELS].map(|slot| call.size(slot));
    let pixels = images * rows * columns;
    // SAFETY: nobody writes to a kernel's inputs while it runs.
    let (values, dy) = unsafe {
        let x = call
            .heap
            .read::<f32>(call.pointer(slot::X), images * height * width * channels);
        (
            x,
            call.heap.read::<f32>(call.pointer(slot::DY), pixels * output_channels),
        )
    };
    let grad = FilterGrad {
        images: Images {
            values,
            height,
            width,
            channels,
        },
        dy,
        grid: Grid {
            rows,
            columns,
            stride: [slot::STRIDE_Y, slot::STRIDE_X].map(|slot| call.size(slot)),
            origin: [slot::PAD_TOP, slot::PAD_LEFT].map(|slot| -call.integer(slot)),
        },
        window: [slot::WINDOW_ROWS, slot::WINDOW_COLUMNS].map(|slot| call.size(slot)),
        dilation: [slot::DILATION_Y, slot::DILATION_X].map(|slot| call.size(slot)),
        group_channels: call.size(slot::GROUP_CHANNELS),
        output_channels,
        group_columns: call.size(slot::GROUP_COLUMNS),
    };
    let groups = call.size(slot::GROUPS);
    assert!(
        groups * grad.group_channels == channels && groups * grad.group_columns == output_channels,
        "convolutionFilterGrad: {groups} groups must share out {channels} and {output_channels} channels, got {} and {} each",
        grad.group_channels,
        grad.group_columns
    );
    let filter_rows = grad.window[0] * grad.window[1] * grad.group_channels;
    let size = filter_rows * output_channels;
    let [pixel_shares, row_shares] = [slot::PIXEL_SHARES, slot::ROW_SHARES].map(|slot| call.size(slot));
    let share = |count: usize, index: usize, of: usize| count * index / of..count * (index + 1) / of;
    let column_tasks = grad.group_columns.div_ceil(TASK_COLUMNS).max(1);
    let width = grad.group_columns.div_ceil(column_tasks).next_multiple_of(16);
    for task in call.tasks(slot::COUNTER, pixel_shares * row_shares * column_tasks) {
        let (column, task) = (task % column_tasks * width, task / column_tasks);
        let columns = column.min(grad.group_columns)..grad.group_columns.min(column + width);
        let pixel_share = task / row_shares;
        let pixels = share(pixels, pixel_share, pixel_shares);
        // In steps of eight rows, as many as the product takes at once.
        let blocks = share(filter_rows.div_ceil(8), task % row_shares, row_shares);
        let rows = blocks.start * 8..filter_rows.min(blocks.end * 8);
        if rows.is_empty() || columns.is_empty() {
            continue;
        }
        let dw = call
            .heap
            .pointer::<f32>(call.pointer(slot::DW) + 4 * pixel_share * size, size);
        for group in 0..groups {
            let part = Part {
                group,
                rows: rows.clone(),
                columns: columns.clone(),
            };
            grad.sum(&part, pixels.clone(), dw);
        }
    }
}

/// Rows and columns of a group's dw.
struct Part {
    group: usize,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl FilterGrad<'_> {
    /// A part of dw, summed over pixels.
    fn sum(&self, part: &Part, pixels: Range<usize>, dw: *mut f32) {
        let Part { group, rows, columns } = part;
        let column = group * self.group_columns + columns.start;
        let step = self.output_channels;
        let size = |depth: usize| Size {
            rows: rows.len(),
            columns: columns.len(),
            depth,
        };
        let dy = |pixel: usize| Matrix::rows(self.dy[pixel * step + column..].as_ptr(), step);
        // SAFETY: dw has the filter's rows, `step` floats each, and no other task writes to these.
        let dw = unsafe { dw.add(rows.start * step + column) };
        if pixels.is_empty() {
            let nothing = Matrix::rows(self.dy.as_ptr(), 0);
            // SAFETY: with no depth neither operand is read.
            unsafe { multiply(dw, step, nothing, nothing, size(0), false) };
        } else if self.is_pointwise() {
            let first = pixels.start * self.images.channels + group * self.group_channels + rows.start;
            let x = Matrix::rows(self.images.values[first..].as_ptr(), self.images.channels).transposed();
            // SAFETY: x and dy have all these pixels.
            unsafe { multiply(dw, step, x, dy(pixels.start), size(pixels.len()), false) };
        } else {
            let most = (BLOCK_FLOATS / rows.len()).clamp(64, 512);
            with_scratch(most * rows.len(), |block| {
                for first in pixels.clone().step_by(most) {
                    let seen = first..pixels.end.min(first + most);
                    self.unroll(*group, rows.clone(), seen.clone(), block);
                    let windows = Matrix::rows(block.as_ptr(), rows.len()).transposed();
                    // SAFETY: the block was just filled, and dy has all these pixels.
                    unsafe { multiply(dw, step, windows, dy(first), size(seen.len()), first > pixels.start) };
                }
            });
        }
    }

    /// Whether pixel p of dy lies on pixel p of x and sees no other.
    fn is_pointwise(&self) -> bool {
        let same = self.grid.rows == self.images.height && self.grid.columns == self.images.width;
        self.window == [1, 1] && self.grid.stride == [1, 1] && self.grid.origin == [0, 0] && same
    }

    /// block\[pixel\]\[row\] of x.
    fn unroll(&self, group: usize, rows: Range<usize>, pixels: Range<usize>, block: &mut [f32]) {
        let mut row = rows.start;
        while row < rows.end {
            let place = row / self.group_channels;
            let channel = row % self.group_channels;
            let left = rows.end - row;
            // Places of a row of the window that follow each other in x too are copied at once.
            let follow = self.dilation[1] == 1 && self.group_channels == self.images.channels && channel == 0;
            let neighbours = match left / self.group_channels {
                whole if follow && whole > 1 => whole.min(self.window[1] - place % self.window[1]),
                _ => 1,
            };
            let run = (self.group_channels - channel).min(left);
            let tap = Tap {
                row: (place / self.window[1] * self.dilation[0]) as isize,
                column: (place % self.window[1] * self.dilation[1]) as isize,
                neighbours,
            };
            let first = group * self.group_channels + channel;
            let channels = first..first + run;
            gather(
                self.images,
                self.grid,
                tap,
                channels,
                pixels.clone(),
                Unrolled {
                    block,
                    step: rows.len(),
                    offset: row - rows.start,
                },
            );
            row += run * neighbours;
        }
    }
}

/// sumShares: total = share 0 + share 1 + ..., added in this order.
pub fn sum_shares(call: &Call) {
    let [count, shares] = [sum_slot::COUNT, sum_slot::SHARE_COUNT].map(|slot| call.size(slot));
    let part = call.line_share(count);
    // SAFETY: the shares are inputs, and this part of the total is ours alone.
    let (all, total) = unsafe {
        let all = call.heap.read::<f32>(call.pointer(sum_slot::SHARES), count * shares);
        (
            all,
            call.heap
                .write::<f32>(call.pointer(sum_slot::TOTAL) + 4 * part.start, part.len()),
        )
    };
    total.copy_from_slice(&all[part.clone()]);
    for share in 1..shares {
        for (sum, value) in total.iter_mut().zip(&all[share * count + part.start..]) {
            *sum += value;
        }
    }
}
