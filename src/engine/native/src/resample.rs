//! resample: images x \[B, H, W, C\] resampled along rows and columns into y \[B, P, Q, C\]: each row of the result is a weighted
//! sum of rows, and each place of it one of places. Tables say which, so that one kernel resizes and makes the gradient of
//! resizing. Shares are ranges of rows of the result.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::call::Call;
use crate::scratch::with_scratch;
use crate::simd::{dispatch, load, store};
use crate::slots::resample as slot;

/// A table of n results: n + 1 whole numbers, where the taps of each begin and where the last end; the row or column of every
/// tap; its weight.
struct Taps<'a> {
    starts: &'a [i32],
    places: &'a [i32],
    weights: &'a [f32],
}

impl<'a> Taps<'a> {
    /// Of so many results, from an axis of `size` places.
    fn read(call: &'a Call, slot: usize, results: usize, size: usize) -> Self {
        let at = call.pointer(slot);
        // SAFETY: nobody writes to the tables while the kernel runs.
        let starts = unsafe { call.heap.read::<i32>(at, results + 1) };
        let ascend = starts.windows(2).all(|pair| pair[0] <= pair[1]);
        assert!(
            starts[0] == 0 && ascend,
            "resample: the taps of a table must follow one another"
        );
        let count = starts[results] as usize;
        let at = at + 4 * starts.len();
        // SAFETY: as above.
        let places = unsafe { call.heap.read::<i32>(at, count) };
        let inside = places.iter().all(|&place| (0..size as i64).contains(&i64::from(place)));
        assert!(inside, "resample: taps must lie in an axis of {size} places");
        // SAFETY: as above.
        let weights = unsafe { call.heap.read::<f32>(at + 4 * count, count) };
        Taps {
            starts,
            places,
            weights,
        }
    }

    fn of(&self, result: usize) -> (&'a [i32], &'a [f32]) {
        let range = self.starts[result] as usize..self.starts[result + 1] as usize;
        (&self.places[range.clone()], &self.weights[range])
    }
}

pub fn resample(call: &Call) {
    let size = |slot| call.size(slot);
    let (batch, height, width) = (size(slot::BATCH), size(slot::HEIGHT), size(slot::WIDTH));
    let (outputs, columns) = (size(slot::OUTPUT_HEIGHT), size(slot::OUTPUT_WIDTH));
    let channels = size(slot::CHANNELS);
    with_scratch(width * channels, |line| {
        dispatch(Resample {
            rows: call.share(batch * outputs),
            row_taps: Taps::read(call, slot::ROW_TAPS, outputs, height),
            column_taps: Taps::read(call, slot::COLUMN_TAPS, columns, width),
            size: [height, width, channels],
            outputs: [outputs, columns],
            x: call
                .heap
                .pointer(call.pointer(slot::X), batch * height * width * channels),
            y: call
                .heap
                .pointer(call.pointer(slot::Y), batch * outputs * columns * channels),
            line,
        });
    });
}

struct Resample<'a> {
    rows: Range<usize>,
    row_taps: Taps<'a>,
    column_taps: Taps<'a>,
    size: [usize; 3],
    outputs: [usize; 2],
    x: *const f32,
    y: *mut f32,
    /// Of a row of x.
    line: &'a mut [f32],
}

impl WithSimd for Resample<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [height, width, channels] = self.size;
        let [outputs, columns] = self.outputs;
        let length = width * channels;
        for row in self.rows {
            // SAFETY: taps lie inside of the image, which lies in the heap; this row of y is this share's own.
            unsafe {
                let image = self.x.add(row / outputs * height * length);
                let line = match self.row_taps.of(row % outputs) {
                    ([place], [1.0]) => image.add(*place as usize * length),
                    (places, weights) => {
                        sum_taps(simd, image, length, places, weights, self.line);
                        self.line.as_ptr()
                    }
                };
                let y = self.y.add(row * columns * channels);
                for column in 0..columns {
                    let (places, weights) = self.column_taps.of(column);
                    let to = std::slice::from_raw_parts_mut(y.add(column * channels), channels);
                    sum_taps(simd, line, channels, places, weights, to);
                }
            }
        }
    }
}

/// Vectors that are summed side by side: taps are read once for all of them.
const ABREAST: usize = 4;

