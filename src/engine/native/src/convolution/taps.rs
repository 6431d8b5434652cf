//! convolution: y\[b\]\[row\]\[column\] = epilogue(sum over taps and channels of x * w), NHWC, in groups of channels.
//!
//! With the taps of a window it equals tf.conv2d; with those of the mirrored window, w transposed and one call for each phase
//! of the stride, the gradient of tf.conv2d with respect to its input (../../wasm/kernels/convolution-plan.ts works out taps
//! and phases). Tasks are blocks of pixels x columns x groups, taken from a counter; each unrolls its windows into working
//! memory, some taps at a time, and multiplies these by the filter's rows.

use super::depthwise::{DepthwiseRow, DepthwiseTap};
use super::window::{Grid, Images, Tap, Unrolled, gather};
use crate::call::Call;
use crate::matrix::epilogue::{Block, Epilogue};
use crate::matrix::multiply::{Matrix, Size, multiply, task_count};
use crate::scratch::with_scratch;
use crate::slots::convolution as slot;

struct TapPlace {
    tap: Tap,
    /// Floats from the filter's start.
    filter: usize,
}

struct Convolution<'a> {
    call: &'a Call,
    images: Images<'a>,
    grid: Grid,
    taps: Vec<TapPlace>,
    /// Floats of x that a tap sees.
    run: usize,
    group_channels: usize,
    group_columns: usize,
    /// Floats from one row of the filter to the next, and from one group to the next.
    filter_step: usize,
    group_step: usize,
    transposed: bool,
    filter: *const f32,
    /// Floats of y from one column, row, image to the next, and the first.
    steps: [usize; 3],
    start: usize,
    y: usize,
    epilogue: Epilogue,
}

pub fn convolution(call: &Call) {
    let [images, height, width, channels] =
        [slot::IMAGES, slot::HEIGHT, slot::WIDTH, slot::CHANNELS].map(|slot| call.size(slot));
    let [rows, columns, groups] = [slot::OUTPUT_ROWS, slot::OUTPUT_COLUMNS, slot::GROUPS].map(|slot| call.size(slot));
    let floats = |slot: usize| call.size(slot) / 4;
    let group_channels = call.size(slot::GROUP_CHANNELS);
    let group_columns = call.size(slot::GROUP_COLUMNS);
    let run = call.size(slot::RUN);
    let transposed = call.flag(slot::TRANSPOSED);
    let filter_step = floats(slot::FILTER_ROW_BYTES);
    // SAFETY: nobody writes to a kernel's inputs while it runs.
    let values = unsafe {
        call.heap
            .read::<f32>(call.pointer(slot::X), images * height * width * channels)
    };
    let taps = read_taps(call, run / group_channels.max(1), width, channels);
    // The last element of the filter that is read.
    let depth_of_tap = if transposed { group_columns.max(1) } else { run.max(1) };
    let group_step = floats(slot::GROUP_BYTES);
    let reach = taps.iter().map(|place| place.filter).max().unwrap_or(0) + (groups - 1) * group_step;
    let filter_floats = reach + (depth_of_tap - 1) * filter_step + if transposed { run } else { group_columns };
    let filter = call
        .heap
        .pointer(call.pointer(slot::W), if taps.is_empty() { 0 } else { filter_floats });
    let convolution = Convolution {
        call,
        images: Images {
            values,
            height,
            width,
            channels,
        },
        grid: Grid {
            rows,
            columns,
            stride: [slot::STRIDE_Y, slot::STRIDE_X].map(|slot| call.size(slot)),
            origin: [slot::ORIGIN_Y, slot::ORIGIN_X].map(|slot| call.integer(slot)),
        },
        taps,
        run,
        group_channels,
        group_columns,
        filter_step,
        group_step,
        transposed,
        filter,
        steps: [slot::COLUMN_STEP, slot::ROW_STEP, slot::IMAGE_STEP].map(floats),
        start: floats(slot::START),
        y: call.pointer(slot::Y),
        epilogue: Epilogue::read(call, slot::SHIFT),
    };
    if groups > 1 && group_channels == 1 && group_columns == 1 {
        convolution.run_depthwise(images * rows);
    } else {
        convolution.run(images * rows * columns, groups);
    }
}

