/**
 * Attention inside square blocks, whose values depend on where in the block they are, as functions on tensors: what the
 * attention stem of SASA computes.
 *
 * Dimension letters: B batch, H rows, W columns, N heads, D depth per head, K = block * block places, S = B * blocks
 * sequences, M projections that are mixed.
 *
 * Source: Ramachandran et al., arXiv 1906.05909, section 3.2 and appendix.
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../engine/kernel-registry.js";
import { fusedValueMixtureAttention } from "../engine/ops/value-mixture-attention.js";

/** Depths per head are alike: D = filters / heads. */
export interface ValueMixtureAttentionGeometry {
  readonly heads: number;
  /** Side of the blocks. */
  readonly block: number;
}

/** What value mixture attention reads. */
export interface ValueMixtureAttentionInputs {
  /** [B, H, W, heads * D] each: queries, keys, and the M projections of which the values are mixed. */
  readonly query: tf.Tensor4D;
  readonly key: tf.Tensor4D;
  readonly values: readonly tf.Tensor4D[];
  /** [block * block, M]: the share of each projection at each place of a block, row by row; a row sums to 1. */
  readonly mixture: tf.Tensor2D;
  /** [(2 block - 1)^2, D]: encodings of the offsets key - query, row by row; null: none. */
  readonly encodings: tf.Tensor2D | null;
}

/**
 * Attention of every place on the places of its own block:
 *
 *     v_p  = sum_m mixture[place of p in its block, m] values_{m,p}
 *     y_o  = sum_p softmax_p(q_o.k_p + q_o.r_{p-o}) v_p                 p in the block of o, in the image
 *
 * @returns [B, H, W, heads * D]
 */
export function valueMixtureAttention(
  inputs: ValueMixtureAttentionInputs,
  geometry: ValueMixtureAttentionGeometry,
): tf.Tensor4D {
  const [batch, height, width, channels] = inputs.query.shape;
  return tf.tidy(() => {
    const fused = fusedInBlocks(inputs, geometry);
    if (fused !== null) return fromBlocks(fused, [batch, height, width], geometry);
    const weights = valueMixtureAttentionWeights(inputs, geometry); // [S, N, K, K]
    const value = headsOf(toBlocks(mixValues(inputs, geometry), geometry), geometry); // [S, N, K, D]
    const retrieved = weights.matMul(value).transpose([0, 2, 1, 3]); // [S, K, N, D]
    return fromBlocks(retrieved.reshape([-1, geometry.block ** 2, channels]), [batch, height, width], geometry);
  });
}

/** The outputs in blocks, [S, K, heads * D], by the kernel; null where there is none, or a block ends outside the image. */
function fusedInBlocks(
  inputs: ValueMixtureAttentionInputs,
  geometry: ValueMixtureAttentionGeometry,
): tf.Tensor3D | null {
  const { heads, block } = geometry;
  const [batch, height, width, channels] = inputs.query.shape;
  if (!hasKernel("ValueMixtureAttention") || height % block !== 0 || width % block !== 0) return null;
  const ofHeads = [inputs.query, inputs.key, mixValues(inputs, geometry)].map((x) =>
    x.reshape<tf.Tensor3D>([-1, heads, channels / heads]),
  );
  const qkv = tf.concat(ofHeads, 2).reshape<tf.Tensor4D>([batch, height, width, 3 * channels]);
  const blocks = toBlocks(qkv, geometry).reshape<tf.Tensor4D>([-1, block, block, 3 * channels]); // [S, block, block, N * 3 D]
  return fusedValueMixtureAttention(blocks, inputs.encodings, heads)!.reshape<tf.Tensor3D>([
    -1,
    block * block,
    channels,
  ]);
}

/**
 * The attention weights, [B * blocks, N, K, K] with K = block * block: block, head, query, key. Places outside the
 * image get none.
 */
