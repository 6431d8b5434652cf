//! axialSimilarityStatistics and localSimilarityStatistics: mean and biased variance of each logit term and head over all
//! sequences and all pairs in the window. Equal `composedSimilarityStatistics` and `composedLocalSimilarityStatistics` of
//! src/functions.

use super::arena::{cut, room_for};
use super::geometry::{FIRST_OWN_SLOT, Geometry, Inputs};
use super::gram::{Gram, Windows};
use super::group::{Group, group_floats};
use super::lanes::{Kernel, Lanes, dispatch};
use super::moments::PartMoments;
use super::tasks::Tasks;
use super::tile::Lines;
use crate::call::Call;

/// args: those of an axis, then whether to go by Gram matrices (gram.rs), and `PartMoments`
pub fn axial_similarity_statistics(call: &Call) {
    let geometry = Geometry {
        reads_values: false,
        ..Geometry::of_axis(call)
    };
    if call.flag(FIRST_OWN_SLOT) {
        dispatch(ByGram { call, geometry });
    } else {
        dispatch(ByProducts {
            call,
            geometry,
            sums: FIRST_OWN_SLOT + 1,
        });
    }
}

/// args: those of images, then `PartMoments`
pub fn local_similarity_statistics(call: &Call) {
    let geometry = Geometry {
        reads_values: false,
        ..Geometry::of_images(call)
    };
    dispatch(ByProducts {
        call,
        geometry,
        sums: FIRST_OWN_SLOT,
    });
}

/// Each part does a range of image rows of the groups.
struct ByProducts<'a> {
    call: &'a Call,
    geometry: Geometry,
    /// Slot of `PartMoments`.
    sums: usize,
}

impl ByProducts<'_> {
    fn arrays<S: Lanes, const Q: usize>(&self) -> [usize; 8] {
        let [a, b, c, d, e, f, g] = group_floats::<S, Q>(&self.geometry);
        [a, b, c, d, e, f, g, Lines::<S, Q>::floats(&self.geometry)]
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
            sums,
        } = self;
        let inputs = Inputs::of(call, geometry);
        let mut moments = PartMoments::of(call, sums, geometry);
        let [a, b, c, d, e, f, g, lines] = cut(scratch, self.arrays::<S, Q>());
        let mut group = Group::new::<Q>(simd, geometry, &inputs, [a, b, c, d, e, f, g]);
        let share = call.share(geometry.groups(S::F32_LANES) * geometry.height);
        let mut tasks = Tasks::new::<S>(geometry, share.start / geometry.height);
        let mut sums = [None, None, None];
        let mut products = 0;
        for row in share.clone() {
            let y = row % geometry.height;
            let begins = row == share.start || y == 0;
            if begins {
                tasks = Tasks::new::<S>(geometry, row / geometry.height);
            }
            for y in group.new_rows(y, begins) {
                group.load_row(&inputs, &tasks, y);
            }
            let mut first = 0;
            while first + Q <= geometry.length {
                group.add_product_moments::<Q>(first, y, lines, &mut sums);
                first += Q;
            }
            if Q > 2 && first + 2 <= geometry.length {
                group.add_product_moments::<2>(first, y, lines, &mut sums);
                first += 2;
            }
            if Q > 1 && first < geometry.length {
                group.add_product_moments::<1>(first, y, lines, &mut sums);
            }
            products += geometry.visible_rows(y).len() * geometry.pairs_of_rows();
            if y + 1 == geometry.height || row + 1 == share.end {
                for (term, sums) in sums.iter_mut().enumerate() {
                    if let Some(sums) = sums.take() {
                        moments.add(&tasks, term, [products, 1], &sums, None);
                    }
                }
                products = 0;
            }
        }
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
        let mut moments = PartMoments::of(call, FIRST_OWN_SLOT + 1, geometry);
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
