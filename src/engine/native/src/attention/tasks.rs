//! The tasks of a group, one a lane, and where their channels lie in tensors [O, L, I, N * depth].
//!
//! Task t is head t % N of sequence t / N, so that neighbouring tasks mostly lie side by side in memory, and a position is
//! read in whole cache lines. The last group repeats the last task in its spare lanes: what they compute is written twice,
//! the same each time, or left out where it would be added.

use super::geometry::Geometry;
use super::lanes::{Lanes, Quad, from_lanes, lanes_of};
use crate::call::Call;
use std::ops::Range;

/// The most lanes of any instruction set.
pub const MOST_LANES: usize = 16;

pub struct Tasks {
    /// Of each lane, its first position times N plus its head: the place of its channels in units of one head's.
    places: [usize; MOST_LANES],
    /// Heads between a position and the next.
    step: usize,
    heads: usize,
    /// How many of the lanes hold a task of their own.
    pub own: usize,
}

impl Tasks {
    /// Group `index` of tasks.
    #[inline(always)]
    pub fn new<S: Lanes>(geometry: &Geometry, index: usize) -> Self {
        let Geometry { inner, heads, .. } = *geometry;
        let first = index * S::F32_LANES;
        let last = geometry.tasks() - 1;
        let mut places = [0; MOST_LANES];
        for (lane, place) in places.iter_mut().enumerate().take(S::F32_LANES) {
            let task = last.min(first + lane);
            let sequence = task / heads;
            let start = sequence / inner * geometry.positions() * inner + sequence % inner;
            *place = start * heads + task % heads;
        }
        Tasks {
            places,
            step: inner * heads,
            heads,
            own: S::F32_LANES.min(last + 1 - first),
        }
    }

    /// Channels `offset` to `offset + depth` of tensors that have `channels` for each head.
    pub fn view(&self, channels: usize, offset: usize, depth: usize) -> View {
        let bases = self.places.map(|place| place * channels + offset);
        View {
            bases,
            last_base: bases.into_iter().max().unwrap_or(0),
            step: self.step * channels,
            depth,
        }
    }

    pub fn head(&self, lane: usize) -> usize {
        self.places[lane] % self.heads
    }

    /// One number for each lane's head, of numbers [N].
    #[inline(always)]
    pub fn head_values<S: Lanes>(&self, simd: S, numbers: &[f32]) -> S::f32s {
        from_lanes(simd, |lane| numbers[self.head(lane)])
    }

    /// Adds each own lane's number to that of its head in sums [N].
    #[inline(always)]
    pub fn add_to_heads<S: Lanes>(&self, sums: &mut [f64], numbers: S::f32s) {
        for (lane, &number) in lanes_of::<S>(&numbers).iter().enumerate().take(self.own) {
            sums[self.head(lane)] += f64::from(number);
        }
    }

    /// 1 in the lanes that hold a task of their own, 0 in the others.
    #[inline(always)]
    pub fn own_lanes<S: Lanes>(&self, simd: S) -> S::f32s {
        from_lanes(simd, |lane| if lane < self.own { 1.0 } else { 0.0 })
    }
}

/// Some channels of each task in a tensor: where they begin at position 0, and how far apart positions are.
pub struct View {
    bases: [usize; MOST_LANES],
    last_base: usize,
    step: usize,
    depth: usize,
}

impl View {
    pub fn quads(&self) -> usize {
        self.depth.div_ceil(4)
    }

    /// Asks for the cache lines of so many positions: they come while something else is computed.
    #[inline(always)]
    pub fn prefetch<S: Lanes>(&self, simd: S, tensor: *const f32, positions: Range<usize>) {
        for position in positions {
            for lane in 0..S::F32_LANES {
                let start = tensor.wrapping_add(self.bases[lane] + position * self.step);
                let mut at = 0;
                while at < self.depth {
                    simd.prefetch(start.wrapping_add(at));
                    at += 16;
                }
            }
        }
    }

