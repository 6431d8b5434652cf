//! The similarity statistics by products formed pair by pair (products.rs), along an axis or in an image.

use super::arena::{cut, room_for};
use super::geometry::{Geometry, Inputs};
use super::group::{Group, group_floats};
use super::lanes::{Kernel, Lanes, dispatch};
use super::moments::PartMoments;
use super::tasks::Tasks;
use super::tile::Lines;
use crate::call::Call;

/// `sums`: the slot of `PartMoments`.
pub fn add_product_moments(call: &Call, geometry: Geometry, sums: usize) {
    dispatch(ByProducts { call, geometry, sums });
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
