//! Rows of the gradients of a group: what is read before the tiles of a row of queries, and written after the last that sees a
//! row of keys.

use super::exponential::LN_2;
use super::forward_loops::dot;
use super::geometry::Geometry;
use super::gradients::Gradients;
use super::group::Group;
use super::lanes::{Lanes, Quad, times};
use super::tasks::{Shared, Tasks, View};

impl<S: Lanes> Gradients<'_, S> {
    /// Reads the gradients with respect to the outputs of row y. Together, because what misses the caches then comes while
    /// more of it is asked for; a tile alone would wait for its own.
    #[inline(always)]
    pub fn load_row(&mut self, group: &Group<S>, tasks: &Tasks, y: usize, content: &[f32], position: Option<&[f32]>) {
        let (simd, geometry) = (group.simd, group.geometry);
        let view = tasks.view(geometry.value_depth, 0, geometry.value_depth);
        for x in 0..geometry.length {
            let place = y * geometry.length + x;
            for quad in 0..view.quads() {
                *self.content.at(0, quad, x) = view.read(simd, content, place, quad);
                if let Some(position) = position {
                    *self.position.at(0, quad, x) = view.read(simd, position, place, quad);
                }
            }
        }
    }

    /// Asks for what `load_row` will read next, as `Group::prefetch` does.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    pub fn prefetch<const Q: usize>(
        &self,
        group: &Group<S>,
        tasks: &Tasks,
        next: Option<&Tasks>,
        y: usize,
        first: usize,
        content: &[f32],
        position: Option<&[f32]>,
    ) {
        let Geometry {
            height,
            length,
            value_depth,
            ..
        } = *group.geometry;
        let (tasks, start) = if y + 1 < height {
            (Some(tasks), (y + 1) * length + first)
        } else {
            (next, first)
        };
        let Some(tasks) = tasks else { return };
        let view = tasks.view(value_depth, 0, value_depth);
        view.prefetch(group.simd, content.as_ptr(), start..start + Q);
        if let Some(position) = position {
            view.prefetch(group.simd, position.as_ptr(), start..start + Q);
        }
    }

    /// Writes the gradients with respect to keys and values of row y, which no later query sees, and makes room for another
    /// row.
    #[inline(always)]
    pub fn finish_row(&mut self, group: &Group<S>, tasks: &Tasks, y: usize, d_qkv: &Shared) {
        let (simd, geometry, slot) = (group.simd, group.geometry, group.slot(y));
        let (channels, key_depth) = (geometry.channels(), geometry.key_depth);
        let keys = tasks.view(channels, key_depth, key_depth);
        let values = tasks.view(channels, 2 * key_depth, geometry.value_depth);
        let ln2 = simd.splat_f32s(LN_2);
        for x in 0..geometry.length {
            let place = y * geometry.length + x;
            for quad in 0..keys.quads() {
                let key = &group.keys.row(slot, quad, x as isize, 1)[0];
                let positions = *self.key_positions.at(slot, quad, x);
                self.scales[2] = dot(simd, key, &positions, self.scales[2]);
                let mut gradient = times(simd, ln2, self.keys.at(slot, quad, x));
                for c in 0..4 {
                    gradient[c] = simd.mul_add_e_f32s(group.scales[2], positions[c], gradient[c]);
                }
                self.write(simd, &keys, d_qkv, place, quad, gradient);
            }
            for quad in 0..values.quads() {
                let gradient = *self.values.at(slot, quad, x);
                self.write(simd, &values, d_qkv, place, quad, gradient);
            }
        }
        self.keys.clear(simd, slot);
        self.key_positions.clear(simd, slot);
        self.values.clear(simd, slot);
    }

    /// Writes four channels of dQkv, or adds them to what the tensor holds.
    #[inline(always)]
    pub fn write(&self, simd: S, view: &View, tensor: &Shared, place: usize, quad: usize, mut gradient: Quad<S>) {
        if self.adds {
            let earlier = view.read_back(simd, tensor, place, quad);
            for c in 0..4 {
                gradient[c] = simd.add_f32s(gradient[c], earlier[c]);
            }
        }
        view.write(simd, tensor, place, quad, gradient);
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
        if group.value_encodings.is_some() {
            self.value_sums.flush(group.simd, own);
        }
    }
}
