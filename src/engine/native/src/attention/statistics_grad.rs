//! axialSimilarityStatisticsGrad and localSimilarityStatisticsGrad: from dMean and dVariance to the gradients with respect to
//! queries, keys and encodings.
//!
//! With respect to a product x it is a + b x (coefficients.rs). Where products are formed, lines of x become lines of a + b
//! x, and the rest is as in attention. In the notation of gram.rs, of a term with products y.z:
//!
//! ```text
//! dy = sum_z (a + b x) z = n (a + b u) m + b C y
//! ```
//!
//! and, of the encodings, dz = sum_y (a + b x) y = sum_y a y + (sum_y b y y^T) z over the y that meet z: those sums are taken
//! by position, over all tasks, and axialSimilarityStatisticsGradSum pairs them with the encodings.

use super::arena::{as_quads, cut, quads, room_for};
use super::coefficients::Coefficients;
use super::geometry::{FIRST_OWN_SLOT, Geometry, Inputs, Tile};
use super::gram::{Gram, Windows};
use super::group::{Group, group_floats};
use super::lanes::{Kernel, Lanes, Quad, dispatch, lanes_of};
use super::part_sums::row_width;
use super::similarity_gradients::{SimilarityGradients, similarity_gradient_floats};
use super::tasks::{Shared, Tasks};
use super::tile::Lines;
use crate::call::Call;
use pulp::Simd;

/// Sums by offset are emptied into the part's own after about so many queries: fewer roundings, and hardly any cost.
const QUERIES_BETWEEN_FLUSHES: usize = 1024;

/// Slots after those that give the geometry.
#[derive(Clone, Copy)]
struct Slots {
    /// Mean, its gradient and that by the variance.
    mean: usize,
    d_qkv: usize,
    adds: usize,
    /// The parts' sums and, after it, the bytes of one part's.
    sums: usize,
}

impl Slots {
    const fn from(first: usize) -> Self {
        Slots {
            mean: first,
            d_qkv: first + 3,
            adds: first + 4,
            sums: first + 5,
        }
    }
}

/// args: those of an axis, then whether to go by Gram matrices, mean, dMean and dVariance, [3, N] each,
/// dQkv, whether to add to what it holds, the parts' sums for query and key encodings, and the bytes of one part's
/// for both
pub fn axial_similarity_statistics_grad(call: &Call) {
    let geometry = Geometry {
        reads_values: false,
        ..Geometry::of_axis(call)
    };
    let slots = Slots::from(FIRST_OWN_SLOT + 1);
    if call.flag(FIRST_OWN_SLOT) {
        dispatch(ByGram { call, geometry, slots });
    } else {
        dispatch(ByProducts {
            call,
            geometry,
            slots,
            image: false,
        });
    }
}

/// args: those of images, then mean, dMean and dVariance, [3, N] each, dQkv, whether to add to
/// what it holds, the parts' sums and the bytes of one part's: rows of those of attentionGradSum
pub fn local_similarity_statistics_grad(call: &Call) {
    let geometry = Geometry {
        reads_values: false,
        ..Geometry::of_images(call)
    };
    dispatch(ByProducts {
        call,
        geometry,
        slots: Slots::from(FIRST_OWN_SLOT),
        image: true,
    });
}

/// Each part does a range of the groups.
struct ByProducts<'a> {
    call: &'a Call,
    geometry: Geometry,
    slots: Slots,
    image: bool,
}

impl ByProducts<'_> {
    fn arrays<S: Lanes, const Q: usize>(&self) -> [usize; 12] {
        let [a, b, c, d, e, f, g] = group_floats::<S, Q>(&self.geometry);
        let [h, i, j, k] = similarity_gradient_floats::<S, Q>(&self.geometry);
        [a, b, c, d, e, f, g, h, i, j, k, Lines::<S, Q>::floats(&self.geometry)]
    }

    /// The part's sums: by the encodings of images as attention has them, else query and key encodings one after the other.
    fn write_sums<S: Lanes>(&self, gradients: &SimilarityGradients<S>, inputs: &Inputs) {
        let ByProducts {
            call,
            geometry,
            slots,
            image,
        } = self;
        let rows = geometry.window_rows() * geometry.span();
        let bytes = call.size(slots.sums + 1);
        let start = call.pointer(slots.sums) + call.part * bytes;
        let full = 4 * geometry.key_quads();
        let (width, key_start, key_column) = if *image {
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

struct ByGram<'a> {
    call: &'a Call,
    geometry: Geometry,
    slots: Slots,
}

impl ByGram<'_> {
    fn arrays<S: Lanes, const Q: usize>(&self) -> [usize; 15] {
        let [a, b, c, d, e, f, g] = group_floats::<S, Q>(&self.geometry);
        let [h, i, j, k] = similarity_gradient_floats::<S, Q>(&self.geometry);
        let [mean, matrix] = Gram::<S>::floats(&self.geometry);
        let sums = quads::<S>(self.geometry.length * self.numbers() / 4);
        [a, b, c, d, e, f, g, h, i, j, k, mean, matrix, sums, sums]
    }

    /// Numbers of the sums of one position: [1 + 4 quads][4 quads].
    fn numbers(&self) -> usize {
        let full = 4 * self.geometry.key_quads();
        (1 + full) * full
    }
}

