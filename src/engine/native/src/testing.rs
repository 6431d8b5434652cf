//! A heap of a test's own, laid out as the engine's: tensors and argument blocks at byte offsets.

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
    }
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
