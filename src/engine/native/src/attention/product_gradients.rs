//! The gradients of the similarity statistics where products are formed: lines of products x become lines of a + b x
//! (coefficients.rs), and the rest is as in attention.

use super::arena::{cut, room_for};
use super::coefficients::Coefficients;
use super::geometry::{Geometry, Inputs, Tile};
use super::group::{Group, group_floats};
use super::lanes::{Kernel, Lanes, dispatch};
use super::part_sums::row_width;
use super::similarity_gradients::{SimilarityGradients, similarity_gradient_floats};
use super::tasks::{Shared, Tasks};
use super::tile::Lines;
use crate::call::Call;
use crate::slots::{axial_similarity_statistics_grad as axis_slot, local_similarity_statistics_grad as image_slot};

/// Sums by offset are emptied into the part's own after about so many queries: fewer roundings, and hardly any cost.
const QUERIES_BETWEEN_FLUSHES: usize = 1024;

/// Where a kernel's own arguments are.
#[derive(Clone, Copy)]
pub struct Slots {
    /// The mean, and after it the gradients with respect to it and to the variance.
    mean: usize,
    d_qkv: usize,
    adds: usize,
    /// The parts' sums and, after it, the bytes of one part's.
    sums: usize,
    /// Whether the parts' sums are those of images.
    image: bool,
}

impl Slots {
    pub const fn of_axis() -> Self {
        Slots {
            mean: axis_slot::MEAN,
            d_qkv: axis_slot::D_QKV,
            adds: axis_slot::ADDS,
            sums: axis_slot::SUMS,
            image: false,
        }
    }

    pub const fn of_images() -> Self {
        Slots {
            mean: image_slot::MEAN,
            d_qkv: image_slot::D_QKV,
            adds: image_slot::ADDS,
            sums: image_slot::SUMS,
            image: true,
        }
    }
}

pub fn differentiate_products(call: &Call, geometry: Geometry, slots: Slots) {
    dispatch(ByProducts { call, geometry, slots });
}

/// Each part does a range of the groups.
struct ByProducts<'a> {
    call: &'a Call,
    geometry: Geometry,
    slots: Slots,
}

impl ByProducts<'_> {
    fn arrays<S: Lanes, const Q: usize>(&self) -> [usize; 12] {
        let [a, b, c, d, e, f, g] = group_floats::<S, Q>(&self.geometry);
        let [h, i, j, k] = similarity_gradient_floats::<S, Q>(&self.geometry);
        [a, b, c, d, e, f, g, h, i, j, k, Lines::<S, Q>::floats(&self.geometry)]
    }

    /// The part's sums: by the encodings of images as attention has them, else query and key encodings one after the other.
    fn write_sums<S: Lanes>(&self, gradients: &SimilarityGradients<S>, inputs: &Inputs) {
        let ByProducts { call, geometry, slots } = self;
        let rows = geometry.window_rows() * geometry.span();
        let bytes = call.size(slots.sums + 1);
        let start = call.pointer(slots.sums) + call.part * bytes;
        let full = 4 * geometry.key_quads();
        let (width, key_start, key_column) = if slots.image {
            (row_width(geometry.key_depth, geometry.value_depth), start, full)
        } else {
            (full, start + bytes / 2, 0)
        };
        if inputs.query_table.is_some() {
            gradients
                .query_sums
                .write(&Shared::new(call, start, 4 * rows * width), width, 0, 1.0);
        }
        if inputs.key_table.is_some() {
            gradients
                .key_sums
                .write(&Shared::new(call, key_start, 4 * rows * width), width, key_column, 1.0);
        }
    }
}

impl Kernel for ByProducts<'_> {
    fn scratch<S: Lanes, const Q: usize>(&self) -> usize {
        room_for(self.arrays::<S, Q>())
    }

    #[inline(always)]
    fn run<S: Lanes, const Q: usize>(self, simd: S, scratch: &mut [f32]) {
        let ByProducts {
            call,
            ref geometry,
            slots,
            ..
        } = self;
        let inputs = Inputs::of(call, geometry);
        let coefficients = Coefficients::of(call, slots.mean, geometry);
        let to = Shared::new(call, call.pointer(slots.d_qkv), geometry.volume());
        let adds = call.flag(slots.adds);
        let [a, b, c, d, e, f, g, h, i, j, k, lines] = cut(scratch, self.arrays::<S, Q>());
        let mut group = Group::new::<Q>(simd, geometry, &inputs, [a, b, c, d, e, f, g]);
        let mut gradients = SimilarityGradients::new::<Q>(simd, geometry, [h, i, j, k]);
        let all = simd.splat_f32s(1.0);
        let mut queries = 0;
        for index in call.share(geometry.groups(S::F32_LANES)) {
            let tasks = Tasks::new::<S>(geometry, index);
            let whole = tasks.own == S::F32_LANES;
            if !whole {
                gradients.flush(&group, all);
            }
            for y in 0..geometry.height {
                for y in group.new_rows(y, y == 0) {
                    group.load_row(&inputs, &tasks, y);
                }
                let mut first = 0;
                while first + Q <= geometry.length {
                    differentiate::<S, Q>(&group, &tasks, &coefficients, y, first, lines, &mut gradients);
                    first += Q;
                }
                if Q > 2 && first + 2 <= geometry.length {
                    differentiate::<S, 2>(&group, &tasks, &coefficients, y, first, lines, &mut gradients);
                    first += 2;
                }
                if Q > 1 && first < geometry.length {
                    differentiate::<S, 1>(&group, &tasks, &coefficients, y, first, lines, &mut gradients);
                }
                gradients.finish_queries(&group, &tasks, y, &to, adds);
                if y >= geometry.rows_before {
                    gradients.finish_keys(&group, &tasks, y - geometry.rows_before, &to, adds);
                }
            }
            for y in geometry.height.saturating_sub(geometry.rows_before)..geometry.height {
                gradients.finish_keys(&group, &tasks, y, &to, adds);
            }
            queries += geometry.positions();
            if !whole || queries >= QUERIES_BETWEEN_FLUSHES {
                gradients.flush(&group, tasks.own_lanes(simd));
                queries = 0;
            }
        }
        gradients.flush(&group, all);
        self.write_sums(&gradients, &inputs);
    }
}

#[inline(always)]
fn differentiate<S: Lanes, const Q: usize>(
    group: &Group<S>,
    tasks: &Tasks,
    coefficients: &Coefficients,
    y: usize,
    first: usize,
    lines: &mut [f32],
    gradients: &mut SimilarityGradients<S>,
) {
    let tile = Tile::new(group.geometry, first, Q);
    let mut lines = Lines::<S, Q>::new(group.geometry, lines);
    for term in 0..3 {
        if group.has_term(term) {
            let coefficients = coefficients.of_lanes(group.simd, tasks, term);
            group.product_gradient(&tile, y, &mut lines, term, coefficients, gradients);
        }
    }
}