    /// Fails where a task's channels would end outside of a tensor, `end` after their base. One check for all lanes: sixteen
    /// would take longer than the transposing.
    #[inline(always)]
    fn check(&self, end: usize, length: usize) {
        assert!(
            self.last_base + end <= length,
            "attention: channels must end within a tensor of {length}, got {}",
            self.last_base + end
        );
    }

    /// Four channels of a position from the fourth of `quad` on; zeros past the last.
    #[inline(always)]
    pub fn read<S: Lanes>(&self, simd: S, tensor: &[f32], position: usize, quad: usize) -> Quad<S> {
        let shift = position * self.step + 4 * quad;
        let present = self.depth - 4 * quad;
        if present >= 4 {
            self.check(shift + 4, tensor.len());
            // SAFETY: the task that lies last is within the tensor, as just checked; so are the others.
            simd.gather(|lane| unsafe { tensor.as_ptr().add(self.bases[lane] + shift).cast::<[f32; 4]>().read() })
        } else {
            simd.gather(|lane| {
                let start = self.bases[lane] + shift;
                let mut channels = [0.0; 4];
                channels[..present].copy_from_slice(&tensor[start..start + present]);
                channels
            })
        }
    }

    /// Writes four channels of a position; what is past the last is dropped.
    #[inline(always)]
    pub fn write<S: Lanes>(&self, simd: S, tensor: &Shared, position: usize, quad: usize, channels: Quad<S>) {
        let shift = position * self.step + 4 * quad;
        let present = self.depth - 4 * quad;
        if present >= 4 {
            self.check(shift + 4, tensor.length);
            // SAFETY: the task that lies last is within the tensor, as just checked; so are the others.
            simd.scatter(channels, |lane, channels| unsafe {
                tensor.write_unchecked(self.bases[lane] + shift, channels);
            });
        } else {
            simd.scatter(channels, |lane, channels| {
                for (c, &channel) in channels[..present].iter().enumerate() {
                    tensor.write(self.bases[lane] + shift + c, [channel]);
                }
            });
        }
    }

    /// What `write` wrote.
    #[inline(always)]
    pub fn read_back<S: Lanes>(&self, simd: S, tensor: &Shared, position: usize, quad: usize) -> Quad<S> {
        let shift = position * self.step + 4 * quad;
        let present = self.depth - 4 * quad;
        if present >= 4 {
            simd.gather(|lane| tensor.read(self.bases[lane] + shift))
        } else {
            simd.gather(|lane| {
                let mut channels = [0.0; 4];
                for (c, channel) in channels[..present].iter_mut().enumerate() {
                    [*channel] = tensor.read(self.bases[lane] + shift + c);
                }
                channels
            })
        }
    }
}

/// A tensor of which each share of a kernel writes other elements, so that no share may have it as a slice.
pub struct Shared {
    start: *mut f32,
    length: usize,
}

impl Shared {
    pub fn new(call: &Call, offset: usize, length: usize) -> Self {
        Shared {
            start: call.heap.pointer(offset, length),
            length,
        }
    }

    /// For `View::prefetch`.
    pub fn start(&self) -> *const f32 {
        self.start
    }

    fn check(&self, end: usize) {
        assert!(
            end <= self.length,
            "attention: element {end} must be in a tensor of {}",
            self.length
        );
    }

    /// # Safety
    /// Elements index .. index + C must be in the tensor.
    #[inline(always)]
    unsafe fn write_unchecked<const C: usize>(&self, index: usize, values: [f32; C]) {
        // SAFETY: in the tensor, as the caller vouches; a share's tasks are its own, so no other thread touches these elements.
        unsafe { self.start.add(index).cast::<[f32; C]>().write(values) }
    }

    #[inline(always)]
    pub fn write<const C: usize>(&self, index: usize, values: [f32; C]) {
        self.check(index + C);
        // SAFETY: in the tensor, as just checked.
        unsafe { self.write_unchecked(index, values) }
    }

    #[inline(always)]
    pub fn read<const C: usize>(&self, index: usize) -> [f32; C] {
        self.check(index + C);
        // SAFETY: in the tensor, as just checked; a share's tasks are its own, so no other thread touches these elements.
        unsafe { self.start.add(index).cast::<[f32; C]>().read() }
    }
}
