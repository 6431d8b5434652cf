//! normedProductGrad: both gradients of a product a = x w whose result goes through a batch norm. With g = dy where the ReLU let
//! it pass,
//!
//! ```text
//! da = direct g + linear (a - mean) + constant        dx = da w^T (+ residual)        dw = x^T da
//! ```
//!
//! da, which batchNormGradApply would write and both products read again, is made a block of rows at a time and multiplied while
//! it is in L2 cache. Tasks are shares of the rows, taken from a counter; each sums a dw of its own, and sumShares adds these
//! in their order.

use std::ops::Range;

use super::grad::{Line, LineRelu, factors};
use super::{rows, vector};
use crate::call::Call;
use crate::matrix::multiply::{Matrix, Size, multiply};
use crate::rows::map_rows;
use crate::scratch::with_scratch;
use crate::slots::normed_product_grad as slot;

pub fn normed_product_grad(call: &Call) {
    let [count, columns, depth] = [slot::ROWS, slot::COLUMNS, slot::DEPTH].map(|slot| call.size(slot));
    let shares = call.size(slot::SHARES);
    let step = call.size(slot::ROWS_PER_BLOCK).max(1);
    with_scratch(step * columns, |block| {
        for task in call.tasks(slot::COUNTER, shares) {
            let part = count * task / shares..count * (task + 1) / shares;
            let dw = call
                .heap
                .pointer::<f32>(call.pointer(slot::DW) + 4 * task * depth * columns, depth * columns);
            let size = |depth_of_sum: usize| Size {
                rows: depth,
                columns,
                depth: depth_of_sum,
            };
            if part.is_empty() {
                let nothing = Matrix::rows(dw.cast_const(), 0);
                // SAFETY: this share's dw is its own; with no depth neither operand is read.
                unsafe { multiply(dw, columns, nothing, nothing, size(0), false) };
            }
            for first in part.clone().step_by(step) {
                let seen = first..part.end.min(first + step);
                let da = &mut block[..seen.len() * columns];
                gradient_of_norm(call, seen.clone(), da, columns);
                let da = Matrix::rows(da.as_ptr(), columns);
                // SAFETY: x is an input; these rows of dx, and this share's dw, are this task's own.
                unsafe {
                    multiply_input(call, seen.clone(), da);
                    let x = rows(call, slot::X, first, seen.len(), depth);
                    let x = Matrix::rows(x.as_ptr(), depth).transposed();
                    multiply(dw, columns, x, da, size(seen.len()), first > part.start);
                }
            }
        }
    });
}

/// These rows of da.
fn gradient_of_norm(call: &Call, seen: Range<usize>, da: &mut [f32], columns: usize) {
    // SAFETY: inputs.
    let read = |slot: usize| unsafe { rows(call, slot, seen.start, seen.len(), columns) };
    // SAFETY: an input.
    let mean = unsafe { vector(call, slot::MEAN, 0, columns) };
    let [direct, linear, constant] = factors(call, slot::FACTORS, columns);
    let line = [mean, direct, linear, constant];
    let (dy, a) = (read(slot::DY), read(slot::A));
    match call.flag(slot::RELU) {
        true => map_rows(LineRelu, [dy, read(slot::Y), a], line, [da], columns),
        false => map_rows(Line, [dy, a], line, [da], columns),
    }
}

/// These rows of dx.
///
/// # Safety
/// `da` must have these rows, and nobody else write to those of dx.
unsafe fn multiply_input(call: &Call, seen: Range<usize>, da: Matrix) {
    let [columns, depth] = [slot::COLUMNS, slot::DEPTH].map(|slot| call.size(slot));
    // SAFETY: as the caller vouches; the weights are an input.
    unsafe {
        let turned = rows(call, slot::TURNED, 0, columns, depth);
        let dx = call
            .heap
            .write::<f32>(call.pointer(slot::DX) + 4 * seen.start * depth, seen.len() * depth);
        let size = Size {
            rows: seen.len(),
            columns: depth,
            depth: columns,
        };
        let residual = call.optional(slot::RESIDUAL);
        if let Some(offset) = residual {
            let offset = offset + 4 * seen.start * depth;
            dx.copy_from_slice(call.heap.read::<f32>(offset, seen.len() * depth));
        }
        let turned = Matrix::rows(turned.as_ptr(), depth);
        multiply(dx.as_mut_ptr(), depth, da, turned, size, residual.is_some());
    }
}
