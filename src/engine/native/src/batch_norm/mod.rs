//! Batch norm over channels-last rows, forward and backward, with a residual or a second normalised input and ReLU folded in:
//!
//! ```text
//! y = relu?(normalise(a) + other),   normalise(a) = (a - mean) * scale + shift
//! ```
//!
//! M rows of C channels; shares are ranges of rows. Each pass streams over memory once, which is its cost.

pub mod apply;
pub mod grad;
pub mod moments;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::call::Call;

/// What is added to the first normalised input.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Alone,
    Residual,
    Pair,
}

impl Form {
    fn read(call: &Call, slot: usize) -> Self {
        match call.size(slot) {
            0 => Form::Alone,
            1 => Form::Residual,
            2 => Form::Pair,
            form => panic!("batch norm: form must be 0, 1 or 2, got {form}"),
        }
    }
}

/// Floats of each tensor that are gone through at a time.
const BLOCK_FLOATS: usize = if cfg!(test) { 512 } else { 16_384 };

/// Ranges of `rows`, the last first: what the pass before this one has read last is still in cache, and so will be for the
/// next kernel what it reads first.
fn blocks_from_the_end(rows: Range<usize>, channels: usize) -> impl Iterator<Item = Range<usize>> {
    let step = (BLOCK_FLOATS / channels.max(1)).max(1);
    let end = rows.end;
    rows.step_by(step).rev().map(move |first| first..end.min(first + step))
}

/// Rows `start..start + count` of a tensor of C channels.
///
/// # Safety
/// As of `Heap::read`.
unsafe fn rows(call: &Call, slot: usize, start: usize, count: usize, channels: usize) -> &[f32] {
    // SAFETY: as the caller vouches.
    unsafe {
        call.heap
            .read(call.pointer(slot) + 4 * start * channels, count * channels)
    }
}

/// A vector of C floats, number `index` of those that lie at the slot's pointer.
///
/// # Safety
/// As of `Heap::read`.
unsafe fn vector(call: &Call, slot: usize, index: usize, channels: usize) -> &[f32] {
    // SAFETY: as the caller vouches.
    unsafe { rows(call, slot, index, 1, channels) }
}
