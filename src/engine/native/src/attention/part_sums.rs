//! What one part adds up of the gradients of attention where all tasks meet.

use super::exponential::LN_2;
use super::geometry::{Geometry, Inputs};
use super::gradients::Gradients;
use super::tasks::Shared;
use crate::call::Call;
use pulp::Simd;

/// The gradients with respect to encodings and factors that one part adds up, as attentionGradSum reads them: rows by offset
/// of [2 Dq + Dv][4 numbers], depths filled up to multiples of 4, if there are encodings; then [3, N] of float64.
pub struct PartSums<'a> {
    encodings: Shared,
    width: usize,
    pub scales: &'a mut [f64],
}

impl<'a> PartSums<'a> {
    /// `slot`: of the parts' sums and, after it, of the bytes of one part's.
    pub fn of(call: &'a Call, slot: usize, geometry: &Geometry, inputs: &Inputs) -> Self {
        let width = row_width(geometry.key_depth, geometry.value_depth);
        let any = inputs.query_table.is_some() || inputs.key_table.is_some() || inputs.value_table.is_some();
        let rows = if any {
            geometry.window_rows() * geometry.span()
        } else {
            0
        };
        let start = call.pointer(slot) + call.part * call.size(slot + 1);
        // SAFETY: these sums are this part's own.
        let scales = unsafe { call.heap.write::<f64>(start + 16 * rows * width, 3 * geometry.heads) };
        scales.fill(0.0);
        PartSums {
            encodings: Shared::new(call, start, 4 * rows * width),
            width,
            scales,
        }
    }

    pub fn write<S: Simd>(&self, gradients: &Gradients<S>, inputs: &Inputs, geometry: &Geometry) {
        let keys = 4 * geometry.key_quads();
        // Queries and keys came with log2(e).
        let ln2 = f64::from(LN_2);
        if inputs.query_table.is_some() {
            gradients.query_sums.write(&self.encodings, self.width, 0, ln2);
        }
        if inputs.key_table.is_some() {
            gradients.key_sums.write(&self.encodings, self.width, keys, ln2);
        }
        if inputs.value_table.is_some() {
            gradients.value_sums.write(&self.encodings, self.width, 2 * keys, 1.0);
        }
    }
}

/// Numbers of a row of the parts' sums: query, key and value, and one quad more where that makes an odd number of them.
pub fn row_width(key_depth: usize, value_depth: usize) -> usize {
    4 * ((2 * key_depth.div_ceil(4) + value_depth.div_ceil(4)) | 1)
}