impl Kernel for ByGram<'_> {
    fn scratch<S: Lanes, const Q: usize>(&self) -> usize {
        room_for(self.arrays::<S, Q>())
    }

    #[inline(always)]
    fn run<S: Lanes, const Q: usize>(self, simd: S, scratch: &mut [f32]) {
        let ByGram {
            call,
            ref geometry,
            slots,
        } = self;
        let length = geometry.length;
        let inputs = Inputs::of(call, geometry);
        let coefficients = Coefficients::of(call, slots.mean, geometry);
        let to = Shared::new(call, call.pointer(slots.d_qkv), geometry.volume());
        let adds = call.flag(slots.adds);
        let [a, b, c, d, e, f, g, h, i, j, k, mean, matrix, query_sums, key_sums] = cut(scratch, self.arrays::<S, Q>());
        let mut group = Group::new::<Q>(simd, geometry, &inputs, [a, b, c, d, e, f, g]);
        let mut gradients = SimilarityGradients::new::<Q>(simd, geometry, [h, i, j, k]);
        let mut gram = Gram::<S>::new([mean, matrix]);
        let (query_sums, key_sums) = (as_quads::<S>(query_sums), as_quads::<S>(key_sums));
        for sums in [&mut *query_sums, &mut *key_sums] {
            sums.fill([simd.splat_f32s(0.0); 4]);
        }
        let query_windows = inputs.query_table.map(|table| Windows::of(table, geometry));
        let key_windows = inputs.key_table.map(|table| Windows::of(table, geometry));
        for index in call.share(geometry.groups(S::F32_LANES)) {
            let tasks = Tasks::new::<S>(geometry, index);
            let own = tasks.own_lanes(simd);
            group.load_row(&inputs, &tasks, 0);
            let content = coefficients.of_lanes(simd, &tasks, 0);
            gram.fill(simd, &group.keys, length, true);
            gram.add_gradient(simd, &group.queries, length, content, &mut gradients.queries);
            gram.fill(simd, &group.queries, length, true);
            gram.add_gradient(simd, &group.keys, length, content, &mut gradients.keys);
            if let Some(windows) = &query_windows {
                let term = coefficients.of_lanes(simd, &tasks, 1);
                windows.add_gradient(
                    simd,
                    &group.queries,
                    length,
                    false,
                    term,
                    own,
                    &mut gradients.queries,
                    query_sums,
                );
            }
            if let Some(windows) = &key_windows {
                let term = coefficients.of_lanes(simd, &tasks, 2);
                windows.add_gradient(
                    simd,
                    &group.keys,
                    length,
                    true,
                    term,
                    own,
                    &mut gradients.keys,
                    key_sums,
                );
            }
            gradients.finish_queries(&group, &tasks, 0, &to, adds);
            gradients.finish_keys(&group, &tasks, 0, &to, adds);
        }
        let bytes = call.size(slots.sums + 1);
        let start = call.pointer(slots.sums) + call.part * bytes;
        let numbers = length * self.numbers();
        for (sums, start) in [(query_sums, start), (key_sums, start + bytes / 2)] {
            write_lanes::<S>(sums, &Shared::new(call, start, 4 * numbers));
        }
    }
}

/// Writes the sum of each vector's lanes as four numbers, of which axialSimilarityStatisticsGradSum takes the sum.
fn write_lanes<S: Simd>(sums: &[Quad<S>], to: &Shared) {
    for (index, sum) in sums.as_flattened().iter().enumerate() {
        let total: f64 = lanes_of::<S>(sum).iter().map(|&lane| f64::from(lane)).sum();
        let most = total as f32;
        to.write(4 * index, [most, (total - f64::from(most)) as f32, 0.0, 0.0]);
    }
}
