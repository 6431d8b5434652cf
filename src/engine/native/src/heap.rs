//! The engine's shared WebAssembly memory, seen from native code.
//!
//! Tensors lie where TensorFlow.js allocated them; a kernel gets byte offsets from the start of the memory, as in WebAssembly.
//! Every slice is checked against the memory's size when it is made, in release builds too: a wrong geometry is a panic,
//! which the entry turns into an error, never an access outside. Inside a slice Rust's own checks hold.

use std::slice;
use std::sync::atomic::AtomicI32;

/// What may lie in the heap: any pattern of bits is a value.
pub trait Plain: Copy + 'static {}
impl Plain for f32 {}
impl Plain for f64 {}
impl Plain for i32 {}
impl Plain for u32 {}
impl Plain for u8 {}

#[derive(Clone, Copy)]
pub struct Heap {
    base: *mut u8,
    bytes: usize,
}

impl Heap {
    /// # Safety
    /// `base` must be aligned to 64 bytes and point to `bytes` bytes that stay readable and writable while the heap is used.
    pub unsafe fn new(base: *mut u8, bytes: usize) -> Self {
        Heap { base, bytes }
    }

    fn address<T: Plain>(&self, offset: usize, count: usize) -> *mut T {
        let end = count
            .checked_mul(size_of::<T>())
            .and_then(|length| offset.checked_add(length));
        assert!(
            end.is_some_and(|end| end <= self.bytes) && offset.is_multiple_of(align_of::<T>()),
            "heap: a kernel must stay within {} bytes, got {count} values of {} bytes at offset {offset}",
            self.bytes,
            size_of::<T>(),
        );
        // SAFETY: offset is within the memory, as just asserted.
        unsafe { self.base.add(offset) }.cast()
    }

    /// `count` values at byte `offset`.
    ///
    /// # Safety
    /// No thread may write to them while the slice lives.
    pub unsafe fn read<T: Plain>(&self, offset: usize, count: usize) -> &[T] {
        let start = self.address::<T>(offset, count);
        // SAFETY: the range lies in the heap and is aligned; the caller vouches that nobody writes to it.
        unsafe { slice::from_raw_parts(start, count) }
    }

    /// `count` values at byte `offset`, to be written.
    ///
    /// # Safety
    /// No other slice of any thread may overlap them while this one lives.
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn write<T: Plain>(&self, offset: usize, count: usize) -> &mut [T] {
        let start = self.address::<T>(offset, count);
        // SAFETY: the range lies in the heap and is aligned; the caller vouches that it is ours alone.
        unsafe { slice::from_raw_parts_mut(start, count) }
    }

    /// The start of `count` values, for strided access by several threads to parts that do not overlap.
    pub fn pointer<T: Plain>(&self, offset: usize, count: usize) -> *mut T {
        self.address(offset, count)
    }

    /// A counter that all threads share.
    pub fn counter(&self, offset: usize) -> &AtomicI32 {
        // SAFETY: the address is in the heap and aligned, and a counter is accessed as an atomic only.
        unsafe { AtomicI32::from_ptr(self.address::<i32>(offset, 1)) }
    }
}
