//! The similarity statistics without a single product, for long axes whose queries see every key.
//!
//! Each of the three terms is a set of products x = y.z, where y is a query (of the key-position term: a key) and z runs over
//! the n vectors that meet it: the keys, or the encodings of the offsets that it has to them. With the mean m of those z and
//! their centred Gram matrix C = sum (z - m)(z - m)^T,
//!
//! ```text
//! sum x = n u,    sum x^2 = n u^2 + y.(C y),    u = y.m
//! ```
//!
//! The offsets that meet key L - 1 - i are those that meet query i, so the key-position term goes through the keys from the
//! last to the first.

use super::arena::{Band, as_quads, quads};
use super::coefficients::TermCoefficients;
use super::forward_loops::{add_times, add_times_encoding, dot, dot_encoding};
use super::geometry::Geometry;
use super::lanes::{Lanes, Quad, times};
use super::moments::TermSums;
use pulp::Simd;

/// Of each position the encodings that meet its query: their mean and centred Gram matrix, plain numbers shared by all tasks.
pub struct Windows {
    /// [L][quads], what rounding took off those, and [L][4 quads][quads].
    means: Vec<[f32; 4]>,
    lows: Vec<[f32; 4]>,
    matrices: Vec<[f32; 4]>,
    quads: usize,
}

impl Windows {
    pub fn of(table: &[f32], geometry: &Geometry) -> Self {
        let Geometry {
            length,
            key_depth: depth,
            ..
        } = *geometry;
        let quads = geometry.key_quads();
        let mut windows = Windows {
            means: vec![[0.0; 4]; length * quads],
            lows: vec![[0.0; 4]; length * quads],
            matrices: vec![[0.0; 4]; length * 4 * quads * quads],
            quads,
        };
        let row = |index: usize| table[index * depth..(index + 1) * depth].iter().map(|&x| f64::from(x));
        let (mut sums, mut products) = (vec![0.0; depth], vec![0.0; depth * depth]);
        let add = |index: usize, sign: f64, sums: &mut [f64], products: &mut [f64]| {
            for (a, x) in row(index).enumerate() {
                sums[a] += sign * x;
                products[a * depth..(a + 1) * depth]
                    .iter_mut()
                    .zip(row(index))
                    .for_each(|(sum, y)| *sum += sign * x * y);
            }
        };
        // Position i meets rows L - 1 - i to 2 L - 2 - i: from one to the next the window moves down by one.
        (length..2 * length - 1).for_each(|index| add(index, 1.0, &mut sums, &mut products));
        for i in 0..length {
            add(length - 1 - i, 1.0, &mut sums, &mut products);
            if i > 0 {
                add(2 * length - 1 - i, -1.0, &mut sums, &mut products);
            }
            for a in 0..depth {
                let mean = sums[a] / length as f64;
                windows.means[i * quads + a / 4][a % 4] = mean as f32;
                windows.lows[i * quads + a / 4][a % 4] = (mean - f64::from(mean as f32)) as f32;
                for b in 0..depth {
                    let centred = products[a * depth + b] - mean * sums[b];
                    windows.matrices[(i * 4 * quads + a) * quads + b / 4][b % 4] = centred as f32;
                }
            }
        }
        windows
    }

    /// [quads]
    fn mean(&self, i: usize) -> &[[f32; 4]] {
        &self.means[i * self.quads..(i + 1) * self.quads]
    }

    /// [quads]
    fn low(&self, i: usize) -> &[[f32; 4]] {
        &self.lows[i * self.quads..(i + 1) * self.quads]
    }

    /// Row `a` of the matrix of position i.
    fn row(&self, i: usize, a: usize) -> &[[f32; 4]] {
        &self.matrices[(i * 4 * self.quads + a) * self.quads..][..self.quads]
    }
}

/// A mean [quads] of the vectors of a band, what rounding took off it, and their Gram matrix [4 quads][quads], about the mean or
/// not.
pub struct Gram<'a, S: Simd> {
    pub mean: &'a mut [Quad<S>],
    low: &'a mut [Quad<S>],
    pub matrix: &'a mut [Quad<S>],
}

impl<'a, S: Lanes> Gram<'a, S> {
    pub fn floats(geometry: &Geometry) -> [usize; 2] {
        let count = geometry.key_quads();
        [quads::<S>(2 * count), quads::<S>(4 * count * count)]
    }

