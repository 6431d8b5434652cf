//! axialSimilarityStatisticsGradSum: the last step of axialSimilarityStatisticsGrad, the gradients with respect to the
//! encodings.

use crate::call::Call;
use crate::heap::Heap;
use crate::slots::axial_similarity_statistics_grad_sum as slot;

/// args: whether the sums are by Gram matrices, parts' sums, bytes of one part's, number of them, L, Dq, before, after, query
/// table, key table (0: none), their gradients
pub fn axial_similarity_statistics_grad_sum(call: &Call) {
    if call.part != 0 {
        return;
    }
    let (length, depth) = (call.size(slot::LENGTH), call.size(slot::KEY_DEPTH));
    let (before, after) = (call.size(slot::BEFORE), call.size(slot::AFTER));
    let full = depth.next_multiple_of(4);
    let bytes = call.size(slot::SUM_BYTES);
    for term in 0..2 {
        let (Some(table), Some(gradient)) = (
            call.optional(slot::QUERY_TABLE + term),
            call.optional(slot::D_QUERY_TABLE + term),
        ) else {
            continue;
        };
        // SAFETY: a kernel writes to none of its inputs.
        let table = unsafe { call.heap.read::<f32>(table, (2 * length - 1) * depth) };
        // SAFETY: the gradient is an output of this kernel, whose only share this is.
        let gradient = unsafe { call.heap.write::<f32>(gradient, (2 * length - 1) * depth) };
        gradient.fill(0.0);
        let start = call.pointer(slot::SUMS) + term * bytes / 2;
        let sums = PartSums {
            heap: &call.heap,
            start,
            bytes,
            parts: call.size(slot::SHARES),
        };
        if call.flag(slot::BY_GRAM) {
            let totals = add_up(&sums.totals(length * (1 + full) * full), length, depth);
            pair_up(&totals, table, gradient, length, depth, before, after);
        } else {
            let totals = sums.totals((before + 1 + after) * full);
            let rows = gradient.chunks_exact_mut(depth).skip(length - 1 - before);
            for (row, totals) in rows.zip(totals.chunks_exact(full)) {
                row.iter_mut().zip(totals).for_each(|(to, &total)| *to = total as f32);
            }
        }
    }
}

struct PartSums<'a> {
    heap: &'a Heap,
    start: usize,
    bytes: usize,
    parts: usize,
}

impl PartSums<'_> {
    /// Sums over the four numbers that stand for each, in all parts in their order.
    fn totals(&self, count: usize) -> Vec<f64> {
        let mut totals = vec![0.0; count];
        for part in 0..self.parts {
            // SAFETY: nobody writes to the parts' sums any more.
            let sums = unsafe { self.heap.read::<f32>(self.start + part * self.bytes, 4 * count) };
            for (total, lanes) in totals.iter_mut().zip(sums.chunks_exact(4)) {
                *total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
            }
        }
        totals
    }
}

/// From sums by position [L][1 + full][full] to those over positions 0 to i - 1 for i = 0 .. L: [L + 1][1 + Dq][Dq].
fn add_up(sums: &[f64], length: usize, depth: usize) -> Vec<f64> {
    let full = depth.next_multiple_of(4);
    let numbers = (1 + depth) * depth;
    let mut totals = vec![0.0; (length + 1) * numbers];
    for i in 0..length {
        for row in 0..=depth {
            for column in 0..depth {
                // Row 0 is the sum of a y; of the matrix below it, only blocks of four on and right of the diagonal are there.
                let mirrored = row > 0 && column < (row - 1) / 4 * 4;
                let index = if mirrored {
                    (column + 1) * full + row - 1
                } else {
                    row * full + column
                };
                let at = i * numbers + row * depth + column;
                totals[at + numbers] = totals[at] + sums[i * (full + 1) * full + index];
            }
        }
    }
    totals
}

/// dz = sum a y + (sum b y y^T) z for each encoding z: offset t meets the positions max(0, -t) .. min(L - 1, L - 1 - t).
fn pair_up(
    totals: &[f64],
    table: &[f32],
    gradient: &mut [f32],
    length: usize,
    depth: usize,
    before: usize,
    after: usize,
) {
    let numbers = (1 + depth) * depth;
    // Row r of the table is offset r - (L - 1).
    for row in length - 1 - before..length + after {
        let from = &totals[(length - 1).saturating_sub(row) * numbers..][..numbers];
        let to = &totals[length.min(2 * length - 1 - row) * numbers..][..numbers];
        for c in 0..depth {
            let mut sum = to[c] - from[c];
            for d in 0..depth {
                let index = (1 + c) * depth + d;
                sum += (to[index] - from[index]) * f64::from(table[row * depth + d]);
            }
            gradient[row * depth + c] = sum as f32;
        }
    }
}
