/**
 * Additive position embeddings of N-dimensional tensors, one table per axis, as a function on tensors.
 *
 * Source: Ho et al., Axial Attention in Multidimensional Transformers, arXiv 1912.12180, section 3.3.
 */
import * as tf from "@tensorflow/tfjs";

/**
 * x + sum over the axes of that axis's table: every place gets the sum of one vector per coordinate. An axis shorter
 * than its table uses the first rows.
 *
 * @param x [B, S1, ..., Sn, C]
 * @param tables one [at least Si, C] per axis
 */
export function axialPositionEmbedding<T extends tf.Tensor>(x: T, tables: readonly tf.Tensor[]): T {
  return tf.tidy(() => {
    const channels = x.shape[x.rank - 1];
    return tables.reduce<tf.Tensor>((sum, table, index) => {
      const size = x.shape[index + 1];
      const shape = x.shape.map((_, axis) => (axis === index + 1 ? size : axis === x.rank - 1 ? channels : 1));
      const rows = table.shape[0] === size ? table : table.slice([0, 0], [size, channels]);
      return sum.add(rows.reshape(shape)); // [1, .., Si, .., C] broadcast over [B, S1, ..., Sn, C]
    }, x) as T;
  });
}
