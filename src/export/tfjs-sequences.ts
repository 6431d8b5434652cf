/**
 * Attention in sequences as `tf.layers`: S sequences of L places, D channels of a query and a key, Dv of a value. Queries
 * and keys come as [S, L, D] and [S, D, L], whichever a part takes.
 */
import type * as tf from "@tensorflow/tfjs";
import { sizesOf, type PlainLayers } from "./plain-layers.js";

type Symbolic = tf.SymbolicTensor;

/**
 * Added to the logit of a key that is not seen. Its share is exactly zero wherever logits are less than this apart, and half
 * precision, which WebGL has on phones, can hold it.
 */
export const unseen = -30_000;

/** q_i . k_j: [S, L, D] twice to [S, L, L]. */
export function products(layers: PlainLayers, name: string, query: Symbolic, key: Symbolic): Symbolic {
  const [sequences, length, depth] = sizesOf(query);
  const each = layers.multiply(
    `${name}/each`,
    layers.reshape(`${name}/queries`, query, [sequences, length, 1, depth]),
    layers.reshape(`${name}/keys`, key, [sequences, 1, length, depth]),
  ); // [S, L, L, D]
  return layers.reshape(name, layers.sumLast(`${name}/sum`, each), [sequences, length, length]);
}

/** sum_j w_ij v_j: [S, L, L] and [S, Dv, L] to [S, L, Dv]. */
export function retrieved(layers: PlainLayers, name: string, weights: Symbolic, value: Symbolic): Symbolic {
  const [sequences, depth, length] = sizesOf(value);
  const each = layers.multiply(
    `${name}/each`,
    layers.reshape(`${name}/weights`, weights, [sequences, length, 1, length]),
    layers.reshape(`${name}/values`, value, [sequences, 1, depth, length]),
  ); // [S, L, Dv, L]
  return layers.reshape(name, layers.sumLast(`${name}/sum`, each), [sequences, length, depth]);
}

/** q_i . r_ij: [S, D, L] and encodings [L, L, D] to [S, L, L]. */
export function queryPosition(layers: PlainLayers, name: string, query: Symbolic, encodings: Float32Array): Symbolic {
  const [sequences, depth, length] = sizesOf(query);
  const kernel = new Float32Array(encodings.length); // [1, D, i, j]
  for (let pair = 0; pair < length * length; pair++)
    for (let d = 0; d < depth; d++) kernel[d * length * length + pair] = encodings[pair * depth + d];
  const y = layers.perChannel(`${name}/table`, query, kernel, [1, depth, length, length]); // [S, 1, L L]
  return layers.reshape(name, y, [sequences, length, length]);
}

/** k_j . r_ij: [S, D, L] and encodings [L, L, D] to [S, L, L]. */
export function keyPosition(layers: PlainLayers, name: string, key: Symbolic, encodings: Float32Array): Symbolic {
  const [sequences, depth, length] = sizesOf(key);
  const kernel = new Float32Array(encodings.length); // [1, D, j, i]
  for (let i = 0; i < length; i++)
    for (let j = 0; j < length; j++)
      for (let d = 0; d < depth; d++) kernel[(d * length + j) * length + i] = encodings[(i * length + j) * depth + d];
  const y = layers.perChannel(`${name}/table`, key, kernel, [1, depth, length, length]); // [S, 1, L L], key first
  return layers.permute(name, layers.reshape(`${name}/by_key`, y, [sequences, length, length]), [0, 2, 1]);
}

/** sum_j w_ij r_ij: [S, L, L] and encodings [L, L, Dv] to [S, L, Dv]. */
export function retrievedPosition(
  layers: PlainLayers,
  name: string,
  weights: Symbolic,
  encodings: Float32Array,
): Symbolic {
  const [sequences, length] = sizesOf(weights);
  const depth = encodings.length / length ** 2;
  const kernel = new Float32Array(encodings.length); // [1, j, i, Dv]
  for (let i = 0; i < length; i++)
    for (let j = 0; j < length; j++)
      kernel.set(encodings.subarray((i * length + j) * depth, (i * length + j + 1) * depth), (j * length + i) * depth);
  const byKey = layers.permute(`${name}/by_key`, weights, [0, 2, 1]); // [S, j, i]
  const y = layers.perChannel(`${name}/table`, byKey, kernel, [1, length, length, depth]); // [S, 1, L Dv]
  return layers.reshape(name, y, [sequences, length, depth]);
}

/** Takes the pairs that are not seen out of logits [S, L, L]. */
export function masked(
  layers: PlainLayers,
  name: string,
  logits: Symbolic,
  seen: (query: number, key: number) => boolean,
): Symbolic {
  const [sequences, length] = sizesOf(logits);
  const shift = Float32Array.from({ length: length * length }, (_, pair) =>
    seen(Math.floor(pair / length), pair % length) ? 0 : unseen,
  );
  const flat = layers.reshape(`${name}/pairs`, logits, [sequences, 1, length * length]);
  const shifted = layers.affine(`${name}/unseen`, flat, new Float32Array(shift.length).fill(1), shift);
  return layers.reshape(name, shifted, [sequences, length, length]);
}