    #[inline(always)]
    pub fn new([mean, matrix]: [&'a mut [f32]; 2]) -> Self {
        let means = as_quads::<S>(mean);
        let (mean, low) = means.split_at_mut(means.len() / 2);
        Gram {
            mean,
            low,
            matrix: as_quads::<S>(matrix),
        }
    }

    /// Of the vectors of a band, about their mean, or about zero.
    #[inline(always)]
    pub fn fill(&mut self, simd: S, band: &Band<S>, length: usize, centred: bool) {
        let zero = [simd.splat_f32s(0.0); 4];
        let count = self.mean.len();
        self.mean.fill(zero);
        self.low.fill(zero);
        if centred {
            let share = simd.splat_f32s(1.0 / length as f32);
            for quad in 0..count {
                let row = band.row(0, quad, 0, length);
                let first = row[0];
                let mut sum = zero;
                for x in row {
                    for c in 0..4 {
                        sum[c] = simd.add_f32s(sum[c], simd.sub_f32s(x[c], first[c]));
                    }
                }
                let shift = times(simd, share, &sum);
                for c in 0..4 {
                    let mean = simd.add_f32s(first[c], shift[c]);
                    self.mean[quad][c] = mean;
                    self.low[quad][c] = simd.sub_f32s(shift[c], simd.sub_f32s(mean, first[c]));
                }
            }
        }
        for a in 0..count {
            for b in a..count {
                let mut tile = [zero; 4];
                for (x, y) in band.row(0, a, 0, length).iter().zip(band.row(0, b, 0, length)) {
                    let (mut x, mut y) = (*x, *y);
                    for c in 0..4 {
                        x[c] = simd.sub_f32s(x[c], self.mean[a][c]);
                        y[c] = simd.sub_f32s(y[c], self.mean[b][c]);
                    }
                    for c in 0..4 {
                        add_times(simd, x[c], &y, &mut tile[c]);
                    }
                }
                for c in 0..4 {
                    self.matrix[(4 * a + c) * count + b] = tile[c];
                    for d in 0..4 {
                        self.matrix[(4 * b + d) * count + a][c] = tile[c][d];
                    }
                }
            }
        }
    }

    /// The sum of the products of the elements of two matrices.
    #[inline(always)]
    pub fn product(&self, simd: S, other: &Gram<S>) -> S::f32s {
        let mut sum = simd.splat_f32s(0.0);
        for (x, y) in self.matrix.iter().zip(other.matrix.iter()) {
            sum = dot(simd, x, y, sum);
        }
        sum
    }

    /// The sums of u = y.m over the vectors y of a band.
    #[inline(always)]
    pub fn add_means(&self, simd: S, band: &Band<S>, length: usize) -> TermSums<S> {
        let mut sums = TermSums::new(dots(simd, band, 0, self.mean, simd.splat_f32s(0.0)));
        for i in 0..length {
            // From what is taken off on: small in the end, as is the rounding; and then the mean's own low part counts.
            let x = dots(simd, band, i, self.mean, simd.neg_f32s(sums.reference));
            let x = dots(simd, band, i, self.low, x);
            sums.add(x, simd.mul_f32s(x, x));
        }
        sums
    }

    /// to_i += n (a + b u_i) m + b C y_i for the vectors y of a band.
    #[inline(always)]
    pub fn add_gradient(
        &self,
        simd: S,
        band: &Band<S>,
        length: usize,
        coefficients: TermCoefficients<S>,
        to: &mut Band<S>,
    ) {
        let count = self.mean.len();
        for i in 0..length {
            let mut u = simd.splat_f32s(0.0);
            for (quad, mean) in self.mean.iter().enumerate() {
                u = dot(simd, &band.row(0, quad, i as isize, 1)[0], mean, u);
            }
            let factor = mean_factor(simd, coefficients, length, u);
            for a in 0..count {
                let mut sum = *to.at(0, a, i);
                add_times(simd, factor, &self.mean[a], &mut sum);
                for b in 0..count {
                    let scaled = times(simd, coefficients.b, &band.row(0, b, i as isize, 1)[0]);
                    for c in 0..4 {
                        sum[c] = dot(simd, &scaled, &self.matrix[(4 * a + c) * count + b], sum[c]);
                    }
                }
                *to.at(0, a, i) = sum;
            }
        }
    }
}

/// sum + y.m
#[inline(always)]
fn dots<S: Lanes>(simd: S, band: &Band<S>, at: usize, means: &[Quad<S>], mut sum: S::f32s) -> S::f32s {
    for (quad, mean) in means.iter().enumerate() {
        sum = dot(simd, &band.row(0, quad, at as isize, 1)[0], mean, sum);
    }
    sum
}

/// The same, m being plain numbers.
#[inline(always)]
fn dot_plain<S: Lanes>(simd: S, band: &Band<S>, at: usize, means: &[[f32; 4]], mut sum: S::f32s) -> S::f32s {
    for (quad, mean) in means.iter().enumerate() {
        sum = dot_encoding(simd, &band.row(0, quad, at as isize, 1)[0], mean, sum);
    }
    sum
}

/// n (a + b u)
#[inline(always)]
fn mean_factor<S: Simd>(simd: S, TermCoefficients { a, b }: TermCoefficients<S>, n: usize, u: S::f32s) -> S::f32s {
    simd.mul_f32s(simd.splat_f32s(n as f32), simd.mul_add_e_f32s(b, u, a))
}

impl Windows {
    /// The sums of u_i = y_i.m_i over the vectors y of a band, and the sum of y_i.(C_i y_i); `reverse`: y_i is the i-th from the
    /// last.
    #[inline(always)]
    pub fn add_moments<S: Lanes>(
        &self,
        simd: S,
        band: &Band<S>,
        length: usize,
        reverse: bool,
    ) -> (TermSums<S>, S::f32s) {
        let mut forms = simd.splat_f32s(0.0);
        let first = if reverse { length - 1 } else { 0 };
        let mut sums = TermSums::new(dot_plain(simd, band, first, self.mean(0), forms));
        for i in 0..length {
            let at = if reverse { length - 1 - i } else { i };
            // As in `Gram::add_means`.
            let x = dot_plain(simd, band, at, self.mean(i), simd.neg_f32s(sums.reference));
            let x = dot_plain(simd, band, at, self.low(i), x);
            sums.add(x, simd.mul_f32s(x, x));
            for a in 0..self.quads {
                let x = band.row(0, a, at as isize, 1)[0];
                let mut product = [simd.splat_f32s(0.0); 4];
                for b in 0..self.quads {
                    let y = band.row(0, b, at as isize, 1)[0];
                    for c in 0..4 {
                        product[c] = dot_encoding(simd, &y, &self.row(i, 4 * a + c)[b], product[c]);
                    }
                }
                forms = dot(simd, &x, &product, forms);
            }
        }
        (sums, forms)
    }

