//! Vectors of tasks. A *task* is one sequence (or image) of one head; each lane of a vector is another task, so that nothing
//! is ever added across lanes, no length is rounded up, and a softmax needs no mask.

use crate::scratch::with_scratch;
use crate::simd::arch;
#[cfg(target_arch = "aarch64")]
use pulp::aarch64::Neon;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use pulp::{Arch, NullaryFnOnce, Scalar, Simd, cast};

/// Four channels of a position, a vector each: the unit in which rows are laid out and tiles are cut.
pub type Quad<S> = [<S as Simd>::f32s; 4];

/// An instruction set, with the one thing that the kernels need and `pulp` does not have: transposing.
pub trait Lanes: Simd {
    /// From four channels of each lane's task to a vector for each channel.
    fn gather(self, task: impl Fn(usize) -> [f32; 4]) -> Quad<Self>;

    /// The reverse of `gather`.
    fn scatter(self, channels: Quad<Self>, to: impl FnMut(usize, [f32; 4]));

    /// Asks for the cache line of an address, wherever it points, to come as far as the second cache: the way to the first has
    /// fewer places to wait in, and the loops need them. Does nothing where that cannot be asked for.
    #[inline(always)]
    fn prefetch(self, _at: *const f32) {}
}

/// A kernel, for any instruction set. `Q` is how many queries go at a time: as many as the registers hold beside four channels.
pub trait Kernel {
    /// Floats of scratch memory that `run` takes.
    fn scratch<S: Lanes, const Q: usize>(&self) -> usize;

    fn run<S: Lanes, const Q: usize>(self, simd: S, scratch: &mut [f32]);
}

/// Runs a kernel on the widest vectors of this processor. What it consists of must be inlined into it: anything else is
/// compiled for the least of processors. So no closure handles vectors here, not even one of `array::map`.
pub fn dispatch(kernel: impl Kernel) {
    match arch() {
        #[cfg(target_arch = "x86_64")]
        Arch::V4(simd) => with_scratch(kernel.scratch::<V4, 4>(), |scratch| {
            simd.vectorize(Run::<_, _, 4> { simd, kernel, scratch });
        }),
        #[cfg(target_arch = "x86_64")]
        Arch::V3(simd) => with_scratch(kernel.scratch::<V3, 2>(), |scratch| {
            simd.vectorize(Run::<_, _, 2> { simd, kernel, scratch });
        }),
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(simd) => with_scratch(kernel.scratch::<Neon, 4>(), |scratch| {
            simd.vectorize(Run::<_, _, 4> { simd, kernel, scratch });
        }),
        _ => with_scratch(kernel.scratch::<Scalar, 1>(), |scratch| {
            kernel.run::<_, 1>(Scalar, scratch)
        }),
    }
}

struct Run<'a, S, K, const Q: usize> {
    simd: S,
    kernel: K,
    scratch: &'a mut [f32],
}

impl<S: Lanes, K: Kernel, const Q: usize> NullaryFnOnce for Run<'_, S, K, Q> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.kernel.run::<S, Q>(self.simd, self.scratch);
    }
}

/// A vector from a number for each lane.
#[inline(always)]
pub fn from_lanes<S: Simd>(simd: S, number: impl Fn(usize) -> f32) -> S::f32s {
    let mut vector = simd.splat_f32s(0.0);
    for (lane, to) in pulp::bytemuck::cast_slice_mut(std::slice::from_mut(&mut vector))
        .iter_mut()
        .enumerate()
    {
        *to = number(lane);
    }
    vector
}

/// factor x.
#[inline(always)]
pub fn times<S: Simd>(simd: S, factor: S::f32s, x: &Quad<S>) -> Quad<S> {
    [
        simd.mul_f32s(factor, x[0]),
        simd.mul_f32s(factor, x[1]),
        simd.mul_f32s(factor, x[2]),
        simd.mul_f32s(factor, x[3]),
    ]
}

/// The numbers of a vector's lanes.
#[inline(always)]
pub fn lanes_of<S: Simd>(vector: &S::f32s) -> &[f32] {
    pulp::bytemuck::cast_slice(std::slice::from_ref(vector))
}

impl Lanes for Scalar {
    #[inline(always)]
    fn gather(self, task: impl Fn(usize) -> [f32; 4]) -> Quad<Self> {
        task(0)
    }

    #[inline(always)]
    fn scatter(self, channels: Quad<Self>, mut to: impl FnMut(usize, [f32; 4])) {
        to(0, channels);
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Lanes, Quad, V3, V4, cast};
    use std::arch::x86_64::{__m256, __m256d, __m512, __m512d, _MM_HINT_T1};

    /// 4 x 4 blocks side by side: block n holds the channels of tasks 4n to 4n + 3.
    #[inline(always)]
    fn transpose512(simd: V4, [a, b, c, d]: [__m512; 4]) -> [__m512; 4] {
        let avx = simd.avx512f;
        let low: [__m512d; 2] = [cast(avx._mm512_unpacklo_ps(a, b)), cast(avx._mm512_unpacklo_ps(c, d))];
        let high: [__m512d; 2] = [cast(avx._mm512_unpackhi_ps(a, b)), cast(avx._mm512_unpackhi_ps(c, d))];
        [
            cast(avx._mm512_unpacklo_pd(low[0], low[1])),
            cast(avx._mm512_unpackhi_pd(low[0], low[1])),
            cast(avx._mm512_unpacklo_pd(high[0], high[1])),
            cast(avx._mm512_unpackhi_pd(high[0], high[1])),
        ]
    }

