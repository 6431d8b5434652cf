//! Mean and variance of the similarities: of each term and head, from sets of n products with mean u, the sums of n u, of n u^2
//! and of the squares of products less u. Kept apart and in float64, they cost the variance no digits when a mean is far
//! from zero.

use super::geometry::Geometry;
use super::lanes::{Lanes, lanes_of};
use super::tasks::{MOST_LANES, Tasks};
use crate::call::Call;
use pulp::Simd;

/// Of one term, each lane's sums of products less a reference, which is a product itself, and of the squares of those.
pub struct TermSums<S: Simd> {
    pub reference: S::f32s,
    linear: [f64; MOST_LANES],
    square: [f64; MOST_LANES],
}

impl<S: Lanes> TermSums<S> {
    #[inline(always)]
    pub fn new(reference: S::f32s) -> Self {
        TermSums {
            reference,
            linear: [0.0; MOST_LANES],
            square: [0.0; MOST_LANES],
        }
    }

    /// Adds the sums of some products less the reference, and of their squares.
    #[inline(always)]
    pub fn add(&mut self, linear: S::f32s, square: S::f32s) {
        let (linear, square) = (lanes_of::<S>(&linear), lanes_of::<S>(&square));
        for lane in 0..S::F32_LANES {
            self.linear[lane] += f64::from(linear[lane]);
            self.square[lane] += f64::from(square[lane]);
        }
    }
}

/// A part's sums, [3 terms][3 moments][N], as similarityStatisticsSum reads them.
pub struct PartMoments<'a> {
    sums: &'a mut [f64],
    heads: usize,
}

impl<'a> PartMoments<'a> {
    /// `slot`: of the parts' sums and, after it, of the bytes of one part's.
    pub fn of(call: &'a Call, slot: usize, geometry: &Geometry) -> Self {
        let start = call.pointer(slot) + call.part * call.size(slot + 1);
        // SAFETY: these sums are this part's own.
        let sums = unsafe { call.heap.write::<f64>(start, 9 * geometry.heads) };
        sums.fill(0.0);
        PartMoments {
            sums,
            heads: geometry.heads,
        }
    }

    /// Adds for each lane of a group `sets` sets of `size` products each, given the sums of their means and the sum of the
    /// squares of products less those. A single product is a set of one.
    pub fn add<S: Lanes>(
        &mut self,
        tasks: &Tasks,
        term: usize,
        [sets, size]: [usize; 2],
        means: &TermSums<S>,
        within: Option<S::f32s>,
    ) {
        let (sets, size) = (sets as f64, size as f64);
        for (lane, &reference) in lanes_of::<S>(&means.reference).iter().enumerate().take(tasks.own) {
            let shift = means.linear[lane] / sets;
            let mean = f64::from(reference) + shift;
            let between = means.square[lane] - means.linear[lane] * shift;
            let within = within
                .as_ref()
                .map_or(0.0, |within| f64::from(lanes_of::<S>(within)[lane]));
            let moments = [size * sets * mean, size * sets * mean * mean, size * between + within];
            for (moment, value) in moments.into_iter().enumerate() {
                self.sums[(3 * term + moment) * self.heads + tasks.head(lane)] += value;
            }
        }
    }
}