    /// to_i += n (a + b u_i) m_i + b C_i y_i, and to `sums`, [L][1 + 4 quads][quads], a y_i and b y_i y_i^T in the lanes of
    /// `own`; of that matrix only the quads on and right of the diagonal.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    pub fn add_gradient<S: Lanes>(
        &self,
        simd: S,
        band: &Band<S>,
        length: usize,
        reverse: bool,
        coefficients: TermCoefficients<S>,
        own: S::f32s,
        to: &mut Band<S>,
        sums: &mut [Quad<S>],
    ) {
        let own_a = simd.mul_f32s(own, coefficients.a);
        let own_b = simd.mul_f32s(own, coefficients.b);
        let count = self.quads;
        for (i, sums) in sums.chunks_exact_mut((1 + 4 * count) * count).enumerate() {
            let at = if reverse { length - 1 - i } else { i };
            let mut u = simd.splat_f32s(0.0);
            for (quad, mean) in self.mean(i).iter().enumerate() {
                u = dot_encoding(simd, &band.row(0, quad, at as isize, 1)[0], mean, u);
            }
            let factor = mean_factor(simd, coefficients, length, u);
            for a in 0..count {
                let x = band.row(0, a, at as isize, 1)[0];
                let mut gradient = *to.at(0, a, at);
                add_times_encoding(simd, factor, &self.mean(i)[a], &mut gradient);
                add_times(simd, own_a, &x, &mut sums[a]);
                let weighted = times(simd, own_b, &x);
                for b in 0..count {
                    let y = band.row(0, b, at as isize, 1)[0];
                    let scaled = times(simd, coefficients.b, &y);
                    for c in 0..4 {
                        gradient[c] = dot_encoding(simd, &scaled, &self.row(i, 4 * a + c)[b], gradient[c]);
                        if b >= a {
                            add_times(simd, weighted[c], &y, &mut sums[(1 + 4 * a + c) * count + b]);
                        }
                    }
                }
                *to.at(0, a, at) = gradient;
            }
        }
    }
}
