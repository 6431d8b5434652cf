/** Measures on plain arrays. B: batch, K: classes. */

/**
 * The rank of the right class among the K logits of each image, 0 for the highest: the image counts for top-k where
 * the rank is below k. Of equal logits the first comes first. Where it is not a number the rank is K.
 */
export function ranks(logits: Float32Array, labels: Int32Array): Int32Array {
  const classes = logits.length / labels.length;
  return labels.map((label, b) => {
    const row = logits.subarray(b * classes, (b + 1) * classes);
    const right = row[label];
    if (Number.isNaN(right)) return classes;
    let rank = 0;
    for (let k = 0; k < classes; k++) {
      const other = row[k];
      if (!(other < right) && k !== label && !(other === right && k > label)) rank++;
    }
    return rank;
  });
}

/** How many of the ranks are below k. */
export const countTop = (ranks: Int32Array, k: number): number =>
  ranks.reduce((count, rank) => count + (rank < k ? 1 : 0), 0);

/** The index of the highest of the K logits of each image; of equal ones the first. */
export function predictions(logits: Float32Array, classes: number): Int32Array {
  return Int32Array.from({ length: logits.length / classes }, (_, b) => {
    const row = logits.subarray(b * classes, (b + 1) * classes);
    return row.reduce((best, logit, k) => (logit > row[best] ? k : best), 0);
  });
}

/** Cross entropies log sum_k exp(z_k) - z_y in double precision, summed over the batch. */
export function crossEntropies(logits: Float32Array, labels: Int32Array): number {
  const classes = logits.length / labels.length;
  return labels.reduce((sum, label, b) => {
    const row = logits.subarray(b * classes, (b + 1) * classes);
    const highest = row.reduce((a, z) => Math.max(a, z), -Infinity);
    const total = row.reduce((exponentials, logit) => exponentials + Math.exp(logit - highest), 0);
    return sum + highest + Math.log(total) - row[label];
  }, 0);
}

/** Counts into `confusion`, [K, K], each label with what it was taken for; a label of -1 counts nowhere. */
export function countConfusion(
  confusion: Float64Array,
  classes: number,
  labels: Int32Array,
  predicted: ArrayLike<number>,
): void {
  labels.forEach((label, i) => {
    if (label >= 0) confusion[label * classes + predicted[i]]++;
  });
}

/**
 * Of each class the intersection over union: those of the class that were taken for it, over all that are of it or were
 * taken for it. Null where there are none. `confusion` is [K][K], truth first.
 */
export const intersectionOverUnion = (confusion: readonly (readonly number[])[]): (number | null)[] =>
  confusion.map((row, k) => {
    const union = row.reduce((sum, n, j) => sum + n + (j === k ? 0 : confusion[j][k]), 0);
    return union === 0 ? null : row[k] / union;
  });
