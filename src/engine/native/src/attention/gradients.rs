//! Attention of a tile of queries, backward. Logits and weights are computed again; nothing but the inputs was kept.
//!
//! With w the weights, dc and dp the gradients with respect to content and position, and e = w times the softmax's sum:
//!
//! ```text
//! d_ij = dc_i.v_j + dp_i.rv_{j-i}        g_ij = w_ij (d_ij - sum_m w_im d_im)       (with respect to the logits)
//! dv_j  = sum_i w_ij dc_i                drv_t = sum_i w_{i,i+t} dp_i
//! dq_i  = sum_j g_ij (s0 k_j + s1 rq_{j-i})   dk_j = sum_i g_ij (s0 q_i + s2 rk_{j-i})
//! drq_t = s1 sum_i g_{i,i+t} q_i         drk_t = s2 sum_i g_{i,i+t} k_{i+t}
//! ds0 = sum_i q_i.(sum_j g_ij k_j)       ds1 = sum_i q_i.(sum_j g_ij rq_{j-i})      ds2 = sum_j k_j.(sum_i g_ij rk_{j-i})
//! ```

use super::arena::{Band, as_quads, quads};
use super::forward_loops::{dot, dot_encodings, retrieve, retrieve_encodings};
use super::geometry::{Geometry, Tile};
use super::gradient_loops::{
    add_by_offset, add_keys_by_offset, add_to_keys, add_to_keys_and_positions, dot_lines, through_softmax,
    through_values, through_values_and_encodings,
};
use super::group::Group;
use super::lanes::{Lanes, Quad, times};
use super::offset_sums::OffsetSums;
use super::tasks::{Shared, Tasks};
use super::tile::{Lines, Queries};
use pulp::Simd;

/// Gradients of a group's tasks with respect to keys and values of the rows in memory, to encodings and to factors.
pub struct Gradients<'a, S: Simd> {
    /// Of the content logits, times log2(e); of the key-position logits, without their factor.
    pub keys: Band<'a, S>,
    pub key_positions: Band<'a, S>,
    pub values: Band<'a, S>,
    pub query_sums: OffsetSums<'a, S>,
    pub key_sums: OffsetSums<'a, S>,
    pub value_sums: OffsetSums<'a, S>,
    /// By the factors of the three terms.
    pub scales: [S::f32s; 3],
    /// By content and position, of the queries of one row: [quads][L].
    pub content: Band<'a, S>,
    pub position: Band<'a, S>,
    /// Whether those are the same, of one output that is the sum of both.
    together: bool,
    /// Whether to add to dQkv what the tensor holds.
    pub adds: bool,
}

/// Floats of scratch memory that gradients take, array by array.
pub fn gradient_floats<S: Simd, const Q: usize>(geometry: &Geometry) -> [usize; 8] {
    let (rows, length, pad) = (geometry.window_rows(), geometry.length, Q - 1);
    let (keys, values) = (geometry.key_quads(), geometry.value_quads());
    let by_key = OffsetSums::<S>::floats(geometry, geometry.key_depth);
    [
        Band::<S>::floats(rows, keys, length, pad),
        Band::<S>::floats(rows, keys, length, pad),
        Band::<S>::floats(rows, values, length, pad),
        by_key,
        by_key,
        OffsetSums::<S>::floats(geometry, geometry.value_depth),
        Band::<S>::floats(1, values, length, 0),
        Band::<S>::floats(1, values, length, 0),
    ]
}

/// What a tile works on: lines of weights and of gradients, queries, and the gradients with respect to its outputs over the
/// softmax's sum.
pub struct TileGradients<'a, S: Simd, const Q: usize> {
    pub weights: Lines<'a, S, Q>,
    gradients: Lines<'a, S, Q>,
    pub queries: Queries<'a, S, Q>,
    content: &'a mut [[Quad<S>; Q]],
    position: &'a mut [[Quad<S>; Q]],
}

/// Floats of scratch memory that a tile takes, array by array.
pub fn tile_floats<S: Lanes, const Q: usize>(geometry: &Geometry) -> [usize; 6] {
    let lines = Lines::<S, Q>::floats(geometry);
    let [content, position] = Queries::<S, Q>::floats(geometry);
    let outputs = quads::<S>(Q * geometry.value_quads());
    [lines, lines, content, position, outputs, outputs]
}

impl<'a, S: Lanes, const Q: usize> TileGradients<'a, S, Q> {
    #[inline(always)]
    pub fn new(group: &Group<S>, tile: &Tile, y: usize, arrays: &'a mut [&mut [f32]; 6]) -> Self {
        let [weights, gradients, queries, positions, content, position] = arrays;
        TileGradients {
            weights: Lines::new(group.geometry, weights),
            gradients: Lines::new(group.geometry, gradients),
            queries: Queries::of(group, tile, y, [queries, positions]),
            content: as_quads::<S>(content).as_chunks_mut().0,
            position: as_quads::<S>(position).as_chunks_mut().0,
        }
    }
}

