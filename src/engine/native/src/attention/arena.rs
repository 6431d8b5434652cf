//! A part's scratch memory, cut into arrays.

use super::lanes::Quad;
use pulp::Simd;

/// Floats of scratch memory for arrays of so many floats each. Each ends in a spare cache line, lest arrays of a power of two
/// share the few places of the cache that have their address.
pub fn room_for<const N: usize>(floats: [usize; N]) -> usize {
    floats.iter().map(|count| room(*count)).sum()
}

fn room(count: usize) -> usize {
    count.next_multiple_of(16) + 16
}

/// Cuts scratch memory into arrays of so many floats each. They hold what the last user left.
pub fn cut<const N: usize>(mut scratch: &mut [f32], floats: [usize; N]) -> [&mut [f32]; N] {
    floats.map(|count| {
        let (array, rest) = std::mem::take(&mut scratch).split_at_mut(room(count));
        scratch = rest;
        &mut array[..count]
    })
}

/// Floats of so many quads.
pub const fn quads<S: Simd>(count: usize) -> usize {
    4 * count * S::F32_LANES
}

#[inline(always)]
pub fn as_quads<S: Simd>(floats: &mut [f32]) -> &mut [Quad<S>] {
    S::as_mut_simd_f32s(floats).0.as_chunks_mut().0
}

/// Lines of a tile: for each key the entries of its queries.
#[inline(always)]
pub fn as_lines<S: Simd, const Q: usize>(floats: &mut [f32]) -> &mut [[S::f32s; Q]] {
    S::as_mut_simd_f32s(floats).0.as_chunks_mut().0
}

/// Rows of quads, [slots][quads][length], each padded with zeros on both sides.
pub struct Band<'a, S: Simd> {
    data: &'a mut [Quad<S>],
    quads: usize,
    length: usize,
    pad: usize,
}

impl<'a, S: Simd> Band<'a, S> {
    pub const fn floats(slots: usize, quads_of_row: usize, length: usize, pad: usize) -> usize {
        quads::<S>(slots * quads_of_row * (length + 2 * pad))
    }

    /// Over scratch memory of `floats`, all zeros.
    #[inline(always)]
    pub fn new(simd: S, floats: &'a mut [f32], quads: usize, length: usize, pad: usize) -> Self {
        let data = as_quads::<S>(floats);
        data.fill([simd.splat_f32s(0.0); 4]);
        Band {
            data,
            quads,
            length,
            pad,
        }
    }

    #[inline(always)]
    fn start(&self, slot: usize, quad: usize) -> usize {
        (slot * self.quads + quad) * (self.length + 2 * self.pad) + self.pad
    }

    /// `count` positions from `first` on, of which the padding is a part.
    #[inline(always)]
    pub fn row(&self, slot: usize, quad: usize, first: isize, count: usize) -> &[Quad<S>] {
        let start = self.start(slot, quad).wrapping_add_signed(first);
        &self.data[start..start + count]
    }

    #[inline(always)]
    pub fn row_mut(&mut self, slot: usize, quad: usize, first: isize, count: usize) -> &mut [Quad<S>] {
        let start = self.start(slot, quad).wrapping_add_signed(first);
        &mut self.data[start..start + count]
    }

    #[inline(always)]
    pub fn at(&mut self, slot: usize, quad: usize, position: usize) -> &mut Quad<S> {
        let start = self.start(slot, quad);
        &mut self.data[start + position]
    }

    /// Zeroes the rows of a slot.
    #[inline(always)]
    pub fn clear(&mut self, simd: S, slot: usize) {
        let size = self.quads * (self.length + 2 * self.pad);
        self.data[slot * size..(slot + 1) * size].fill([simd.splat_f32s(0.0); 4]);
    }
}
