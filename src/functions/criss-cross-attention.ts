/**
 * Criss-cross attention as functions on tensors: every pixel attends to its own row and column in one softmax.
 *
 * Dimension letters: B batch, H rows, W columns, N heads, Dq and Dv depth per head.
 *
 * Source: Huang et al., CCNet, arXiv 1811.11721, equations 1 and 2.
 */
import * as tf from "@tensorflow/tfjs";
import {
  fusedCrissCrossAttention,
  type CrissCrossAttentionGeometry,
  type CrissCrossAttentionInputs,
} from "../engine/ops/criss-cross-attention.js";
import { assertQkv, splitHeads } from "./attention.js";

export type { CrissCrossAttentionGeometry, CrissCrossAttentionInputs };

/**
 * Attention of every pixel o on the H + W - 1 pixels p of its row and column, itself once:
 *
 *     y_o = sum_p softmax_p(q_o.k_p) v_p            no scale: CCNet has none
 *
 * @param inputs qkv [B, H, W, N (2 Dq + Dv)]
 * @returns [B, H, W, N Dv]
 * @throws ShapeError when the channels do not fit the geometry
 */
export function crissCrossAttention(
  inputs: CrissCrossAttentionInputs,
  geometry: CrissCrossAttentionGeometry,
): tf.Tensor4D {
  assertQkv("crissCrossAttention", "B, H, W", inputs.qkv, geometry);
  return fusedCrissCrossAttention(inputs, geometry) ?? composedCrissCrossAttention(inputs, geometry);
}

/** {@link crissCrossAttention} from single operations: the readable form that the kernel must equal. */
export function composedCrissCrossAttention(
  inputs: CrissCrossAttentionInputs,
  geometry: CrissCrossAttentionGeometry,
): tf.Tensor4D {
  const [batch, height, width] = inputs.qkv.shape;
  const { heads, valueDepth } = geometry;
  return tf.tidy(() => {
    const { value } = splitHeads(inputs.qkv, geometry);
    const { column, row } = weightsOf(inputs, geometry);
    const fromColumn = column.matMul(ofColumns(value)).transpose([0, 3, 1, 2, 4]); // [B, H, W, N, Dv]
    const fromRow = row.matMul(ofRows(value)).transpose([0, 1, 3, 2, 4]); // [B, H, W, N, Dv]
    return fromColumn.add(fromRow).reshape([batch, height, width, heads * valueDepth]);
  });
}

/** The weights of one criss-cross step. The own pixel's weight is in `row`; its place in `column` is zero. */
export interface CrissCrossAttentionWeights {
  /** [B, W, N, H, H]: image, column, head, query row, key row. */
  readonly column: tf.Tensor5D;
  /** [B, H, N, W, W]: image, row, head, query column, key column. */
  readonly row: tf.Tensor5D;
}

/**
 * The attention weights themselves, for looking at. For each pixel, its row's and its column's together sum to 1.
 *
 * @returns of columns [B, W, N, H, H], of rows [B, H, N, W, W]; query before key
 * @throws ShapeError when the channels do not fit the geometry
 */
export function crissCrossAttentionWeights(
  inputs: CrissCrossAttentionInputs,
  geometry: CrissCrossAttentionGeometry,
): CrissCrossAttentionWeights {
  assertQkv("crissCrossAttention", "B, H, W", inputs.qkv, geometry);
  return tf.tidy(() => weightsOf(inputs, geometry) as CrissCrossAttentionWeights & tf.TensorContainerObject);
}

function weightsOf(
  inputs: CrissCrossAttentionInputs,
  geometry: CrissCrossAttentionGeometry,
): CrissCrossAttentionWeights {
  const [, height, width] = inputs.qkv.shape;
  const { query, key } = splitHeads(inputs.qkv, geometry);
  // The own pixel is in both branches; a large negative number on the diagonal leaves it to the row.
  const ownPixel = tf.eye(height).mul(-1e30);
  const column = tf.matMul(ofColumns(query), ofColumns(key), false, true).add(ownPixel); // [B, W, N, H, H]
  const row = tf.matMul(ofRows(query), ofRows(key), false, true); // [B, H, N, W, W]
  const joint = tf.concat([column.transpose([0, 3, 2, 1, 4]), row], 4).softmax(); // [B, H, N, W, H + W]
  const [columnWeights, rowWeights] = tf.split(joint, [height, width], 4);
  return {
    column: columnWeights.transpose([0, 3, 2, 1, 4]), // [B, W, N, H, H]
    row: rowWeights as tf.Tensor5D,
  };
}

/** [B, H, W, N, D] to [B, W, N, H, D]. */
const ofColumns = (x: tf.Tensor5D): tf.Tensor5D => x.transpose([0, 2, 3, 1, 4]);

/** [B, H, W, N, D] to [B, H, N, W, D]. */
const ofRows = (x: tf.Tensor5D): tf.Tensor5D => x.transpose([0, 1, 3, 2, 4]);
