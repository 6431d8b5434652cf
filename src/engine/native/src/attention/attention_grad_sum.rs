//! attentionGradSum: the last step of attention's gradients with respect to encodings and factors.

use super::part_sums::row_width;
use crate::call::Call;
use crate::slots::attention_grad_sum as slot;

/// Adds the parts' sums (`PartSums`), in the order of the parts.
/// args: parts' sums, bytes of one part's, number of them, N, Dq, Dv, offsets, rows of a table, of which the first `skipped`
/// lie before the first offset, then `skipped`, then the gradients with respect to query, key and value tables and to the
/// factors (0: none)
pub fn attention_grad_sum(call: &Call) {
    if call.part != 0 {
        return;
    }
    let depths = [slot::KEY_DEPTH, slot::KEY_DEPTH, slot::VALUE_DEPTH].map(|slot| call.size(slot));
    let (offsets, table_rows, skipped) = (
        call.size(slot::OFFSETS),
        call.size(slot::TABLE_ROWS),
        call.size(slot::SKIPPED),
    );
    let width = row_width(depths[0], depths[2]);
    let part_start = |part: usize| call.pointer(slot::SUMS) + part * call.size(slot::SUM_BYTES);
    let parts = 0..call.size(slot::SHARES);
    for (term, depth) in depths.into_iter().enumerate() {
        let Some(gradient) = call.optional(slot::D_QUERY_TABLE + term) else {
            continue;
        };
        // SAFETY: the gradient is an output of this kernel, whose only share this is.
        let gradient = unsafe { call.heap.write::<f32>(gradient, table_rows * depth) };
        gradient.fill(0.0);
        let mut totals = vec![0.0_f64; offsets * depth];
        for part in parts.clone() {
            // SAFETY: nobody writes to the parts' sums any more.
            let sums = unsafe { call.heap.read::<f32>(part_start(part), 4 * offsets * width) };
            for (index, total) in totals.iter_mut().enumerate() {
                let column = term * 4 * depths[0].div_ceil(4) + index % depth;
                let lanes = &sums[4 * (index / depth * width + column)..][..4];
                *total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
            }
        }
        for (to, total) in gradient[skipped * depth..].iter_mut().zip(totals) {
            *to = total as f32;
        }
    }
    let Some(gradient) = call.optional(slot::D_SCALES) else {
        return;
    };
    let count = 3 * call.size(slot::HEADS);
    // SAFETY: as above.
    let gradient = unsafe { call.heap.write::<f32>(gradient, count) };
    let mut totals = vec![0.0; count];
    for part in parts {
        // SAFETY: as above.
        let sums = unsafe { call.heap.read::<f64>(part_start(part) + 16 * offsets * width, count) };
        totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
    gradient
        .iter_mut()
        .zip(totals)
        .for_each(|(to, total)| *to = total as f32);
}