impl<'a, S: Lanes> Gradients<'a, S> {
    /// In arrays of `gradient_floats`.
    #[inline(always)]
    pub fn new<const Q: usize>(
        simd: S,
        geometry: &Geometry,
        arrays: [&'a mut [f32]; 8],
        [together, adds]: [bool; 2],
    ) -> Self {
        let [
            keys,
            key_positions,
            values,
            query_sums,
            key_sums,
            value_sums,
            content,
            position,
        ] = arrays;
        let (length, pad) = (geometry.length, Q - 1);
        let (key_quads, value_quads) = (geometry.key_quads(), geometry.value_quads());
        Gradients {
            keys: Band::new(simd, keys, key_quads, length, pad),
            key_positions: Band::new(simd, key_positions, key_quads, length, pad),
            values: Band::new(simd, values, value_quads, length, pad),
            query_sums: OffsetSums::new(simd, query_sums, geometry, geometry.key_depth),
            key_sums: OffsetSums::new(simd, key_sums, geometry, geometry.key_depth),
            value_sums: OffsetSums::new(simd, value_sums, geometry, geometry.value_depth),
            scales: [simd.splat_f32s(0.0); 3],
            content: Band::new(simd, content, value_quads, length, 0),
            position: Band::new(simd, position, value_quads, length, 0),
            together,
            adds,
        }
    }

    /// From the weights in the tile's lines, each softmax's 1 / sum, to the gradients with respect to the weights, the values
    /// and their encodings.
    #[inline(always)]
    pub fn through_outputs<const Q: usize>(
        &mut self,
        group: &Group<S>,
        tile: &Tile,
        y: usize,
        room: &mut TileGradients<S, Q>,
        inverses: &[S::f32s; Q],
    ) {
        let simd = group.simd;
        // Over the sum of the softmax: then d carries 1 / sum, and e dc is w times what it should be.
        for quad in 0..group.geometry.value_quads() {
            let content = self.content.row(0, quad, tile.first as isize, Q);
            let position = self.position.row(0, quad, tile.first as isize, Q);
            for q in 0..Q {
                room.content[quad][q] = times(simd, inverses[q], &content[q]);
                room.position[quad][q] = times(simd, inverses[q], &position[q]);
            }
        }
        for row in group.geometry.visible_rows(y) {
            self.row_through_outputs::<Q, true>(group, tile, y, row, 0, room);
            for quad in 1..group.geometry.value_quads() {
                self.row_through_outputs::<Q, false>(group, tile, y, row, quad, room);
            }
        }
    }

    #[inline(always)]
    fn row_through_outputs<const Q: usize, const FRESH: bool>(
        &mut self,
        group: &Group<S>,
        tile: &Tile,
        y: usize,
        row: usize,
        quad: usize,
        room: &mut TileGradients<S, Q>,
    ) {
        let simd = group.simd;
        let slot = group.slot(y + row - group.geometry.rows_before);
        let values = group.values.row(slot, quad, tile.key as isize, tile.count);
        let d_values = self.values.row_mut(slot, quad, tile.key as isize, tile.count);
        let weights = room.weights.keys(row, tile);
        let gradients = room.gradients.keys(row, tile);
        let content = &room.content[quad];
        let Some(encodings) = &group.value_encodings else {
            return through_values::<S, Q, FRESH>(simd, weights, gradients, content, values, d_values);
        };
        let by_key = encodings.by_key(row, quad, tile, Q);
        let position = if self.together {
            through_values_and_encodings::<S, Q, FRESH>(simd, weights, gradients, content, values, by_key, d_values);
            content
        } else {
            through_values::<S, Q, FRESH>(simd, weights, gradients, content, values, d_values);
            dot_encodings::<S, Q, false>(simd, gradients, &room.position[quad], by_key);
            &room.position[quad]
        };
        add_by_offset(
            simd,
            room.weights.offsets(row, tile),
            position,
            self.value_sums.of(row, quad, tile),
        );
    }

    /// The weighted means of the gradients with respect to the weights, of a softmax over more than the tile's keys: the
    /// product of its whole output with its gradient. After `through_outputs`.
    #[inline(always)]
    pub fn means_of_output<const Q: usize>(
        &self,
        group: &Group<S>,
        tasks: &Tasks,
        tile: &Tile,
        room: &TileGradients<S, Q>,
        output: &[f32],
    ) -> [S::f32s; Q] {
        let simd = group.simd;
        let mut means = [simd.splat_f32s(0.0); Q];
        let view = tasks.view(group.geometry.value_depth, 0, group.geometry.value_depth);
        for quad in 0..view.quads() {
            for q in 0..Q {
                let output = view.read(simd, output, tile.first + q, quad);
                means[q] = dot(simd, &room.content[quad][q], &output, means[q]);
            }
        }
        means
    }

    /// The weighted means of the gradients with respect to the weights.
    #[inline(always)]
    pub fn means<const Q: usize>(
        &self,
        group: &Group<S>,
        tile: &Tile,
        y: usize,
        room: &mut TileGradients<S, Q>,
        inverses: &[S::f32s; Q],
    ) -> [S::f32s; Q] {
        let simd = group.simd;
        let mut means = [simd.splat_f32s(0.0); Q];
        for row in group.geometry.visible_rows(y) {
            dot_lines(
                simd,
                room.weights.keys(row, tile),
                room.gradients.keys(row, tile),
                &mut means,
            );
        }
        for q in 0..Q {
            means[q] = simd.mul_f32s(means[q], inverses[q]);
        }
        means
    }

    /// From the gradients with respect to the weights, given their means, to the logits and on to queries, keys and their
    /// encodings.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    pub fn through_logits<const Q: usize>(
        &mut self,
        group: &Group<S>,
        tasks: &Tasks,
        tile: &Tile,
        y: usize,
        room: &mut TileGradients<S, Q>,
        means: &[S::f32s; Q],
        d_qkv: &Shared,
    ) {
        let (simd, geometry) = (group.simd, group.geometry);
        for row in geometry.visible_rows(y) {
            through_softmax(
                simd,
                room.weights.keys(row, tile),
                room.gradients.keys(row, tile),
                means,
            );
            room.gradients.clear_outside(row, tile, geometry, simd.splat_f32s(0.0));
        }
        let view = tasks.view(geometry.channels(), 0, geometry.key_depth);
        for quad in 0..geometry.key_quads() {
            let zeros = [[simd.splat_f32s(0.0); 4]; Q];
            let (mut of_keys, mut of_encodings) = (zeros, zeros);
            for row in geometry.visible_rows(y) {
                self.row_through_logits(group, tile, y, row, quad, room, &mut of_keys, &mut of_encodings);
            }
            let queries = group.queries.row(group.slot(y), quad, tile.first as isize, Q);
            for q in 0..Q {
                self.scales[0] = dot(simd, &queries[q], &of_keys[q], self.scales[0]);
                self.scales[1] = dot(simd, &queries[q], &of_encodings[q], self.scales[1]);
                let mut gradient = times(simd, group.scales[0], &of_keys[q]);
                for c in 0..4 {
                    gradient[c] = simd.mul_add_e_f32s(group.scales[1], of_encodings[q][c], gradient[c]);
                }
                self.write(simd, &view, d_qkv, y * geometry.length + tile.first + q, quad, gradient);
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn row_through_logits<const Q: usize>(
        &mut self,
        group: &Group<S>,
        tile: &Tile,
        y: usize,
        row: usize,
        quad: usize,
        room: &mut TileGradients<S, Q>,
        of_keys: &mut [Quad<S>; Q],
        of_encodings: &mut [Quad<S>; Q],
    ) {
        let simd = group.simd;
        let slot = group.slot(y + row - group.geometry.rows_before);
        let key = tile.key as isize;
        let content = &room.queries.content[quad];
        let d_keys = self.keys.row_mut(slot, quad, key, tile.count);
        let by_key = room.gradients.keys(row, tile);
        retrieve(simd, by_key, group.keys.row(slot, quad, key, tile.count), of_keys);
        if let Some(encodings) = &group.key_encodings {
            let encodings = encodings.by_key(row, quad, tile, Q);
            let positions = self.key_positions.row_mut(slot, quad, key, tile.count);
            add_to_keys_and_positions(simd, by_key, content, encodings, d_keys, positions);
            let first = tile.first as isize + tile.offset as isize - group.geometry.before as isize;
            let scaled = group.scaled_keys.row(slot, quad, first, tile.offsets + Q - 1);
            add_keys_by_offset(
                simd,
                room.gradients.offsets(row, tile),
                scaled,
                self.key_sums.of(row, quad, tile),
            );
        } else {
            add_to_keys(simd, by_key, content, d_keys);
        }
        if let Some(encodings) = &group.query_encodings {
            let by_offset = room.gradients.offsets(row, tile);
            retrieve_encodings(simd, by_offset, encodings.by_offset(row, quad, tile), of_encodings);
            add_by_offset(
                simd,
                by_offset,
                &room.queries.position[quad],
                self.query_sums.of(row, quad, tile),
            );
        }
    }
}
