/**
 * Attention of every place of an image on every other, as functions on tensors. Composed, an image is one axis of H * W
 * places without position encodings, to the functions of axial attention.
 *
 * Source: Wang et al., Axial-DeepLab, arXiv 2003.07853, equation 1.
 */
import * as tf from "@tensorflow/tfjs";
import {
  fusedGlobalAttention,
  fusedGlobalSimilarityStatistics,
  fusedNormedGlobalAttention,
} from "../engine/ops/global-attention.js";
import {
  axialAttention,
  axialAttentionWeights,
  normedAxialAttention,
  axialSimilarityStatistics,
} from "./axial-attention.js";
import {
  assertQkv,
  type AttentionGeometry,
  type HeadDepths,
  type NormedAttentionOutputs,
  type SimilarityNorm,
  type SimilarityStatistics,
} from "./attention.js";

/**
 * Attention of every place o on all places p (equation 1), with one factor s a head:
 *
 *     y_o = sum_p softmax_p(s q_o.k_p) v_p
 *
 * @param qkv [B, H, W, N * (2 Dq + Dv)], per head query, key, value
 * @param scales [N]
 * @returns [B, H, W, N * Dv]
 * @throws ShapeError when qkv or the scales have other sizes than heads and depths say
 */
export function globalAttention(qkv: tf.Tensor4D, scales: tf.Tensor1D, geometry: HeadDepths): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width] = qkv.shape;
    assertQkv("globalAttention", "B, H, W", qkv, geometry);
    const factors = contentOnly(scales);
    const fused = isOnePlace(qkv) ? null : fusedGlobalAttention(qkv, factors, geometry);
    if (fused !== null) return fused;
    const { content } = axialAttention({ ...oneAxis(qkv), scales: factors }, wholeImage(qkv, geometry));
    return content.reshape([batch, height, width, -1]); // [B, H, W, N * Dv]
  });
}

/**
 * The weights of {@link globalAttention}.
 *
 * @returns [B, N, H, W, H, W]: head, query's row and column, key's row and column
 * @throws ShapeError when qkv or the scales have other sizes than heads and depths say
 */
export function globalAttentionWeights(
  qkv: tf.Tensor4D,
  scales: tf.Tensor1D,
  geometry: HeadDepths,
): tf.Tensor<tf.Rank.R6> {
  return tf.tidy(() => {
    const [batch, height, width] = qkv.shape;
    return axialAttentionWeights({ ...oneAxis(qkv), scales: contentOnly(scales) }, wholeImage(qkv, geometry)) // [B, 1, N, HW, HW]
      .reshape([batch, geometry.heads, height, width, height, width]);
  });
}

/**
 * Mean and biased variance of q_o.k_p, per head, over all pairs of places: see `axialSimilarityStatistics`.
 *
 * @returns mean and variance, [3, N] each, as of axial attention; the rows of the position terms are zero
 * @throws ShapeError when the channels of `qkv` do not fit the geometry.
 */
export function globalSimilarityStatistics(qkv: tf.Tensor4D, geometry: HeadDepths): SimilarityStatistics {
  assertQkv("globalAttention", "B, H, W", qkv, geometry);
  return (
    fusedGlobalSimilarityStatistics(qkv, geometry) ?? axialSimilarityStatistics(oneAxis(qkv), wholeImage(qkv, geometry))
  );
}

/**
 * {@link globalAttention} behind a batch norm of its own similarities: see `normedAxialAttention`.
 *
 * @param qkv [B, H, W, N * (2 Dq + Dv)]
 * @returns the content, [B, H, W, N * Dv], and the statistics
 * @throws ShapeError when the channels of `qkv` do not fit the geometry.
 */
export function normedGlobalAttention(
  qkv: tf.Tensor4D,
  norm: SimilarityNorm,
  geometry: HeadDepths,
): NormedAttentionOutputs {
  assertQkv("globalAttention", "B, H, W", qkv, geometry);
  const fused = isOnePlace(qkv) ? null : fusedNormedGlobalAttention(qkv, norm, geometry);
  if (fused !== null) return fused;
  const [batch, height, width] = qkv.shape;
  const [content, mean, variance] = tf.tidy<[tf.Tensor4D, tf.Tensor2D, tf.Tensor2D]>(() => {
    const { content, statistics } = normedAxialAttention(oneAxis(qkv), norm, wholeImage(qkv, geometry));
    return [content.reshape<tf.Tensor4D>([batch, height, width, -1]), statistics.mean, statistics.variance]; // [B, H, W, N * Dv]
  });
  return { content, position: null, statistics: { mean, variance } };
}

/** Then the weight is 1, and its gradient exactly zero: see `axialAttention`. */
const isOnePlace = ({ shape }: tf.Tensor4D): boolean => shape[1] * shape[2] === 1;

/** [B, H, W, C] as [B, H * W, 1, C], without encodings. */
function oneAxis(qkv: tf.Tensor4D) {
  const [batch, height, width, channels] = qkv.shape;
  return {
    qkv: qkv.reshape<tf.Tensor4D>([batch, height * width, 1, channels]),
    relative: { query: null, key: null, value: null },
  };
}

function wholeImage(qkv: tf.Tensor4D, geometry: HeadDepths): AttentionGeometry {
  const last = qkv.shape[1] * qkv.shape[2] - 1;
  return { ...geometry, window: { before: last, after: last } };
}

/** [N] to [3, N], the position terms being zero. */
const contentOnly = (scales: tf.Tensor1D): tf.Tensor2D => scales.reshape<tf.Tensor2D>([1, -1]).pad([[0, 2], [0, 0]]); // prettier-ignore