    #[inline(always)]
    fn transpose256(simd: V3, [a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
        let avx = simd.avx;
        let low: [__m256d; 2] = [cast(avx._mm256_unpacklo_ps(a, b)), cast(avx._mm256_unpacklo_ps(c, d))];
        let high: [__m256d; 2] = [cast(avx._mm256_unpackhi_ps(a, b)), cast(avx._mm256_unpackhi_ps(c, d))];
        [
            cast(avx._mm256_unpacklo_pd(low[0], low[1])),
            cast(avx._mm256_unpackhi_pd(low[0], low[1])),
            cast(avx._mm256_unpacklo_pd(high[0], high[1])),
            cast(avx._mm256_unpackhi_pd(high[0], high[1])),
        ]
    }

    impl Lanes for V4 {
        #[inline(always)]
        fn prefetch(self, at: *const f32) {
            self.sse._mm_prefetch::<_MM_HINT_T1>(at.cast());
        }

        #[inline(always)]
        fn gather(self, task: impl Fn(usize) -> [f32; 4]) -> Quad<Self> {
            let avx = self.avx512f;
            let mut blocks: [__m512; 4] = cast([[0.0_f32; 16]; 4]);
            for lane in 0..4 {
                let block = avx._mm512_castps128_ps512(cast(task(lane)));
                let block = avx._mm512_insertf32x4::<1>(block, cast(task(lane + 4)));
                let block = avx._mm512_insertf32x4::<2>(block, cast(task(lane + 8)));
                blocks[lane] = avx._mm512_insertf32x4::<3>(block, cast(task(lane + 12)));
            }
            cast(transpose512(self, blocks))
        }

        #[inline(always)]
        fn scatter(self, channels: Quad<Self>, mut to: impl FnMut(usize, [f32; 4])) {
            let avx = self.avx512f;
            let blocks = transpose512(self, cast(channels));
            for (lane, block) in blocks.into_iter().enumerate() {
                to(lane, cast(avx._mm512_castps512_ps128(block)));
                to(lane + 4, cast(avx._mm512_extractf32x4_ps::<1>(block)));
                to(lane + 8, cast(avx._mm512_extractf32x4_ps::<2>(block)));
                to(lane + 12, cast(avx._mm512_extractf32x4_ps::<3>(block)));
            }
        }
    }

    impl Lanes for V3 {
        #[inline(always)]
        fn prefetch(self, at: *const f32) {
            self.sse._mm_prefetch::<_MM_HINT_T1>(at.cast());
        }

        #[inline(always)]
        fn gather(self, task: impl Fn(usize) -> [f32; 4]) -> Quad<Self> {
            let avx = self.avx;
            let mut blocks: [__m256; 4] = cast([[0.0_f32; 8]; 4]);
            for lane in 0..4 {
                let block = avx._mm256_castps128_ps256(cast(task(lane)));
                blocks[lane] = avx._mm256_insertf128_ps::<1>(block, cast(task(lane + 4)));
            }
            cast(transpose256(self, blocks))
        }

        #[inline(always)]
        fn scatter(self, channels: Quad<Self>, mut to: impl FnMut(usize, [f32; 4])) {
            let avx = self.avx;
            let blocks = transpose256(self, cast(channels));
            for (lane, block) in blocks.into_iter().enumerate() {
                to(lane, cast(avx._mm256_castps256_ps128(block)));
                to(lane + 4, cast(avx._mm256_extractf128_ps::<1>(block)));
            }
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use super::{Lanes, Neon, Quad, cast};
    use std::arch::aarch64::{float32x4_t, float64x2_t};

    #[inline(always)]
    fn transpose(simd: Neon, [a, b, c, d]: [float32x4_t; 4]) -> [float32x4_t; 4] {
        let neon = simd.neon;
        let low: [float64x2_t; 2] = [cast(neon.vzip1q_f32(a, b)), cast(neon.vzip1q_f32(c, d))];
        let high: [float64x2_t; 2] = [cast(neon.vzip2q_f32(a, b)), cast(neon.vzip2q_f32(c, d))];
        [
            cast(neon.vzip1q_f64(low[0], low[1])),
            cast(neon.vzip2q_f64(low[0], low[1])),
            cast(neon.vzip1q_f64(high[0], high[1])),
            cast(neon.vzip2q_f64(high[0], high[1])),
        ]
    }

    impl Lanes for Neon {
        #[inline(always)]
        fn gather(self, task: impl Fn(usize) -> [f32; 4]) -> Quad<Self> {
            cast(transpose(self, cast([task(0), task(1), task(2), task(3)])))
        }

        #[inline(always)]
        fn scatter(self, channels: Quad<Self>, mut to: impl FnMut(usize, [f32; 4])) {
            for (lane, block) in transpose(self, cast(channels)).into_iter().enumerate() {
                to(lane, cast(block));
            }
        }
    }
}