/// to = the weighted sum of vectors of `to`'s length, vector i lying `step` * places\[i\] after `from`.
///
/// # Safety
/// They must be readable.
#[inline(always)]
unsafe fn sum_taps<S: Simd>(simd: S, from: *const f32, step: usize, places: &[i32], weights: &[f32], to: &mut [f32]) {
    let wide = ABREAST * S::F32_LANES;
    let mut at = 0;
    while at + wide <= to.len() {
        let mut sums = [simd.splat_f32s(0.0); ABREAST];
        for (&place, &weight) in places.iter().zip(weights) {
            let weight = simd.splat_f32s(weight);
            for (n, sum) in sums.iter_mut().enumerate() {
                // SAFETY: as the caller vouches.
                let value = unsafe { load(simd, from.add(place as usize * step + at + n * S::F32_LANES)) };
                *sum = simd.mul_add_e_f32s(weight, value, *sum);
            }
        }
        for (n, sum) in sums.into_iter().enumerate() {
            // SAFETY: as many places are left.
            unsafe { store(simd, to.as_mut_ptr().add(at + n * S::F32_LANES), sum) };
        }
        at += wide;
    }
    while at + S::F32_LANES <= to.len() {
        let mut sum = simd.splat_f32s(0.0);
        for (&place, &weight) in places.iter().zip(weights) {
            // SAFETY: as the caller vouches.
            let value = unsafe { load(simd, from.add(place as usize * step + at)) };
            sum = simd.mul_add_e_f32s(simd.splat_f32s(weight), value, sum);
        }
        // SAFETY: a vector's places are left.
        unsafe { store(simd, to.as_mut_ptr().add(at), sum) };
        at += S::F32_LANES;
    }
    // Heat maps and offsets have a channel or two: to load parts of vectors takes longer.
    for (c, to) in to.iter_mut().enumerate().skip(at) {
        let taps = places.iter().zip(weights);
        // SAFETY: as the caller vouches.
        *to = taps.fold(0.0, |sum, (&place, &weight)| unsafe {
            sum + weight * *from.add(place as usize * step + c)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::on_each_arch;
    use crate::testing::{TestHeap, assert_close, noise};

    /// For each result, its taps: places, and weights.
    type Table = Vec<Vec<(usize, f32)>>;

    fn table(seed: u32, results: usize, size: usize) -> Table {
        let weights = noise(seed, 3 * results);
        let taps = |result: usize| match result % 4 {
            0 => vec![(result % size, 1.0)],
            count => (0..count - 1)
                .map(|tap| ((result + 2 * tap) % size, weights[3 * result + tap]))
                .collect(),
        };
        (0..results).map(taps).collect()
    }

    fn put(heap: &mut TestHeap, table: &Table) -> usize {
        let mut bytes: Vec<u8> = Vec::new();
        let mut start = 0_i32;
        bytes.extend(start.to_le_bytes());
        for taps in table {
            start += taps.len() as i32;
            bytes.extend(start.to_le_bytes());
        }
        for (place, _) in table.iter().flatten() {
            bytes.extend((*place as i32).to_le_bytes());
        }
        for (_, weight) in table.iter().flatten() {
            bytes.extend(weight.to_le_bytes());
        }
        heap.put(&bytes)
    }

    #[test]
    fn sums_rows_and_columns_as_the_tables_say() {
        on_each_arch(|| {
            for [batch, height, width, channels, outputs, columns] in [
                [2, 5, 7, 3, 11, 4],
                [1, 3, 2, 67, 7, 13],
                [3, 1, 1, 1, 1, 1],
                [1, 6, 5, 16, 3, 9],
            ] {
                let (rows, across) = (table(7, outputs, height), table(11, columns, width));
                let x = noise(3, batch * height * width * channels);
                let mut heap = TestHeap::new(1 << 18);
                let (row_taps, column_taps) = (put(&mut heap, &rows), put(&mut heap, &across));
                let at = heap.put(&x);
                let y = heap.room(batch * outputs * columns * channels);
                let sizes = [
                    batch,
                    height,
                    width,
                    channels,
                    outputs,
                    columns,
                    row_taps,
                    column_taps,
                    0,
                    0,
                    at,
                    y,
                ];
                heap.run(resample, &sizes.map(|value| value as f64), 3);
                let mut expected = Vec::new();
                for image in 0..batch {
                    for taps in &rows {
                        for column in &across {
                            for c in 0..channels {
                                let place = |r: usize, q: usize| x[((image * height + r) * width + q) * channels + c];
                                expected.push(
                                    taps.iter()
                                        .flat_map(|&(r, v)| column.iter().map(move |&(q, w)| v * w * place(r, q)))
                                        .sum::<f32>(),
                                );
                            }
                        }
                    }
                }
                assert_close(&heap.get(y, expected.len()), &expected, 1e-6);
            }
        });
    }

    #[test]
    #[should_panic(expected = "taps must lie in an axis of 2 places")]
    fn refuses_a_place_outside() {
        let mut heap = TestHeap::new(1 << 16);
        let taps = put(&mut heap, &vec![vec![(2, 1.0)]]);
        let x = heap.put(&[1.0_f32; 4]);
        let y = heap.room(1);
        let sizes = [1, 2, 2, 1, 1, 1, taps, taps, 0, 0, x, y];
        heap.run(resample, &sizes.map(|value| value as f64), 1);
    }
}
