//! What all tasks add up for the encodings: sums by offset, a vector each, emptied now and then into the part's in float64.

use super::arena::{as_quads, quads};
use super::geometry::{Geometry, Tile};
use super::lanes::Quad;
use super::tasks::Shared;
use pulp::Simd;

/// [rows of the window][quads][span]
pub struct OffsetSums<'a, S: Simd> {
    data: &'a mut [Quad<S>],
    quads: usize,
    span: usize,
    /// The part's, [rows * span][4 quads].
    totals: Vec<f64>,
}

impl<'a, S: Simd> OffsetSums<'a, S> {
    pub fn floats(geometry: &Geometry, depth: usize) -> usize {
        quads::<S>(geometry.window_rows() * depth.div_ceil(4) * geometry.span())
    }

    #[inline(always)]
    pub fn new(simd: S, floats: &'a mut [f32], geometry: &Geometry, depth: usize) -> Self {
        let data = as_quads::<S>(floats);
        data.fill([simd.splat_f32s(0.0); 4]);
        let quads = depth.div_ceil(4);
        let totals = vec![0.0; geometry.window_rows() * geometry.span() * 4 * quads];
        OffsetSums {
            data,
            quads,
            span: geometry.span(),
            totals,
        }
    }

    /// Of the tile's offsets.
    #[inline(always)]
    pub fn of(&mut self, row: usize, quad: usize, tile: &Tile) -> &mut [Quad<S>] {
        let start = (row * self.quads + quad) * self.span + tile.offset;
        &mut self.data[start..start + tile.offsets]
    }

    /// Empties the sums, times each lane's factor, into the part's.
    #[inline(always)]
    pub fn flush(&mut self, simd: S, factor: S::f32s) {
        let depth = 4 * self.quads;
        for (index, quad) in self.data.iter_mut().enumerate() {
            let (row, offset) = (index / self.span, index % self.span);
            let (row, quad_index) = (row / self.quads, row % self.quads);
            let to = (row * self.span + offset) * depth + 4 * quad_index;
            for c in 0..4 {
                self.totals[to + c] += f64::from(simd.reduce_sum_f32s(simd.mul_f32s(factor, quad[c])));
                quad[c] = simd.splat_f32s(0.0);
            }
        }
    }

    /// Writes the part's sums, times a factor, to the columns from `column` on of rows [width] of four numbers each, of which
    /// attentionGradSum takes the sum.
    pub fn write(&self, to: &Shared, width: usize, column: usize, factor: f64) {
        let depth = 4 * self.quads;
        for (index, &total) in self.totals.iter().enumerate() {
            let total = total * factor;
            let most = total as f32;
            let place = index / depth * width + column + index % depth;
            to.write(4 * place, [most, (total - f64::from(most)) as f32, 0.0, 0.0]);
        }
    }
}
