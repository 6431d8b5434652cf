/** The constants of the attention stem of SASA. K places of a block, M mixtures, D depth per head. */
import type { LayerWeights } from "./layer-weights.js";

/** [K, M]: softmax over the mixtures of (row + column) . mixture. */
export function mixtureShares(
  weights: LayerWeights,
  { block, mixtures, depth }: { block: number; mixtures: number; depth: number },
): Float32Array {
  const [rows, columns] = [weights.read("mixture_rows"), weights.read("mixture_columns")];
  const embeddings = weights.read("mixture_embeddings");
  const shares = new Float32Array(block * block * mixtures);
  for (let place = 0; place < block * block; place++) {
    const [row, column] = [Math.floor(place / block), place % block];
    const logits = Array.from({ length: mixtures }, (_, m) => {
      let sum = 0;
      for (let d = 0; d < depth; d++)
        sum += (rows[row * depth + d] + columns[column * depth + d]) * embeddings[m * depth + d];
      return Math.exp(sum);
    });
    const total = logits.reduce((sum, value) => sum + value, 0);
    logits.forEach((value, m) => (shares[place * mixtures + m] = value / total));
  }
  return shares;
}

/** [K, K, D]: for each query and key of a block the encoding of their row offset before that of their column offset. */
export function blockEncodings(
  weights: LayerWeights,
  { block, depth }: { block: number; depth: number },
): Float32Array {
  const [rows, columns] = [weights.read("relative_query_rows"), weights.read("relative_query_columns")];
  const rowDepth = Math.ceil(depth / 2);
  const places = block * block;
  const all = new Float32Array(places * places * depth);
  for (let query = 0; query < places; query++)
    for (let key = 0; key < places; key++) {
      const row = Math.floor(key / block) - Math.floor(query / block) + block - 1;
      const column = (key % block) - (query % block) + block - 1;
      const start = (query * places + key) * depth;
      all.set(rows.subarray(row * rowDepth, (row + 1) * rowDepth), start);
      all.set(columns.subarray(column * (depth - rowDepth), (column + 1) * (depth - rowDepth)), start + rowDepth);
    }
  return all;
}
