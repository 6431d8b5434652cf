//! A heap of a test's own, laid out as the engine's: tensors and argument blocks at byte offsets.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::call::Call;
use crate::heap::{Heap, Plain};

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// Floats around each tensor that no kernel may touch; `run` checks them.
const GUARD: f32 = -7.25e11;

pub struct TestHeap {
    lines: Vec<Line>,
    used: usize,
    guards: Vec<usize>,
}

impl TestHeap {
    pub fn new(bytes: usize) -> Self {
        let mut heap = TestHeap {
            lines: vec![Line([0; 64]); bytes.div_ceil(64)],
            used: 0,
            guards: Vec::new(),
        };
        heap.guard(); // offset 0 means "left out"
        heap
    }

    fn view(&self) -> Heap {
        // SAFETY: the lines live as long as self, and a test's slices end before it touches the heap again.
        unsafe { Heap::new(self.lines.as_ptr().cast_mut().cast(), 64 * self.lines.len()) }
    }

    fn guard(&mut self) {
        self.guards.push(self.used);
        let view = self.view();
        // SAFETY: no other slice lives.
        unsafe { view.write::<f32>(self.used, 16) }.fill(GUARD);
        self.used += 64;
    }

    /// The offset of a copy of `values`.
    pub fn put<T: Plain>(&mut self, values: &[T]) -> usize {
        let offset = self.used;
        let view = self.view();
        // SAFETY: no other slice lives.
        unsafe { view.write::<T>(offset, values.len()) }.copy_from_slice(values);
        self.used = (offset + size_of_val(values)).next_multiple_of(64);
        self.guard();
        offset
    }

    /// The offset of `count` floats that a kernel is to write.
    pub fn room(&mut self, count: usize) -> usize {
        self.put(&vec![f32::NAN; count])
    }

    pub fn get<T: Plain>(&self, offset: usize, count: usize) -> Vec<T> {
        let view = self.view();
        // SAFETY: no kernel runs.
        unsafe { view.read::<T>(offset, count) }.to_vec()
    }

    /// Runs all `parts` shares of a kernel one after the other, and checks that it wrote nothing beside its tensors.
    pub fn run(&mut self, kernel: fn(&Call), args: &[f64], parts: usize) {
        let block = self.put(args);
        for part in 0..parts {
            kernel(&Call::new(self.view(), block, part, parts));
        }
        for &guard in &self.guards {
            assert_eq!(
                self.get::<f32>(guard, 16),
                [GUARD; 16],
                "a kernel wrote beside its tensors, at offset {guard}"
            );
        }
        if first_runs(kernel) {
            self.run_wrong(kernel, args, parts);
        }
    }

    /// Runs a kernel with one argument after the other wrong, on a heap that ends where the tensors do. It may fail, or compute
    /// nonsense within the heap; it must not write outside.
    fn run_wrong(&self, kernel: fn(&Call), args: &[f64], parts: usize) {
        let mut lines = vec![Line([OUTSIDE; 64]); MARGIN];
        lines.extend_from_slice(&self.lines[..self.used / 64]);
        lines.extend(vec![Line([OUTSIDE; 64]); MARGIN]);
        let block = self.used - 64 - (8 * args.len()).next_multiple_of(64);
        let untouched = vec![OUTSIDE; 64 * MARGIN];
        let mut run = |slot: usize, value: f64| {
            let inside = lines[MARGIN..].as_mut_ptr().cast::<u8>();
            // SAFETY: so many bytes of the lines are the heap's, and no other slice of them lives.
            let heap = unsafe { Heap::new(inside, self.used) };
            let mut wrong = args.to_vec();
            wrong[slot] = value;
            for part in 0..parts {
                // SAFETY: no kernel runs. An earlier wrong call may have written over the arguments.
                unsafe { heap.write::<f64>(block, args.len()) }.copy_from_slice(&wrong);
                quietly(|| kernel(&Call::new(heap, block, part, parts)));
            }
            let outside = [&lines[..MARGIN], &lines[lines.len() - MARGIN..]];
            assert!(
                outside.into_iter().all(|part| bytes_of(part) == untouched),
                "a kernel wrote outside of the heap, with {value} for {} in slot {slot}",
                args[slot]
            );
        };
        for (slot, &value) in args.iter().enumerate() {
            let end = self.used as f64 - 64.0;
            for other in [
                0.0,
                -3.0,
                value + 4.0,
                2.0 * value + 1.0,
                7.0 * value + 3.0,
                64.0 * value,
                end,
            ] {
                run(slot, other);
            }
        }
    }
}

fn bytes_of(lines: &[Line]) -> &[u8] {
    // SAFETY: a line is 64 bytes without padding.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), 64 * lines.len()) }
}

/// Lines on both sides of a heap in which a kernel runs with wrong arguments; none where what looks on knows the heap's end.
const MARGIN: usize = if cfg!(miri) { 0 } else { 4096 };
const OUTSIDE: u8 = 0xa5;

/// Of a kernel that a test runs over and over, wrong arguments are tried on its first runs only.
fn first_runs(kernel: fn(&Call)) -> bool {
    thread_local! {
        static RUNS: RefCell<HashMap<usize, usize>> = RefCell::default();
    }
    RUNS.with_borrow_mut(|runs| {
        let count = runs.entry(kernel as usize).or_default();
        *count += 1;
        *count <= if cfg!(miri) { 0 } else { 2 }
    })
}

/// Runs what may panic, and says nothing if it does.
fn quietly(work: impl FnOnce()) {
    static HOOK: Once = Once::new();
    thread_local! {
        static QUIET: Cell<bool> = const { Cell::new(false) };
    }
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // What Rust's own checks of unsafe code find cannot be caught.
            let fatal = info.to_string().contains("unsafe precondition");
            if fatal || !QUIET.get() {
                loud(info);
            }
        }));
    });
    QUIET.set(true);
    let _ = panic::catch_unwind(AssertUnwindSafe(work));
    QUIET.set(false);
}

/// Numbers between -1 and 1 from a fixed sequence, another for each seed.
pub fn noise(seed: u32, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0) as f32
    };
    (0..count).map(|_| next()).collect()
}

/// Fails unless each value is within `tolerance`, relative to the largest of `expected`.
pub fn assert_close(got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len());
    let scale = expected
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()))
        .max(f32::MIN_POSITIVE);
    for (index, (value, wanted)) in got.iter().zip(expected).enumerate() {
        let error = (value - wanted).abs() / scale;
        assert!(
            error <= tolerance,
            "value {index} must be {wanted}, got {value}: off by {error:e} of {scale}"
        );
    }
}
