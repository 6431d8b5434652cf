//! From dMean and dVariance to the gradients with respect to the products: with M pairs, dx = a + b x of a product x, where
//! b = 2 dvariance / M and a = dmean / M - b mean.

use super::geometry::Geometry;
use super::lanes::Lanes;
use super::tasks::Tasks;
use crate::call::Call;
use pulp::Simd;

/// a and b of each term and head, [3, N] each.
pub struct Coefficients {
    a: Vec<f32>,
    b: Vec<f32>,
    heads: usize,
}

/// Those of one term for each lane.
#[derive(Clone, Copy)]
pub struct TermCoefficients<S: Simd> {
    pub a: S::f32s,
    pub b: S::f32s,
}

impl Coefficients {
    /// `slot`: of the mean; after it the gradients with respect to it and to the variance, [3, N] each.
    pub fn of(call: &Call, slot: usize, geometry: &Geometry) -> Self {
        let count = 3 * geometry.heads;
        // SAFETY: a kernel writes to none of its inputs.
        let read = |slot: usize| unsafe { call.heap.read::<f32>(call.pointer(slot), count) };
        let (means, by_mean, by_variance) = (read(slot), read(slot + 1), read(slot + 2));
        let pairs = geometry.pairs();
        let b: Vec<f64> = by_variance
            .iter()
            .map(|&gradient| 2.0 * f64::from(gradient) / pairs)
            .collect();
        let a = |index: usize| f64::from(by_mean[index]) / pairs - b[index] * f64::from(means[index]);
        Coefficients {
            a: (0..count).map(|index| a(index) as f32).collect(),
            b: b.iter().map(|&b| b as f32).collect(),
            heads: geometry.heads,
        }
    }

    #[inline(always)]
    pub fn of_lanes<S: Lanes>(&self, simd: S, tasks: &Tasks, term: usize) -> TermCoefficients<S> {
        TermCoefficients {
            a: tasks.head_values(simd, &self.a[term * self.heads..]),
            b: tasks.head_values(simd, &self.b[term * self.heads..]),
        }
    }
}