export function valueMixtureAttentionWeights(
  { query, key, encodings }: Omit<ValueMixtureAttentionInputs, "values" | "mixture">,
  geometry: ValueMixtureAttentionGeometry,
): tf.Tensor4D {
  const [batch, height, width] = query.shape;
  return tf.tidy(() => {
    const q = headsOf(toBlocks(query, geometry), geometry); // [S, N, K, D]
    const k = headsOf(toBlocks(key, geometry), geometry);
    const content = tf.matMul<tf.Tensor4D>(q, k, false, true); // [S, N, K, K]
    const logits = encodings === null ? content : content.add<tf.Tensor4D>(positionTerm(q, encodings, geometry));
    const inImage = tf.ones<tf.Rank.R4>([batch, height, width, 1]);
    const outside = toBlocks(inImage, geometry)
      .sub(1)
      .mul(1e30)
      .reshape([-1, 1, 1, geometry.block ** 2]); // [S, 1, 1, K]
    return logits.add<tf.Tensor4D>(outside).softmax();
  });
}

/** The values of all places, [B, H, W, heads * D]. */
function mixValues(
  { values, mixture }: ValueMixtureAttentionInputs,
  { block }: ValueMixtureAttentionGeometry,
): tf.Tensor4D {
  const [, height, width] = values[0].shape;
  const [rows, columns] = [Math.ceil(height / block), Math.ceil(width / block)];
  const shares = tf.unstack(mixture, 1); // M of [block * block]
  const parts = values.map((value, m) => {
    const everywhere = shares[m].reshape<tf.Tensor2D>([block, block]).tile([rows, columns]);
    return value.mul<tf.Tensor4D>(everywhere.slice([0, 0], [height, width]).reshape([1, height, width, 1]));
  });
  return tf.addN(parts);
}

/** q_i . r_{j-i} for all places i, j of a block: [S, N, K, D] to [S, N, K, K]. */
function positionTerm(
  query: tf.Tensor4D,
  encodings: tf.Tensor2D,
  { block }: ValueMixtureAttentionGeometry,
): tf.Tensor4D {
  const [sequences, heads, places, depth] = query.shape;
  const side = 2 * block - 1;
  // For each query place of the block the rows of its keys: there are few, so they are picked one by one.
  const perQuery = Array.from({ length: places }, (_, i) => {
    const [row, column] = [Math.floor(i / block), i % block];
    const first = (block - 1 - row) * side + (block - 1 - column);
    const rows = Array.from({ length: block }, (_, y) => encodings.slice([first + y * side, 0], [block, depth]));
    const ofQuery = query.slice([0, 0, i, 0], [sequences, heads, 1, depth]).reshape<tf.Tensor2D>([-1, depth]);
    return ofQuery.matMul(tf.concat(rows, 0), false, true).reshape<tf.Tensor4D>([sequences, heads, 1, places]);
  });
  return tf.concat(perQuery, 2);
}

/** [B, H, W, C] to [B * blocks, block * block, C]; beyond the image zeros. */
function toBlocks(x: tf.Tensor4D, { block }: ValueMixtureAttentionGeometry): tf.Tensor3D {
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [Math.ceil(height / block), Math.ceil(width / block)];
  const whole =
    rows * block === height && columns * block === width
      ? x
      : x.pad([
          [0, 0],
          [0, rows * block - height],
          [0, columns * block - width],
          [0, 0],
        ]);
  return whole
    .reshape<tf.Tensor5D>([batch * rows, block, columns, block, channels])
    .transpose([0, 2, 1, 3, 4]) // [B * rows, columns, block, block, C]
    .reshape([batch * rows * columns, block * block, channels]);
}

/** The inverse of {@link toBlocks}. */
function fromBlocks(
  x: tf.Tensor3D,
  [batch, height, width]: readonly [number, number, number],
  { block }: ValueMixtureAttentionGeometry,
): tf.Tensor4D {
  const channels = x.shape[2];
  const [rows, columns] = [Math.ceil(height / block), Math.ceil(width / block)];
  return x
    .reshape<tf.Tensor5D>([batch * rows, columns, block, block, channels])
    .transpose([0, 2, 1, 3, 4]) // [B * rows, block, columns, block, C]
    .reshape<tf.Tensor4D>([batch, rows * block, columns * block, channels])
    .slice([0, 0, 0, 0], [batch, height, width, channels]);
}

/** [S, K, heads * D] to [S, heads, K, D]. */
function headsOf(x: tf.Tensor3D, { heads }: ValueMixtureAttentionGeometry): tf.Tensor4D {
  const [sequences, places, channels] = x.shape;
  return x.reshape<tf.Tensor4D>([sequences, places, heads, channels / heads]).transpose([0, 2, 1, 3]);
}
