//! The tasks of a group, one a lane, and where their channels lie in tensors [O, L, I, N * depth].
//!
//! Task t is head t % N of sequence t / N, so that neighbouring tasks mostly lie side by side in memory, and a position is
//! read in whole cache lines. The last group repeats the last task in its spare lanes: what they compute is written twice,
//! the same each time, or left out where it would be added.

use super::geometry::Geometry;
use super::lanes::{Lanes, Quad, from_lanes, lanes_of};
use crate::call::Call;

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
        View {
            bases: self.places.map(|place| place * channels + offset),
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
    step: usize,
    depth: usize,
}

impl View {
    pub fn quads(&self) -> usize {
        self.depth.div_ceil(4)
    }

    /// Four channels of a position from the fourth of `quad` on; zeros past the last.
    #[inline(always)]
    pub fn read<S: Lanes>(&self, simd: S, tensor: &[f32], position: usize, quad: usize) -> Quad<S> {
        let shift = position * self.step + 4 * quad;
        let present = self.depth - 4 * quad;
        if present >= 4 {
            simd.gather(|lane| {
                let start = self.bases[lane] + shift;
                *tensor[start..start + 4].first_chunk().unwrap()
            })
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
            simd.scatter(channels, |lane, channels| {
                tensor.write(self.bases[lane] + shift, channels)
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

    #[inline(always)]
    fn at<const C: usize>(&self, index: usize) -> *mut [f32; C] {
        assert!(
            index + C <= self.length,
            "attention: element {index} must be in a tensor of {}",
            self.length
        );
        // SAFETY: the index is within the tensor.
        unsafe { self.start.add(index) }.cast()
    }

    #[inline(always)]
    pub fn write<const C: usize>(&self, index: usize, values: [f32; C]) {
        // SAFETY: within the tensor; the tasks of a share are its own, so no other thread touches these elements.
        unsafe { self.at(index).write(values) }
    }

    #[inline(always)]
    pub fn read<const C: usize>(&self, index: usize) -> [f32; C] {
        // SAFETY: as for `write`.
        unsafe { self.at(index).read() }
    }
}
