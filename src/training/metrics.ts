/** Measures of a classifier, on plain arrays. B: batch, K: classes. */

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
