//! axialSimilarityStatistics: mean and biased variance of each logit term and head over all sequences and all pairs in the
//! window. Equals `composedAxialSimilarityStatistics` of src/functions/axial-attention.ts.

use super::arena::{cut, room_for};
use super::geometry::{Geometry, Inputs};
use super::gram::{Gram, Windows};
use super::group::{Group, group_floats};
use super::lanes::{Kernel, Lanes, dispatch};
use super::moments::PartMoments;
use super::product_moments::add_product_moments;
use super::tasks::Tasks;
use crate::call::Call;
use crate::slots::axial_similarity_statistics as slot;

/// args: those of an axis, then whether to go by Gram matrices (gram.rs), and `PartMoments`
pub fn axial_similarity_statistics(call: &Call) {
    let geometry = Geometry {
        reads_values: false,
        ..Geometry::of_axis(call)
    };
    if call.flag(slot::BY_GRAM) {
        dispatch(ByGram { call, geometry });
    } else {
        add_product_moments(call, geometry, slot::SUMS);
    }
}

struct ByGram<'a> {
    call: &'a Call,
    geometry: Geometry,
}

impl ByGram<'_> {
    fn arrays<S: Lanes, const Q: usize>(&self) -> [usize; 11] {
        let [a, b, c, d, e, f, g] = group_floats::<S, Q>(&self.geometry);
        let [mean, matrix] = Gram::<S>::floats(&self.geometry);
        [a, b, c, d, e, f, g, mean, matrix, mean, matrix]
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
        let mut moments = PartMoments::of(call, slot::SUMS, geometry);
        let [a, b, c, d, e, f, g, key_mean, key_matrix, query_mean, query_matrix] = cut(scratch, self.arrays::<S, Q>());
        let mut group = Group::new::<Q>(simd, geometry, &inputs, [a, b, c, d, e, f, g]);
        let mut of_keys = Gram::<S>::new([key_mean, key_matrix]);
        let mut of_queries = Gram::<S>::new([query_mean, query_matrix]);
        let query_windows = inputs.query_table.map(|table| Windows::of(table, geometry));
        let key_windows = inputs.key_table.map(|table| Windows::of(table, geometry));
        let sets = [length, length];
        for index in call.share(geometry.groups(S::F32_LANES)) {
            let tasks = Tasks::new::<S>(geometry, index);
            group.load_row(&inputs, &tasks, 0);
            of_keys.fill(simd, &group.keys, length, true);
            of_queries.fill(simd, &group.queries, length, false);
            let means = of_keys.add_means(simd, &group.queries, length);
            // sum_i q_i.(C q_i) is the sum of the products of the two matrices' elements.
            moments.add(&tasks, 0, sets, &means, Some(of_keys.product(simd, &of_queries)));
            if let Some(windows) = &query_windows {
                let (means, within) = windows.add_moments(simd, &group.queries, length, false);
                moments.add(&tasks, 1, sets, &means, Some(within));
            }
            if let Some(windows) = &key_windows {
                let (means, within) = windows.add_moments(simd, &group.keys, length, true);
                moments.add(&tasks, 2, sets, &means, Some(within));
            }
        }
    }
}
