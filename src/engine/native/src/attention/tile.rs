//! The attention weights of a tile of queries, as the forward and the backward kernels compute them.

use super::arena::{as_lines, as_quads, quads};
use super::exponential::{LOG2_E, exponentials, greatest, shift_of};
use super::forward_loops::{dot_encodings, dot_keys, dot_keys_and_encodings};
use super::geometry::{Geometry, Tile};
use super::group::Group;
use super::lanes::{Lanes, Quad, times};
use pulp::Simd;

/// A tile's lines, one for each row of the window, each padded on both sides by the queries less one.
pub struct Lines<'a, S: Simd, const Q: usize> {
    data: &'a mut [[S::f32s; Q]],
    stride: usize,
}

impl<'a, S: Simd, const Q: usize> Lines<'a, S, Q> {
    pub fn floats(geometry: &Geometry) -> usize {
        geometry.window_rows() * (geometry.tile_keys(Q) + 2 * (Q - 1)) * Q * S::F32_LANES
    }

    #[inline(always)]
    pub fn new(geometry: &Geometry, floats: &'a mut [f32]) -> Self {
        Lines {
            data: as_lines::<S, Q>(floats),
            stride: geometry.tile_keys(Q) + 2 * (Q - 1),
        }
    }

    /// The entries of the tile's keys in a row.
    #[inline(always)]
    pub fn keys(&mut self, row: usize, tile: &Tile) -> &mut [[S::f32s; Q]] {
        let start = row * self.stride + Q - 1;
        &mut self.data[start..start + tile.count]
    }

    /// For `windows(Q)` along the tile's offsets, from the first query's entry for the first on.
    #[inline(always)]
    pub fn offsets(&self, row: usize, tile: &Tile) -> &[[S::f32s; Q]] {
        let start = row * self.stride + tile.entry;
        &self.data[start..start + tile.offsets + Q - 1]
    }

    /// Sets each query's entries outside of its own window, among the tile's keys.
    #[inline(always)]
    pub fn fill_outside(&mut self, row: usize, tile: &Tile, geometry: &Geometry, value: S::f32s) {
        if tile.whole {
            return;
        }
        let keys = self.keys(row, tile);
        for q in 0..Q {
            let own = tile.own(geometry, q);
            for entry in &mut keys[..own.start] {
                entry[q] = value;
            }
            for entry in &mut keys[own.end..] {
                entry[q] = value;
            }
        }
    }

    /// Zeroes what is read beside each query's own window.
    #[inline(always)]
    pub fn clear_outside(&mut self, row: usize, tile: &Tile, geometry: &Geometry, zero: S::f32s) {
        self.fill_outside(row, tile, geometry, zero);
        let start = row * self.stride;
        self.data[start..start + Q - 1].fill([zero; Q]);
        let end = start + Q - 1 + tile.count;
        self.data[end..end + Q - 1].fill([zero; Q]);
    }
}

/// A tile's queries, times log2(e) and each lane's factor of the content and of the query-position term: [quads] each.
pub struct Queries<'a, S: Simd, const Q: usize> {
    pub content: &'a mut [[Quad<S>; Q]],
    pub position: &'a mut [[Quad<S>; Q]],
}

impl<'a, S: Lanes, const Q: usize> Queries<'a, S, Q> {
    pub fn floats(geometry: &Geometry) -> [usize; 2] {
        [quads::<S>(Q * geometry.key_quads()); 2]
    }

