//! The gradients of window_attention.rs with respect to qkv, encodings and factors (gradients.rs).
//!
//! Each part does a range of the groups of tasks. Where all tasks meet, in the gradients of encodings and factors, it adds up
//! its own share; attentionGradSum adds those, in the order of the parts.

use super::arena::{cut, room_for};
use super::geometry::{Geometry, Inputs, Tile};
use super::gradients::{Gradients, TileGradients, gradient_floats, tile_floats};
use super::group::{Group, group_floats};
use super::lanes::{Kernel, Lanes, dispatch};
use super::part_sums::PartSums;
use super::tasks::{Shared, Tasks};
use crate::call::Call;
use crate::slots::attention_grad as slot;

/// Sums by offset are emptied into the part's own after about so many queries: fewer roundings, and hardly any cost.
const QUERIES_BETWEEN_FLUSHES: usize = 1024;

pub fn differentiate_in_windows(call: &Call, geometry: Geometry) {
    dispatch(Gradient { call, geometry });
}

struct Gradient<'a> {
    call: &'a Call,
    geometry: Geometry,
}

impl Gradient<'_> {
    fn arrays<S: Lanes, const Q: usize>(&self) -> [usize; 21] {
        let [a, b, c, d, e, f, g] = group_floats::<S, Q>(&self.geometry);
        let [h, i, j, k, l, m, n, o] = gradient_floats::<S, Q>(&self.geometry);
        let [p, q, r, s, t, u] = tile_floats::<S, Q>(&self.geometry);
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u]
    }
}

impl Kernel for Gradient<'_> {
    fn scratch<S: Lanes, const Q: usize>(&self) -> usize {
        room_for(self.arrays::<S, Q>())
    }

    #[inline(always)]
    fn run<S: Lanes, const Q: usize>(self, simd: S, scratch: &mut [f32]) {
        let Gradient { call, ref geometry } = self;
        let inputs = Inputs::of(call, geometry);
        let volume = geometry.tasks() * geometry.positions() * geometry.value_depth;
        let [content, position] = [slot::D_CONTENT, slot::D_POSITION].map(|slot| call.pointer(slot));
        let together = position == content;
        // SAFETY: a kernel writes to none of its inputs.
        let content = unsafe { call.heap.read::<f32>(content, volume) };
        let apart = inputs.value_table.is_some() && !together;
        // SAFETY: as above.
        let position = apart.then(|| unsafe { call.heap.read::<f32>(position, volume) });
        let d_qkv = Shared::new(call, call.pointer(slot::D_QKV), geometry.volume());
        let sums = PartSums::of(call, slot::SUMS, geometry, &inputs);

        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u] = cut(scratch, self.arrays::<S, Q>());
        let mut group = Group::new::<Q>(simd, geometry, &inputs, [a, b, c, d, e, f, g]);
        let mut gradients = Gradients::new::<Q>(simd, geometry, [h, i, j, k, l, m, n, o], [together, false]);
        let mut room = [p, q, r, s, t, u];
        let all = simd.splat_f32s(1.0);
        let mut queries = 0;
        for index in call.share(geometry.groups(S::F32_LANES)) {
            let tasks = Tasks::new::<S>(geometry, index);
            let whole = tasks.own == S::F32_LANES;
            // What a lane without a task of its own adds must not count, so it is not mixed with what other groups added.
            if !whole {
                gradients.flush(&group, all);
            }
            group.select(&inputs, &tasks);
            gradients.scales = [simd.splat_f32s(0.0); 3];
            let next = (index + 1 < geometry.groups(S::F32_LANES)).then(|| Tasks::new::<S>(geometry, index + 1));
            for y in 0..geometry.height {
                for y in group.new_rows(y, y == 0) {
                    group.load_row(&inputs, &tasks, y);
                }
                gradients.load_row(&group, &tasks, y, content, position);
                let mut first = 0;
                while first + Q <= geometry.length {
                    group.prefetch::<Q>(&inputs, &tasks, next.as_ref(), y, first);
                    gradients.prefetch::<Q>(&group, &tasks, next.as_ref(), y, first, content, position);
                    differentiate::<S, Q>(&group, &mut gradients, &tasks, y, first, &mut room, &d_qkv);
                    first += Q;
                }
                if Q > 2 && first + 2 <= geometry.length {
                    differentiate::<S, 2>(&group, &mut gradients, &tasks, y, first, &mut room, &d_qkv);
                    first += 2;
                }
                if Q > 1 && first < geometry.length {
                    differentiate::<S, 1>(&group, &mut gradients, &tasks, y, first, &mut room, &d_qkv);
                }
                if y >= geometry.rows_before {
                    gradients.finish_row(&group, &tasks, y - geometry.rows_before, &d_qkv);
                }
            }
            for y in geometry.height.saturating_sub(geometry.rows_before)..geometry.height {
                gradients.finish_row(&group, &tasks, y, &d_qkv);
            }
            for (term, &gradient) in gradients.scales.iter().enumerate() {
                tasks.add_to_heads::<S>(&mut sums.scales[term * geometry.heads..], gradient);
            }
            queries += geometry.positions();
            if !whole || queries >= QUERIES_BETWEEN_FLUSHES {
                gradients.flush(&group, tasks.own_lanes(simd));
                queries = 0;
            }
        }
        gradients.flush(&group, all);
        sums.write(&gradients, &inputs, geometry);
    }
}

/// From the gradients with respect to the outputs of queries first .. first + Q of row y to all that they depend on.
#[inline(always)]
fn differentiate<S: Lanes, const Q: usize>(
    group: &Group<S>,
    gradients: &mut Gradients<S>,
    tasks: &Tasks,
    y: usize,
    first: usize,
    room: &mut [&mut [f32]; 6],
    d_qkv: &Shared,
) {
    let tile = Tile::new(group.geometry, first, Q);
    let mut room = TileGradients::<S, Q>::new(group, &tile, y, room);
    group.logits(&tile, y, &room.queries, &mut room.weights);
    let moments = group.weights(&tile, y, &mut room.weights);
    gradients.through_outputs(group, &tile, y, &mut room, &moments.inverses);
    let means = gradients.means(group, &tile, y, &mut room, &moments.inverses);
    gradients.through_logits(group, tasks, &tile, y, &mut room, &means, d_qkv);
}
