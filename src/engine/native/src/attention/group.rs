//! A group of tasks side by side in scratch memory.

use super::arena::Band;
use super::encodings::Encodings;
use super::exponential::LOG2_E;
use super::geometry::{Geometry, Inputs};
use super::lanes::{Lanes, times};
use super::tasks::Tasks;
use pulp::Simd;
use std::ops::Range;

/// Rows of the window that are in memory: row y of an image is in slot y modulo their number.
pub struct Group<'a, S: Simd> {
    pub simd: S,
    pub geometry: &'a Geometry,
    pub queries: Band<'a, S>,
    pub keys: Band<'a, S>,
    /// The keys times log2(e) and the factor of the key-position term; zeros where no values are read.
    pub scaled_keys: Band<'a, S>,
    pub values: Band<'a, S>,
    pub query_encodings: Option<Encodings<'a>>,
    pub key_encodings: Option<Encodings<'a>>,
    pub value_encodings: Option<Encodings<'a>>,
    /// Each lane's factors of the three terms.
    pub scales: [S::f32s; 3],
}

/// Floats of scratch memory that a group takes, array by array.
pub fn group_floats<S: Simd, const Q: usize>(geometry: &Geometry) -> [usize; 7] {
    let rows = geometry.window_rows();
    let (keys, values) = (geometry.key_quads(), geometry.value_quads());
    let band = |quads: usize| Band::<S>::floats(rows, quads, geometry.length, Q - 1);
    let encodings = |depth: usize| Encodings::floats(geometry, depth, Q - 1);
    [
        band(keys),
        band(keys),
        band(keys),
        band(values),
        encodings(geometry.key_depth),
        encodings(geometry.key_depth),
        encodings(geometry.value_depth),
    ]
}

impl<'a, S: Lanes> Group<'a, S> {
    /// In arrays of `group_floats`.
    #[inline(always)]
    pub fn new<const Q: usize>(simd: S, geometry: &'a Geometry, inputs: &Inputs, arrays: [&'a mut [f32]; 7]) -> Self {
        let [queries, keys, scaled, values, query_table, key_table, value_table] = arrays;
        let pad = Q - 1;
        let (key_quads, value_quads) = (geometry.key_quads(), geometry.value_quads());
        let band = |floats, quads| Band::new(simd, floats, quads, geometry.length, pad);
        let (key_depth, value_depth) = (geometry.key_depth, geometry.value_depth);
        Group {
            simd,
            geometry,
            queries: band(queries, key_quads),
            keys: band(keys, key_quads),
            scaled_keys: band(scaled, key_quads),
            values: band(values, value_quads),
            query_encodings: Encodings::of(query_table, inputs.query_table, geometry, key_depth, pad),
            key_encodings: Encodings::of(key_table, inputs.key_table, geometry, key_depth, pad),
            value_encodings: Encodings::of(value_table, inputs.value_table, geometry, value_depth, pad),
            scales: [simd.splat_f32s(1.0); 3],
        }
    }

    /// Takes up other tasks, of which no row is there yet.
    #[inline(always)]
    pub fn select(&mut self, inputs: &Inputs, tasks: &Tasks) {
        let heads = self.geometry.heads;
        if let Some(scales) = inputs.scales {
            for term in 0..3 {
                self.scales[term] = tasks.head_values(self.simd, &scales[term * heads..]);
            }
        }
    }

    /// Rows to load before the queries of row y: of its window those that were not there for row y - 1.
    #[inline(always)]
    pub fn new_rows(&self, y: usize, begins: bool) -> Range<usize> {
        let Geometry {
            height,
            rows_before,
            rows_after,
            ..
        } = *self.geometry;
        let first = if begins {
            y.saturating_sub(rows_before)
        } else {
            y + rows_after
        };
        first..(y + rows_after + 1).min(height)
    }

    /// Asks for what `load_row` will read next, as many positions as a tile has queries: those of the next row in the window, or
    /// where there is none of the next tasks'.
    #[inline(always)]
    pub fn prefetch<const Q: usize>(
        &self,
        inputs: &Inputs,
        tasks: &Tasks,
        next: Option<&Tasks>,
        y: usize,
        first: usize,
    ) {
        let Geometry {
            height,
            length,
            rows_after,
            ..
        } = *self.geometry;
        let depth = self.geometry.channels();
        if y + rows_after + 1 < height {
            let start = (y + rows_after + 1) * length + first;
            tasks
                .view(depth, 0, depth)
                .prefetch(self.simd, inputs.qkv.as_ptr(), start..start + Q);
        } else if let Some(next) = next {
            next.view(depth, 0, depth)
                .prefetch(self.simd, inputs.qkv.as_ptr(), first..first + Q);
        }
    }

    #[inline(always)]
    pub fn slot(&self, y: usize) -> usize {
        y % self.geometry.window_rows()
    }

    /// Reads row y of the images; along an axis that is all there is.
    #[inline(always)]
    pub fn load_row(&mut self, inputs: &Inputs, tasks: &Tasks, y: usize) {
        let Geometry {
            length,
            key_depth,
            value_depth,
            ..
        } = *self.geometry;
        let (simd, slot, channels) = (self.simd, self.slot(y), self.geometry.channels());
        let factor = simd.mul_f32s(self.scales[2], simd.splat_f32s(LOG2_E));
        let queries = tasks.view(channels, 0, key_depth);
        let keys = tasks.view(channels, key_depth, key_depth);
        let values = tasks.view(channels, 2 * key_depth, value_depth);
        for x in 0..length {
            let position = y * length + x;
            for quad in 0..keys.quads() {
                *self.queries.at(slot, quad, x) = queries.read(simd, inputs.qkv, position, quad);
                let key = keys.read(simd, inputs.qkv, position, quad);
                *self.keys.at(slot, quad, x) = key;
                if self.geometry.reads_values {
                    *self.scaled_keys.at(slot, quad, x) = times(simd, factor, &key);
                }
            }
            for quad in 0..self.geometry.value_quads() {
                *self.values.at(slot, quad, x) = values.read(simd, inputs.qkv, position, quad);
            }
        }
    }
}