/// Offsets of a table count pixels of rows that are as wide as a band, which holds the group's channels alone, or as x.
fn read_taps(call: &Call, neighbours: usize, width: usize, channels: usize) -> Vec<TapPlace> {
    let table_width = call.size(slot::BAND_WIDTH);
    let (width, pixel) = if table_width == 0 {
        (width, channels)
    } else {
        (table_width, call.size(slot::GROUP_CHANNELS))
    };
    // SAFETY: nobody writes to the table while the kernel runs.
    let table = unsafe {
        call.heap
            .read::<u32>(call.pointer(slot::TAPS), 2 * call.size(slot::TAP_COUNT))
    };
    table
        .chunks_exact(2)
        .map(|entry| {
            let place = entry[0] as usize / (4 * pixel);
            let tap = Tap {
                row: (place / width) as isize,
                column: (place % width) as isize,
                neighbours,
            };
            TapPlace {
                tap,
                filter: entry[1] as usize / 4,
            }
        })
        .collect()
}

/// Floats of unrolled windows in a task: 1 MiB, half of a large L2 cache.
const BLOCK_FLOATS: usize = 262_144;

/// Depth that is multiplied at once, if a tap is not longer.
const BLOCK_DEPTH: usize = 1536;

impl Convolution<'_> {
    fn run(&self, pixels: usize, groups: usize) {
        let depth = self.taps.len() * self.run;
        let blocks = depth.div_ceil(BLOCK_DEPTH).max(1);
        let taps_per_block = self.taps.len().div_ceil(blocks).max(1);
        let step = taps_per_block * self.run;
        // The same tasks on any number of threads, so that the sums are the same.
        let wanted = task_count(pixels * depth * self.group_columns * groups).div_ceil(groups);
        // Many pixels: tasks share those out and take all columns, else they take fewer columns too.
        let most = (BLOCK_FLOATS / step.max(1)).clamp(64, 512);
        let pixel_tasks = pixels.div_ceil(most).max(wanted.min(pixels.div_ceil(128)));
        let pixels_per_task = pixels.div_ceil(pixel_tasks);
        let pixel_tasks = pixels.div_ceil(pixels_per_task);
        let column_tasks = wanted.div_ceil(pixel_tasks).min(self.group_columns.div_ceil(64)).max(1);
        let columns_per_task = self.group_columns.div_ceil(column_tasks).next_multiple_of(16);
        let column_tasks = self.group_columns.div_ceil(columns_per_task);
        let direct = self.is_contiguous();
        let result = if direct { 0 } else { pixels_per_task * columns_per_task };
        with_scratch(pixels_per_task * step + result, |scratch| {
            let (block, result) = scratch.split_at_mut(pixels_per_task * step);
            for task in self.call.tasks(slot::COUNTER, pixel_tasks * column_tasks * groups) {
                let first = task % pixel_tasks * pixels_per_task;
                let column = task / pixel_tasks % column_tasks * columns_per_task;
                let tile = Tile {
                    group: task / (pixel_tasks * column_tasks),
                    pixels: first..pixels.min(first + pixels_per_task),
                    column,
                    columns: columns_per_task.min(self.group_columns - column),
                };
                if direct {
                    self.multiply_in_place(&tile, taps_per_block, block);
                } else {
                    self.multiply_tile(&tile, taps_per_block, block, result.as_mut_ptr(), tile.columns);
                    self.scatter(&tile, result);
                }
            }
        });
    }

    /// A channel a group: tasks are rows of pixels.
    fn run_depthwise(&self, rows: usize) {
        let [column_step, row_step, image_step] = self.steps;
        let (columns, channels) = (self.grid.columns, self.images.channels);
        if columns == 0 {
            return;
        }
        let taps: Vec<DepthwiseTap> = self
            .taps
            .iter()
            .flat_map(|place| {
                (0..place.tap.neighbours).map(|neighbour| DepthwiseTap {
                    row: place.tap.row,
                    column: place.tap.column + neighbour as isize,
                    filter: place.filter + neighbour * self.filter_step,
                })
            })
            .collect();
        for task in self.call.tasks(slot::COUNTER, rows) {
            let (image, row) = (task / self.grid.rows, task % self.grid.rows);
            let first = self.start + image * image_step + row * row_step;
            let reach = (columns - 1) * column_step + channels;
            let row = DepthwiseRow {
                images: self.images,
                grid: self.grid,
                image,
                row,
                taps: &taps,
                filter: self.filter,
                y: self.call.heap.pointer(self.y + 4 * first, reach),
                step: column_step,
                shift: None,
                residual: None,
                relu: false,
            };
            // SAFETY: the filter was checked to lie in the heap, and this row of y is this task's own.
            unsafe { row.compute() };
            let block = Block {
                result: self.y,
                first,
                column: 0,
                rows: columns,
                columns: channels,
                step: column_step,
            };
            self.epilogue.apply(self.call, block);
        }
    }

    /// Whether the pixels of y follow each other.
    fn is_contiguous(&self) -> bool {
        let [column, row, image] = self.steps;
        row == self.grid.columns * column && image == self.grid.rows * row
    }

    fn multiply_in_place(&self, tile: &Tile, taps_per_block: usize, block: &mut [f32]) {
        let step = self.steps[0];
        let channel = tile.group * self.group_columns + tile.column;
        let first = self.start + tile.pixels.start * step + channel;
        let rows = tile.pixels.len();
        let y = self
            .call
            .heap
            .pointer(self.y + 4 * first, (rows - 1) * step + tile.columns);
        self.multiply_tile(tile, taps_per_block, block, y, step);
        let block = Block {
            result: self.y,
            first,
            column: channel,
            rows,
            columns: tile.columns,
            step,
        };
        self.epilogue.apply(self.call, block);
    }

    /// y = the sums of a tile, in rows `step` apart.
    fn multiply_tile(&self, tile: &Tile, taps_per_block: usize, block: &mut [f32], y: *mut f32, step: usize) {
        let rows = tile.pixels.len();
        let mut accumulate = false;
        if self.taps.is_empty() {
            let nothing = Matrix::rows(self.filter, 0);
            // SAFETY: with no depth neither operand is read, and y has room for the tile.
            unsafe {
                multiply(
                    y,
                    step,
                    nothing,
                    nothing,
                    Size {
                        rows,
                        columns: tile.columns,
                        depth: 0,
                    },
                    false,
                )
            };
        }
        let first = tile.group * self.group_channels;
        for taps in self.taps.chunks(taps_per_block) {
            let width = taps.len() * self.run;
            for (index, place) in taps.iter().enumerate() {
                let channels = first..first + self.group_channels;
                gather(
                    self.images,
                    self.grid,
                    place.tap,
                    channels,
                    tile.pixels.clone(),
                    Unrolled {
                        block,
                        step: width,
                        offset: index * self.run,
                    },
                );
            }
            // Rows of the filter that follow each other are multiplied at once.
            let follows = |pair: &[TapPlace]| pair[1].filter == pair[0].filter + self.run * self.filter_step;
            let together = if !self.transposed && taps.windows(2).all(follows) {
                taps.len()
            } else {
                1
            };
            for (index, taps) in taps.chunks(together).enumerate() {
                let windows = Matrix::rows(block[index * together * self.run..].as_ptr(), width);
                let size = Size {
                    rows,
                    columns: tile.columns,
                    depth: taps.len() * self.run,
                };
                // SAFETY: the block was just filled, the filter was checked to lie in the heap, and y is this task's own.
                unsafe {
                    let w = self.filter.add(taps[0].filter + tile.group * self.group_step);
                    let w = match self.transposed {
                        false => Matrix::rows(w.add(tile.column), self.filter_step),
                        true => Matrix::rows(w.add(tile.column * self.filter_step), self.filter_step).transposed(),
                    };
                    multiply(y, step, windows, w, size, accumulate);
                }
                accumulate = true;
            }
        }
    }

    /// Brings a finished tile to its pixels of y, where these do not follow each other.
    fn scatter(&self, tile: &Tile, result: &[f32]) {
        let [column_step, row_step, image_step] = self.steps;
        for (pixel, row) in tile.pixels.clone().zip(result.chunks_exact(tile.columns)) {
            let (line, column) = (pixel / self.grid.columns, pixel % self.grid.columns);
            let place = line / self.grid.rows * image_step + line % self.grid.rows * row_step + column * column_step;
            let channel = tile.group * self.group_columns + tile.column;
            let first = self.start + place + channel;
            // SAFETY: these floats are this task's own.
            unsafe { self.call.heap.write::<f32>(self.y + 4 * first, tile.columns) }.copy_from_slice(row);
            let (columns, step) = (tile.columns, column_step);
            self.epilogue.apply(
                self.call,
                Block {
                    result: self.y,
                    first,
                    column: channel,
                    rows: 1,
                    columns,
                    step,
                },
            );
        }
    }
}

/// What a task computes.
struct Tile {
    group: usize,
    pixels: std::ops::Range<usize>,
    /// Of the group.
    column: usize,
    columns: usize,
}