    /// Of row y.
    #[inline(always)]
    pub fn of(group: &Group<S>, tile: &Tile, y: usize, [content, position]: [&'a mut [f32]; 2]) -> Self {
        let simd = group.simd;
        let queries = Queries {
            content: as_quads::<S>(content).as_chunks_mut().0,
            position: as_quads::<S>(position).as_chunks_mut().0,
        };
        let content_factor = simd.mul_f32s(group.scales[0], simd.splat_f32s(LOG2_E));
        let position_factor = simd.mul_f32s(group.scales[1], simd.splat_f32s(LOG2_E));
        for quad in 0..group.geometry.key_quads() {
            let from = group.queries.row(group.slot(y), quad, tile.first as isize, Q);
            for q in 0..Q {
                queries.content[quad][q] = times(simd, content_factor, &from[q]);
                queries.position[quad][q] = times(simd, position_factor, &from[q]);
            }
        }
        queries
    }
}

/// Of a softmax over a tile's keys: each query's shift and 1 / sum (see exponential.rs).
pub struct Moments<S: Simd, const Q: usize> {
    pub shifts: [S::f32s; Q],
    pub inverses: [S::f32s; Q],
}

impl<S: Lanes> Group<'_, S> {
    /// Logits in base 2 of the tile's queries, in row y, to its lines.
    #[inline(always)]
    pub fn logits<const Q: usize>(&self, tile: &Tile, y: usize, queries: &Queries<S, Q>, lines: &mut Lines<S, Q>) {
        for row in self.geometry.visible_rows(y) {
            let line = lines.keys(row, tile);
            self.row_logits::<Q, true>(tile, y, row, 0, queries, line);
            for quad in 1..self.geometry.key_quads() {
                self.row_logits::<Q, false>(tile, y, row, quad, queries, line);
            }
        }
    }

    /// Four channels of the keys of one row of the window.
    #[inline(always)]
    fn row_logits<const Q: usize, const FRESH: bool>(
        &self,
        tile: &Tile,
        y: usize,
        row: usize,
        quad: usize,
        queries: &Queries<S, Q>,
        line: &mut [[S::f32s; Q]],
    ) {
        let simd = self.simd;
        let slot = self.slot(y + row - self.geometry.rows_before);
        let keys = self.keys.row(slot, quad, tile.key as isize, tile.count);
        let content = &queries.content[quad];
        match (&self.query_encodings, &self.key_encodings) {
            (None, None) => dot_keys::<S, Q, FRESH>(simd, line, content, keys),
            (Some(encodings), None) => {
                let encodings = encodings.by_key(row, quad, tile, Q);
                dot_encodings::<S, Q, FRESH>(simd, line, &queries.position[quad], encodings);
                dot_keys::<S, Q, false>(simd, line, content, keys);
            }
            (None, Some(encodings)) => {
                let encodings = encodings.by_key(row, quad, tile, Q);
                let scaled = self.scaled_keys.row(slot, quad, tile.key as isize, tile.count);
                dot_keys_and_encodings::<S, Q, FRESH>(simd, line, content, keys, scaled, encodings);
            }
            (Some(of_queries), Some(of_keys)) => {
                let of_queries = of_queries.by_key(row, quad, tile, Q);
                let of_keys = of_keys.by_key(row, quad, tile, Q);
                let scaled = self.scaled_keys.row(slot, quad, tile.key as isize, tile.count);
                dot_encodings::<S, Q, FRESH>(simd, line, &queries.position[quad], of_queries);
                dot_keys_and_encodings::<S, Q, false>(simd, line, content, keys, scaled, of_keys);
            }
        }
    }

    /// From the logits in the lines to weights, not yet divided by their sum, and zeros around them.
    #[inline(always)]
    pub fn weights<const Q: usize>(&self, tile: &Tile, y: usize, lines: &mut Lines<S, Q>) -> Moments<S, Q> {
        let simd = self.simd;
        let lowest = simd.splat_f32s(f32::NEG_INFINITY);
        let mut most = [lowest; Q];
        for row in self.geometry.visible_rows(y) {
            lines.fill_outside(row, tile, self.geometry, lowest);
            most = greatest(simd, lines.keys(row, tile), most);
        }
        let mut shifts = most;
        for shift in &mut shifts {
            *shift = shift_of(simd, *shift);
        }
        let mut inverses = self.weights_by(tile, y, lines, &shifts);
        for inverse in &mut inverses {
            *inverse = simd.div_f32s(simd.splat_f32s(1.0), *inverse);
        }
        Moments { shifts, inverses }
    }

    /// The same of a softmax whose shifts are given; the sums of the weights.
    #[inline(always)]
    pub fn weights_by<const Q: usize>(
        &self,
        tile: &Tile,
        y: usize,
        lines: &mut Lines<S, Q>,
        shifts: &[S::f32s; Q],
    ) -> [S::f32s; Q] {
        let zero = self.simd.splat_f32s(0.0);
        let mut sums = [zero; Q];
        for row in self.geometry.visible_rows(y) {
            exponentials(self.simd, lines.keys(row, tile), shifts, &mut sums);
            lines.clear_outside(row, tile, self.geometry, zero);
        }
        sums
    }
}
