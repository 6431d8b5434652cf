//! similarityStatisticsSum: the last step of the similarity statistics of axes and images, from the parts' moments (moments.rs).

use crate::call::Call;
use crate::slots::similarity_statistics_sum as slot;

/// Mean and variance from the parts' sums, in the order of the parts.
/// args: parts' sums, bytes of one part's, number of them, N, pairs of all sequences, mean [3, N], variance [3, N]
pub fn similarity_statistics_sum(call: &Call) {
    if call.part != 0 {
        return;
    }
    let heads = call.size(slot::HEADS);
    let pairs = call.real(slot::PAIRS);
    let mut totals = vec![0.0; 9 * heads];
    for part in 0..call.size(slot::SHARES) {
        let start = call.pointer(slot::SUMS) + part * call.size(slot::SUM_BYTES);
        // SAFETY: nobody writes to the parts' sums any more.
        let sums = unsafe { call.heap.read::<f64>(start, 9 * heads) };
        totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
    // SAFETY: the results are outputs of this kernel, whose only share this is.
    let mean = unsafe { call.heap.write::<f32>(call.pointer(slot::MEAN), 3 * heads) };
    // SAFETY: as above.
    let variance = unsafe { call.heap.write::<f32>(call.pointer(slot::VARIANCE), 3 * heads) };
    for index in 0..3 * heads {
        let [linear, square, within] = [0, 1, 2].map(|moment| {
            let (term, head) = (index / heads, index % heads);
            totals[(3 * term + moment) * heads + head] / pairs
        });
        mean[index] = linear as f32;
        // Rounding may leave a variance of zero a little below it.
        variance[index] = (square + within - linear * linear).max(0.0) as f32;
    }
}
