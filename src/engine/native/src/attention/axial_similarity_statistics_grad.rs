//! axialSimilarityStatisticsGrad: from dMean and dVariance to the gradients with respect to queries, keys and encodings.
//!
//! With respect to a product x it is a + b x (coefficients.rs). Where products are formed, product_gradients.rs goes by them.
//! Else, in the notation of gram.rs, of a term with products y.z:
//!
//! ```text
//! dy = sum_z (a + b x) z = n (a + b u) m + b C y
//! ```
//!
//! and, of the encodings, dz = sum_y (a + b x) y = sum_y a y + (sum_y b y y^T) z over the y that meet z: those sums are taken
//! by position, over all tasks, and axialSimilarityStatisticsGradSum pairs them with the encodings.

use super::arena::{as_quads, cut, quads, room_for};
use super::coefficients::Coefficients;
use super::geometry::{Geometry, Inputs};
use super::gram::{Gram, Windows};
use super::group::{Group, group_floats};
use super::lanes::{Kernel, Lanes, Quad, dispatch, lanes_of};
use super::product_gradients::{Slots, differentiate_products};
use super::similarity_gradients::{SimilarityGradients, similarity_gradient_floats};
use super::tasks::{Shared, Tasks};
use crate::call::Call;
use crate::slots::axial_similarity_statistics_grad as slot;
use pulp::Simd;

/// args: those of an axis, then whether to go by Gram matrices, mean, dMean and dVariance, [3, N] each,
/// dQkv, whether to add to what it holds, the parts' sums for query and key encodings, and the bytes of one part's
/// for both
pub fn axial_similarity_statistics_grad(call: &Call) {
    let geometry = Geometry {
        reads_values: false,
        ..Geometry::of_axis(call)
    };
    if call.flag(slot::BY_GRAM) {
        dispatch(ByGram { call, geometry });
    } else {
        differentiate_products(call, geometry, Slots::of_axis());
    }
}

struct ByGram<'a> {
    call: &'a Call,
    geometry: Geometry,
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
        let ByGram { call, ref geometry } = self;
        let length = geometry.length;
        let inputs = Inputs::of(call, geometry);
        let coefficients = Coefficients::of(call, slot::MEAN, geometry);
        let to = Shared::new(call, call.pointer(slot::D_QKV), geometry.volume());
        let adds = call.flag(slot::ADDS);
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
        let bytes = call.size(slot::SUM_BYTES);
        let start = call.pointer(slot::SUMS) + call.part * bytes;
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
