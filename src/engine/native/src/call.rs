//! One share of a kernel's work: its arguments, as the WebAssembly kernels have them, and which share it is.
//!
//! Arguments are float64 slots in the heap, in which pointers (up to 2^32) and sizes are exact; `slots` names them. What a
//! share computes depends on `part` and `parts` alone and never on the thread that does it, so that sums, and with them
//! whole training runs, repeat bit for bit at a given number of threads.

use std::ops::Range;
use std::sync::atomic::Ordering;

use crate::heap::Heap;

/// Slots of one argument block.
const SLOTS: usize = 256;

pub struct Call {
    pub heap: Heap,
    args: usize,
    pub part: usize,
    pub parts: usize,
}

impl Call {
    pub fn new(heap: Heap, args: usize, part: usize, parts: usize) -> Self {
        assert!(part < parts, "call: part must be below parts, got {part} of {parts}");
        Call {
            heap,
            args,
            part,
            parts,
        }
    }

    /// A real number.
    pub fn real(&self, slot: usize) -> f64 {
        assert!(slot < SLOTS, "call: a slot must be below {SLOTS}, got {slot}");
        // SAFETY: nobody writes to the arguments of a running kernel, its counter of tasks apart, which is not read here.
        let values = unsafe { self.heap.read::<f64>(self.args + 8 * slot, 1) };
        values[0]
    }

    /// A byte offset in the heap; 0 for what is left out.
    pub fn pointer(&self, slot: usize) -> usize {
        self.size(slot)
    }

    /// As `pointer`; None for what is left out.
    pub fn optional(&self, slot: usize) -> Option<usize> {
        Some(self.size(slot)).filter(|&offset| offset != 0)
    }

    /// A size or a count.
    pub fn size(&self, slot: usize) -> usize {
        let value = self.real(slot);
        assert!(value >= 0.0, "call: slot {slot} must hold a size, got {value}");
        value as usize
    }

    /// A whole number that may be negative.
    pub fn integer(&self, slot: usize) -> isize {
        self.real(slot) as isize
    }

    pub fn flag(&self, slot: usize) -> bool {
        self.real(slot) != 0.0
    }

    /// This part's share of `count` units; shares differ by one at most.
    pub fn share(&self, count: usize) -> Range<usize> {
        let start = |part: usize| count * part / self.parts;
        start(self.part)..start(self.part + 1)
    }

    /// This part's share of `count` floats, in whole cache lines of 16 save for the end.
    pub fn line_share(&self, count: usize) -> Range<usize> {
        let lines = self.share(count.div_ceil(16));
        (lines.start * 16).min(count)..(lines.end * 16).min(count)
    }

    /// The tasks below `count` that this share does: taken one by one from the counter that all shares have in `slot`. Only
    /// for tasks whose results do not depend on who does them.
    pub fn tasks(&self, slot: usize, count: usize) -> impl Iterator<Item = usize> + '_ {
        let counter = self.heap.counter(self.args + 8 * slot);
        let next = move || {
            let task = counter.fetch_add(1, Ordering::Relaxed) as usize;
            (task < count).then_some(task)
        };
        // It ends even where a wrong geometry has a task write over the counter.
        std::iter::from_fn(next).take(count)
    }
}
