//! What is done to a finished element of a product: y = relu(value + shift\[column\] + residual\[row\]\[column\]).

use pulp::{Simd, WithSimd};

use crate::call::Call;
use crate::simd::dispatch;

/// Byte offsets in the heap of what an epilogue reads, as in three slots of a kernel's arguments.
#[derive(Clone, Copy)]
pub struct Epilogue {
    shift: Option<usize>,
    residual: Option<usize>,
    relu: bool,
}

/// A rectangle of a result: rows of `width` floats, `columns` of them from `first` (in floats) on.
#[derive(Clone, Copy)]
pub struct Block {
    /// Byte offset of the whole result.
    pub result: usize,
    /// Of its first element, counted from the result's.
    pub first: usize,
    /// Column of its first element.
    pub column: usize,
    pub rows: usize,
    pub columns: usize,
    /// Floats from one row to the next.
    pub step: usize,
}

impl Epilogue {
    /// Slots: shift, residual, relu.
    pub fn read(call: &Call, slot: usize) -> Self {
        Epilogue {
            shift: call.optional(slot),
            residual: call.optional(slot + 1),
            relu: call.flag(slot + 2),
        }
    }

    /// Finishes a block, while it is in cache.
    pub fn apply(self, call: &Call, block: Block) {
        if self.shift.is_none() && self.residual.is_none() && !self.relu {
            return;
        }
        dispatch(Apply {
            epilogue: self,
            call,
            block,
        });
    }
}

struct Apply<'a> {
    epilogue: Epilogue,
    call: &'a Call,
    block: Block,
}

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Apply {
            epilogue: Epilogue { shift, residual, relu },
            call,
            block,
        } = self;
        // SAFETY: nobody writes to a kernel's inputs while it runs.
        let shift = shift.map(|shift| unsafe { call.heap.read::<f32>(shift + 4 * block.column, block.columns) });
        for row in 0..block.rows {
            let first = 4 * (block.first + row * block.step);
            // SAFETY: the block is this task's own.
            let values = unsafe { call.heap.write::<f32>(block.result + first, block.columns) };
            // SAFETY: nobody writes to a kernel's inputs while it runs.
            let residual = residual.map(|start| unsafe { call.heap.read::<f32>(start + first, block.columns) });
            match (shift, residual) {
                (Some(shift), Some(residual)) => {
                    for ((value, shift), residual) in values.iter_mut().zip(shift).zip(residual) {
                        *value = finish(*value + shift + residual, relu);
                    }
                }
                (Some(more), None) | (None, Some(more)) => {
                    for (value, more) in values.iter_mut().zip(more) {
                        *value = finish(*value + more, relu);
                    }
                }
                (None, None) => {
                    for value in values {
                        *value = finish(*value, relu);
                    }
                }
            }
        }
    }
}

/// Keeps NaN.
#[inline(always)]
fn finish(value: f32, relu: bool) -> f32 {
    if relu && value < 0.0 { 0.0 } else { value }
}
