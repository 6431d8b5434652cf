//! Position-sensitive attention in windows, logits and weights never stored: of an image (local_attention.rs), or along an axis
//! (axial_attention.rs), which is an image of one row.
//!
//! Each part does a range of image rows of the groups of tasks; of a row, queries go in tiles.

use super::arena::{cut, room_for};
use super::forward_loops::{retrieve, retrieve_both, retrieve_encodings};
use super::geometry::{Geometry, Inputs, Tile};
use super::group::{Group, group_floats};
use super::lanes::{Kernel, Lanes, Quad, dispatch, times};
use super::tasks::{Shared, Tasks};
use super::tile::{Lines, Moments, Queries};
use crate::call::Call;

/// `outputs`: the slots of content and position.
pub fn attend_in_windows(call: &Call, geometry: Geometry, outputs: [usize; 2]) {
    dispatch(Attention {
        call,
        geometry,
        outputs,
    });
}

struct Attention<'a> {
    call: &'a Call,
    geometry: Geometry,
    outputs: [usize; 2],
}

impl Attention<'_> {
    fn arrays<S: Lanes, const Q: usize>(&self) -> [usize; 10] {
        let [a, b, c, d, e, f, g] = group_floats::<S, Q>(&self.geometry);
        let [h, i] = Queries::<S, Q>::floats(&self.geometry);
        [a, b, c, d, e, f, g, h, i, Lines::<S, Q>::floats(&self.geometry)]
    }
}

impl Kernel for Attention<'_> {
    fn scratch<S: Lanes, const Q: usize>(&self) -> usize {
        room_for(self.arrays::<S, Q>())
    }

    #[inline(always)]
    fn run<S: Lanes, const Q: usize>(self, simd: S, scratch: &mut [f32]) {
        let Attention {
            call,
            ref geometry,
            outputs: [content, position],
        } = self;
        let volume = geometry.tasks() * geometry.positions() * geometry.value_depth;
        let outputs = Outputs {
            content: Shared::new(call, call.pointer(content), volume),
            position: call.optional(position).map(|offset| Shared::new(call, offset, volume)),
        };
        let inputs = Inputs::of(call, geometry);
        let share = call.share(geometry.groups(S::F32_LANES) * geometry.height);
        let [a, b, c, d, e, f, g, h, i, lines] = cut(scratch, self.arrays::<S, Q>());
        let mut group = Group::new::<Q>(simd, geometry, &inputs, [a, b, c, d, e, f, g]);
        let mut tasks = Tasks::new::<S>(geometry, share.start / geometry.height);
        for row in share.clone() {
            let y = row % geometry.height;
            let begins = row == share.start || y == 0;
            if begins {
                tasks = Tasks::new::<S>(geometry, row / geometry.height);
                group.select(&inputs, &tasks);
            }
            for y in group.new_rows(y, begins) {
                group.load_row(&inputs, &tasks, y);
            }
            let mut first = 0;
            let group_index = row / geometry.height;
            let next =
                (group_index + 1 < geometry.groups(S::F32_LANES)).then(|| Tasks::new::<S>(geometry, group_index + 1));
            while first + Q <= geometry.length {
                group.prefetch::<Q>(&inputs, &tasks, next.as_ref(), y, first);
                attend::<S, Q>(&group, &tasks, y, first, &outputs, h, i, lines);
                first += Q;
            }
            if Q > 2 && first + 2 <= geometry.length {
                attend::<S, 2>(&group, &tasks, y, first, &outputs, h, i, lines);
                first += 2;
            }
            if Q > 1 && first < geometry.length {
                attend::<S, 1>(&group, &tasks, y, first, &outputs, h, i, lines);
            }
        }
    }
}

struct Outputs {
    content: Shared,
    position: Option<Shared>,
}

/// Attention of queries first .. first + Q of row y.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn attend<S: Lanes, const Q: usize>(
    group: &Group<S>,
    tasks: &Tasks,
    y: usize,
    first: usize,
    outputs: &Outputs,
    content_queries: &mut [f32],
    position_queries: &mut [f32],
    lines: &mut [f32],
) {
    let geometry = group.geometry;
    let tile = Tile::new(geometry, first, Q);
    let view = tasks.view(geometry.value_depth, 0, geometry.value_depth);
    let places = y * geometry.length + first..y * geometry.length + first + Q;
    view.prefetch(group.simd, outputs.content.start(), places.clone());
    if let Some(position) = &outputs.position {
        view.prefetch(group.simd, position.start(), places);
    }
    let queries = Queries::<S, Q>::of(group, &tile, y, [content_queries, position_queries]);
    let mut lines = Lines::<S, Q>::new(geometry, lines);
    group.logits(&tile, y, &queries, &mut lines);
    let moments = group.weights(&tile, y, &mut lines);
    let together = outputs.position.is_none();
    for quad in 0..view.quads() {
        let content = group.content(&tile, y, quad, together, &mut lines);
        write(group, &view, y, &tile, quad, &moments, content, &outputs.content);
        if let (Some(output), Some(position)) = (&outputs.position, group.position(&tile, y, quad, &lines)) {
            write(group, &view, y, &tile, quad, &moments, position, output);
        }
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn write<S: Lanes, const Q: usize>(
    group: &Group<S>,
    view: &super::tasks::View,
    y: usize,
    tile: &Tile,
    quad: usize,
    moments: &Moments<S, Q>,
    sums: [Quad<S>; Q],
    output: &Shared,
) {
    let place = y * group.geometry.length + tile.first;
    for q in 0..Q {
        let output_quad = times(group.simd, moments.inverses[q], &sums[q]);
        view.write(group.simd, output, place + q, quad, output_quad);
    }
}

impl<S: Lanes> Group<'_, S> {
    /// Four channels of the values retrieved by the weights in the lines; `together`: and of the values' encodings.
    #[inline(always)]
    pub fn content<const Q: usize>(
        &self,
        tile: &Tile,
        y: usize,
        quad: usize,
        together: bool,
        lines: &mut Lines<S, Q>,
    ) -> [Quad<S>; Q] {
        let mut sums = [[self.simd.splat_f32s(0.0); 4]; Q];
        for row in self.geometry.visible_rows(y) {
            let slot = self.slot(y + row - self.geometry.rows_before);
            let values = self.values.row(slot, quad, tile.key as isize, tile.count);
            let line = lines.keys(row, tile);
            match &self.value_encodings {
                Some(encodings) if together => {
                    retrieve_both(self.simd, line, values, encodings.by_key(row, quad, tile, Q), &mut sums);
                }
                _ => retrieve(self.simd, line, values, &mut sums),
            }
        }
        sums
    }

    /// Four channels of the values' encodings retrieved by the weights in the lines; None without encodings.
    #[inline(always)]
    fn position<const Q: usize>(
        &self,
        tile: &Tile,
        y: usize,
        quad: usize,
        lines: &Lines<S, Q>,
    ) -> Option<[Quad<S>; Q]> {
        let encodings = self.value_encodings.as_ref()?;
        let mut sums = [[self.simd.splat_f32s(0.0); 4]; Q];
        for row in self.geometry.visible_rows(y) {
            let encodings = encodings.by_offset(row, quad, tile);
            retrieve_encodings(self.simd, lines.offsets(row, tile), encodings, &mut sums);
        }
        Some(sums)
    }
}
