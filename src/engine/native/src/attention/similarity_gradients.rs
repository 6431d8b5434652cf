//! Gradients of the similarity statistics with respect to the queries and keys of a group and to the encodings.

use super::arena::Band;
use super::geometry::Geometry;
use super::group::Group;
use super::lanes::Lanes;
use super::offset_sums::OffsetSums;
use super::tasks::{Shared, Tasks};
use pulp::Simd;

pub struct SimilarityGradients<'a, S: Simd> {
    /// Of the row of the queries.
    pub queries: Band<'a, S>,
    /// Of the rows in memory.
    pub keys: Band<'a, S>,
    pub query_sums: OffsetSums<'a, S>,
    pub key_sums: OffsetSums<'a, S>,
}

/// Floats of scratch memory that they take, array by array.
pub fn similarity_gradient_floats<S: Simd, const Q: usize>(geometry: &Geometry) -> [usize; 4] {
    let (quads, length, pad) = (geometry.key_quads(), geometry.length, Q - 1);
    let sums = OffsetSums::<S>::floats(geometry, geometry.key_depth);
    [
        Band::<S>::floats(1, quads, length, pad),
        Band::<S>::floats(geometry.window_rows(), quads, length, pad),
        sums,
        sums,
    ]
}

impl<'a, S: Lanes> SimilarityGradients<'a, S> {
    /// In arrays of `similarity_gradient_floats`.
    #[inline(always)]
    pub fn new<const Q: usize>(simd: S, geometry: &Geometry, arrays: [&'a mut [f32]; 4]) -> Self {
        let [queries, keys, query_sums, key_sums] = arrays;
        let (quads, length, pad) = (geometry.key_quads(), geometry.length, Q - 1);
        SimilarityGradients {
            queries: Band::new(simd, queries, quads, length, pad),
            keys: Band::new(simd, keys, quads, length, pad),
            query_sums: OffsetSums::new(simd, query_sums, geometry, geometry.key_depth),
            key_sums: OffsetSums::new(simd, key_sums, geometry, geometry.key_depth),
        }
    }

    /// Writes the gradients with respect to the queries of row y; `adds`: to what the tensor holds. Makes room for another
    /// row.
    #[inline(always)]
    pub fn finish_queries(&mut self, group: &Group<S>, tasks: &Tasks, y: usize, to: &Shared, adds: bool) {
        write_row(group, tasks, &mut self.queries, 0, y, 0, to, adds);
    }

    /// The same for the keys of row y, which no later query sees; and zeros for its values where nothing is added to.
    #[inline(always)]
    pub fn finish_keys(&mut self, group: &Group<S>, tasks: &Tasks, y: usize, to: &Shared, adds: bool) {
        let Geometry {
            length,
            key_depth,
            value_depth,
            ..
        } = *group.geometry;
        write_row(group, tasks, &mut self.keys, group.slot(y), y, key_depth, to, adds);
        if adds {
            return;
        }
        let view = tasks.view(group.geometry.channels(), 2 * key_depth, value_depth);
        for x in 0..length {
            for quad in 0..view.quads() {
                view.write(group.simd, to, y * length + x, quad, [group.simd.splat_f32s(0.0); 4]);
            }
        }
    }

    /// Empties the sums by offset, of the lanes with a factor of 1, into the part's.
    #[inline(always)]
    pub fn flush(&mut self, group: &Group<S>, own: S::f32s) {
        if group.query_encodings.is_some() {
            self.query_sums.flush(group.simd, own);
        }
        if group.key_encodings.is_some() {
            self.key_sums.flush(group.simd, own);
        }
    }
}

/// Writes a slot of a band of gradients with respect to queries or keys, whose channels begin at `channel`, and clears it.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub fn write_row<S: Lanes>(
    group: &Group<S>,
    tasks: &Tasks,
    band: &mut Band<S>,
    slot: usize,
    y: usize,
    channel: usize,
    to: &Shared,
    adds: bool,
) {
    let (simd, geometry) = (group.simd, group.geometry);
    let view = tasks.view(geometry.channels(), channel, geometry.key_depth);
    for x in 0..geometry.length {
        let position = y * geometry.length + x;
        for quad in 0..view.quads() {
            let mut gradient = *band.at(slot, quad, x);
            if adds {
                let earlier = view.read_back(simd, to, position, quad);
                for c in 0..4 {
                    gradient[c] = simd.add_f32s(gradient[c], earlier[c]);
                }
            }
            view.write(simd, to, position, quad, gradient);
        }
    }
    band.clear(simd, slot);
}
