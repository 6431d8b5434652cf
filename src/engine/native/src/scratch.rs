//! A thread's own working memory, outside of the heap that tensors share: kept from call to call, aligned to a cache line.

use std::cell::RefCell;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

thread_local! {
    static LINES: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

/// As many as 32-bit addresses reach, which is what the WebAssembly kernels have for all threads together.
const MOST_FLOATS: usize = if cfg!(test) { 1 << 24 } else { 1 << 30 };

/// Gives `work` so many floats of this thread, not cleared: they hold what the last user left. Not to be nested. Panics where
/// there is not so much memory, which would else end the process.
pub fn with_scratch<R>(floats: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    assert!(
        floats <= MOST_FLOATS,
        "scratch: a thread must do with {MOST_FLOATS} floats, got {floats}"
    );
    LINES.with_borrow_mut(|lines| {
        let needed = floats.div_ceil(16);
        if lines.len() < needed {
            let more = needed - lines.len();
            if let Err(error) = lines.try_reserve_exact(more) {
                panic!("scratch: {floats} floats must be there, got {error}");
            }
            lines.resize(needed, Line([0.0; 16]));
        }
        // SAFETY: a line is 16 floats without padding, and `needed` lines are at least `floats` floats.
        let buffer = unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast::<f32>(), floats) };
        work(buffer)
    })
}
