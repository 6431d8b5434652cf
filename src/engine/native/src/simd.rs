//! Vectors written once: a kernel's loop is a `pulp::WithSimd`, and the processor's widest instruction set runs it.

use pulp::{Arch, Simd, WithSimd};

/// Runs `work` compiled for the widest instruction set of this processor.
#[inline]
pub fn dispatch<W: WithSimd>(work: W) -> W::Output {
    Arch::new().dispatch(work)
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
