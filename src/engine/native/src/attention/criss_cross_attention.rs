//! crissCrossAttention: one softmax over the row and the column of a pixel, its own place once. Equals
//! `composedCrissCrossAttention` of src/functions/criss-cross-attention.ts.
//!
//! Attention along the rows comes first and leaves, of each pixel's softmax, the shift and 1 / sum; attention along
//! the columns, without the own place, then merges its own output and moments with those.

use super::arena::{cut, room_for};
use super::exponential::exponentials;
use super::geometry::{Geometry, Inputs, Tile};
use super::group::{Group, group_floats};
use super::lanes::{Kernel, Lanes, Quad, dispatch, times};
use super::tasks::{Shared, Tasks, View};
use super::tile::{Lines, Moments, Queries};
use crate::call::Call;
use crate::slots::criss_cross_attention as slot;
use pulp::Simd;

/// The own place's logit along the column. Not minus infinity, which would be all there is in a column of one.
const EXCLUDED: f32 = -3e38;

/// args: those of an axis, then output [.., N * Dv], moments [.., N, 2], whether these are the columns
pub fn criss_cross_attention(call: &Call) {
    dispatch(CrissCross {
        call,
        geometry: Geometry::of_axis(call),
    });
}

struct CrissCross<'a> {
    call: &'a Call,
    geometry: Geometry,
}

impl CrissCross<'_> {
    fn arrays<S: Lanes, const Q: usize>(&self) -> [usize; 10] {
        let [a, b, c, d, e, f, g] = group_floats::<S, Q>(&self.geometry);
        let [h, i] = Queries::<S, Q>::floats(&self.geometry);
        [a, b, c, d, e, f, g, h, i, Lines::<S, Q>::floats(&self.geometry)]
    }
}

impl Kernel for CrissCross<'_> {
    fn scratch<S: Lanes, const Q: usize>(&self) -> usize {
        room_for(self.arrays::<S, Q>())
    }

    #[inline(always)]
    fn run<S: Lanes, const Q: usize>(self, simd: S, scratch: &mut [f32]) {
        let CrissCross { call, ref geometry } = self;
        let inputs = Inputs::of(call, geometry);
        let places = geometry.tasks() * geometry.positions();
        let outputs = Outputs {
            content: Shared::new(call, call.pointer(slot::OUTPUT), places * geometry.value_depth),
            moments: Shared::new(call, call.pointer(slot::MOMENTS), 2 * places),
            columns: call.flag(slot::COLUMNS),
        };
        let [a, b, c, d, e, f, g, h, i, lines] = cut(scratch, self.arrays::<S, Q>());
        let mut group = Group::new::<Q>(simd, geometry, &inputs, [a, b, c, d, e, f, g]);
        for index in call.share(geometry.groups(S::F32_LANES)) {
            let tasks = Tasks::new::<S>(geometry, index);
            group.load_row(&inputs, &tasks, 0);
            let mut first = 0;
            while first + Q <= geometry.length {
                attend::<S, Q>(&group, &tasks, first, &outputs, h, i, lines);
                first += Q;
            }
            while Q > 1 && first < geometry.length {
                attend::<S, 1>(&group, &tasks, first, &outputs, h, i, lines);
                first += 1;
            }
        }
    }
}

struct Outputs {
    content: Shared,
    moments: Shared,
    columns: bool,
}

/// Attention of queries first .. first + Q.
#[inline(always)]
fn attend<S: Lanes, const Q: usize>(
    group: &Group<S>,
    tasks: &Tasks,
    first: usize,
    outputs: &Outputs,
    content_queries: &mut [f32],
    position_queries: &mut [f32],
    lines: &mut [f32],
) {
    let (simd, geometry) = (group.simd, group.geometry);
    let tile = Tile::new(geometry, first, Q);
    let queries = Queries::<S, Q>::of(group, &tile, 0, [content_queries, position_queries]);
    let mut lines = Lines::<S, Q>::new(geometry, lines);
    group.logits(&tile, 0, &queries, &mut lines);
    if outputs.columns {
        exclude_own(simd, &tile, &mut lines);
    }
    let Moments { shifts, inverses } = group.weights(&tile, 0, &mut lines);
    let moment_view = tasks.view(2, 0, 2);
    let view = tasks.view(geometry.value_depth, 0, geometry.value_depth);
    let mut shares = Shares {
        earlier: [simd.splat_f32s(0.0); Q],
        own: inverses,
    };
    for q in 0..Q {
        let mut moments = [shifts[q], inverses[q]];
        if outputs.columns {
            let earlier = moment_view.read_back(simd, &outputs.moments, first + q, 0);
            (moments, shares.earlier[q], shares.own[q]) = merge(simd, [earlier[0], earlier[1]], moments);
        }
        let quad = [moments[0], moments[1], moments[0], moments[1]];
        moment_view.write(simd, &outputs.moments, first + q, 0, quad);
    }
    for quad in 0..view.quads() {
        let sums = group.content(&tile, 0, quad, false, &mut lines);
        write(simd, &view, &tile, quad, &shares, &sums, outputs);
    }
}

/// What each query's output takes of what the tensor holds, and of the sums of its values by the weights in its line.
struct Shares<S: Simd, const Q: usize> {
    earlier: [S::f32s; Q],
    own: [S::f32s; Q],
}

#[inline(always)]
fn write<S: Lanes, const Q: usize>(
    simd: S,
    view: &View,
    tile: &Tile,
    quad: usize,
    shares: &Shares<S, Q>,
    sums: &[Quad<S>; Q],
    outputs: &Outputs,
) {
    for q in 0..Q {
        let mut content = times(simd, shares.own[q], &sums[q]);
        if outputs.columns {
            let earlier = view.read_back(simd, &outputs.content, tile.first + q, quad);
            for c in 0..4 {
                content[c] = simd.mul_add_e_f32s(shares.earlier[q], earlier[c], content[c]);
            }
        }
        view.write(simd, &outputs.content, tile.first + q, quad, content);
    }
}

#[inline(always)]
pub fn exclude_own<S: Lanes, const Q: usize>(simd: S, tile: &Tile, lines: &mut Lines<S, Q>) {
    let line = lines.keys(0, tile);
    for q in 0..Q {
        line[tile.first + q - tile.key][q] = simd.splat_f32s(EXCLUDED);
    }
}

/// Of two softmaxes, shift and 1 / sum each: those of both together, and the factors of the first's output and of the second's
/// sums in theirs.
#[inline(always)]
fn merge<S: Lanes>(simd: S, earlier: [S::f32s; 2], own: [S::f32s; 2]) -> ([S::f32s; 2], S::f32s, S::f32s) {
    let shift = simd.max_f32s(earlier[0], own[0]);
    let mut line = [[earlier[0]], [own[0]]];
    exponentials::<S, 1>(simd, &mut line, &[shift], &mut [simd.splat_f32s(0.0)]);
    let [[of_earlier], [of_own]] = line;
    let earlier_sum = simd.div_f32s(of_earlier, earlier[1]);
    let sum = simd.add_f32s(earlier_sum, simd.div_f32s(of_own, own[1]));
    let inverse = simd.div_f32s(simd.splat_f32s(1.0), sum);
    (
        [shift, inverse],
        simd.mul_f32s(earlier_sum, inverse),
        simd.mul_f32s(of_own, inverse),
    )
}
