//! Vectors written once: a kernel's loop is a `pulp::WithSimd`, and the processor's widest instruction set runs it.

use pulp::{Arch, Simd, WithSimd};

/// Runs `work` compiled for the widest instruction set of this processor.
#[inline]
pub fn dispatch<W: WithSimd>(work: W) -> W::Output {
    arch().dispatch(work)
}

/// The widest instruction set of this processor.
#[cfg(not(test))]
#[inline]
pub fn arch() -> Arch {
    Arch::new()
}

#[cfg(test)]
thread_local! {
    static ARCH: std::cell::Cell<Option<Arch>> = const { std::cell::Cell::new(None) };
}

#[cfg(test)]
pub fn arch() -> Arch {
    ARCH.get().unwrap_or_default()
}

/// Runs a test on each instruction set of this processor.
#[cfg(test)]
pub fn on_each_arch(test: impl Fn()) {
    #[cfg(target_arch = "x86_64")]
    let other = pulp::x86::V3::try_new().map(Arch::V3);
    #[cfg(not(target_arch = "x86_64"))]
    let other = None;
    for arch in [Some(Arch::new()), other, Some(Arch::Scalar)].into_iter().flatten() {
        ARCH.set(Some(arch));
        println!("on {arch:?}");
        test();
    }
    ARCH.set(None);
}

struct Lanes;
impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> usize {
        S::F32_LANES
    }
}

/// What `dispatch` chooses, in words that end in a null byte.
pub fn instruction_set() -> &'static str {
    match (cfg!(target_arch = "x86_64"), dispatch(Lanes)) {
        (true, 16) => "AVX-512\0",
        (true, 8) => "AVX2\0",
        (true, 4) => "SSE\0",
        (false, 4) => "NEON\0",
        _ => "no vectors\0",
    }
}

/// The greater of two, NaN where one is; of zeros the positive one.
#[inline(always)]
pub fn greater<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
    let first = simd.select_f32s(simd.greater_than_f32s(a, b), a, b);
    let first = simd.select_f32s(simd.equal_f32s(a, b), simd.and_f32s(a, b), first);
    simd.select_f32s(simd.equal_f32s(a, a), first, a)
}

/// The lesser of two, NaN where one is; of zeros the negative one.
#[inline(always)]
pub fn lesser<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
    let first = simd.select_f32s(simd.less_than_f32s(a, b), a, b);
    let first = simd.select_f32s(simd.equal_f32s(a, b), simd.or_f32s(a, b), first);
    simd.select_f32s(simd.equal_f32s(a, a), first, a)
}

/// A vector from any address.
///
/// # Safety
/// A vector's floats must be readable there.
#[inline(always)]
pub unsafe fn load<S: Simd>(_simd: S, at: *const f32) -> S::f32s {
    // SAFETY: as the caller vouches.
    unsafe { at.cast::<S::f32s>().read_unaligned() }
}

/// A vector's first `count` floats from any address, and zeros.
///
/// # Safety
/// So many floats must be readable there, and `count` be a vector's at most.
#[inline(always)]
pub unsafe fn load_part<S: Simd>(simd: S, at: *const f32, count: usize) -> S::f32s {
    let mut lanes = [0.0; MOST_LANES];
    // SAFETY: as the caller vouches; a vector has no more lanes.
    unsafe {
        if count == S::F32_LANES {
            return load(simd, at);
        }
        at.copy_to_nonoverlapping(lanes.as_mut_ptr(), count);
        load(simd, lanes.as_ptr())
    }
}

/// # Safety
/// A vector's floats must be writable there.
#[inline(always)]
pub unsafe fn store<S: Simd>(_simd: S, at: *mut f32, value: S::f32s) {
    // SAFETY: as the caller vouches.
    unsafe { at.cast::<S::f32s>().write_unaligned(value) }
}

/// Stores a vector's first `count` floats.
///
/// # Safety
/// So many floats must be writable there, and `count` be a vector's at most.
#[inline(always)]
pub unsafe fn store_part<S: Simd>(simd: S, at: *mut f32, count: usize, value: S::f32s) {
    let mut lanes = [0.0; MOST_LANES];
    // SAFETY: as the caller vouches; a vector has no more lanes.
    unsafe {
        if count == S::F32_LANES {
            return store(simd, at, value);
        }
        store(simd, lanes.as_mut_ptr(), value);
        at.copy_from_nonoverlapping(lanes.as_ptr(), count);
    }
}

/// Of the widest vectors.
const MOST_LANES: usize = 16;
