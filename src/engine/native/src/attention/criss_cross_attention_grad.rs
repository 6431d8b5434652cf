//! crissCrossAttentionGrad: the gradient of criss_cross_attention.rs with respect to qkv. Each direction goes by the moments
//! of both.

use super::arena::{cut, room_for};
use super::criss_cross_attention::exclude_own;
use super::geometry::{Geometry, Inputs, Tile};
use super::gradients::{Gradients, TileGradients, gradient_floats, tile_floats};
use super::group::{Group, group_floats};
use super::lanes::{Kernel, Lanes, dispatch};
use super::tasks::{Shared, Tasks};
use crate::call::Call;
use crate::slots::criss_cross_attention_grad as slot;

/// dQkv of one direction; that of the columns is added to what is there.
/// args: those of an axis, then dOutput, 0, dQkv, two that are not read, output, moments,
/// whether these are the columns
pub fn criss_cross_attention_grad(call: &Call) {
    dispatch(CrissCrossGrad {
        call,
        geometry: Geometry::of_axis(call),
    });
}

struct CrissCrossGrad<'a> {
    call: &'a Call,
    geometry: Geometry,
}

impl CrissCrossGrad<'_> {
    fn arrays<S: Lanes, const Q: usize>(&self) -> [usize; 21] {
        let [a, b, c, d, e, f, g] = group_floats::<S, Q>(&self.geometry);
        let [h, i, j, k, l, m, n, o] = gradient_floats::<S, Q>(&self.geometry);
        let [p, q, r, s, t, u] = tile_floats::<S, Q>(&self.geometry);
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u]
    }
}

/// What a softmax over row and column gave.
struct Given<'a> {
    output: &'a [f32],
    moments: &'a [f32],
    columns: bool,
}

impl Kernel for CrissCrossGrad<'_> {
    fn scratch<S: Lanes, const Q: usize>(&self) -> usize {
        room_for(self.arrays::<S, Q>())
    }

    #[inline(always)]
    fn run<S: Lanes, const Q: usize>(self, simd: S, scratch: &mut [f32]) {
        let CrissCrossGrad { call, ref geometry } = self;
        let inputs = Inputs::of(call, geometry);
        let places = geometry.tasks() * geometry.positions();
        // SAFETY: a kernel writes to none of its inputs.
        let read = |slot: usize, depth: usize| unsafe { call.heap.read::<f32>(call.pointer(slot), places * depth) };
        let d_output = read(slot::D_CONTENT, geometry.value_depth);
        let given = Given {
            output: read(slot::OUTPUT, geometry.value_depth),
            moments: read(slot::MOMENTS, 2),
            columns: call.flag(slot::COLUMNS),
        };
        let d_qkv = Shared::new(call, call.pointer(slot::D_QKV), geometry.volume());
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u] = cut(scratch, self.arrays::<S, Q>());
        let mut group = Group::new::<Q>(simd, geometry, &inputs, [a, b, c, d, e, f, g]);
        let mut gradients = Gradients::new::<Q>(simd, geometry, [h, i, j, k, l, m, n, o], [true, given.columns]);
        let mut room = [p, q, r, s, t, u];
        for index in call.share(geometry.groups(S::F32_LANES)) {
            let tasks = Tasks::new::<S>(geometry, index);
            group.load_row(&inputs, &tasks, 0);
            gradients.load_row(&group, &tasks, 0, d_output, None);
            let mut first = 0;
            while first + Q <= geometry.length {
                differentiate::<S, Q>(&group, &mut gradients, &tasks, first, &mut room, &given, &d_qkv);
                first += Q;
            }
            while Q > 1 && first < geometry.length {
                differentiate::<S, 1>(&group, &mut gradients, &tasks, first, &mut room, &given, &d_qkv);
                first += 1;
            }
            gradients.finish_row(&group, &tasks, 0, &d_qkv);
        }
    }
}

#[inline(always)]
fn differentiate<S: Lanes, const Q: usize>(
    group: &Group<S>,
    gradients: &mut Gradients<S>,
    tasks: &Tasks,
    first: usize,
    room: &mut [&mut [f32]; 6],
    given: &Given,
    d_qkv: &Shared,
) {
    let simd = group.simd;
    let tile = Tile::new(group.geometry, first, Q);
    let mut room = TileGradients::<S, Q>::new(group, &tile, 0, room);
    group.logits(&tile, 0, &room.queries, &mut room.weights);
    if given.columns {
        exclude_own(simd, &tile, &mut room.weights);
    }
    let view = tasks.view(2, 0, 2);
    let (mut shifts, mut inverses) = ([simd.splat_f32s(0.0); Q], [simd.splat_f32s(0.0); Q]);
    for q in 0..Q {
        let moments = view.read(simd, given.moments, first + q, 0);
        (shifts[q], inverses[q]) = (moments[0], moments[1]);
    }
    group.weights_by(&tile, 0, &mut room.weights, &shifts);
    gradients.through_outputs(group, &tile, 0, &mut room, &inverses);
    let means = gradients.means_of_output(group, tasks, &tile, &room, given.output);
    gradients.through_logits(group, tasks, &tile, 0, &mut room, &means, d_qkv);
}
