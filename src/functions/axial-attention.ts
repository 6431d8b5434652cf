/**
 * Position-sensitive attention along one axis as pure functions on tensors: the readable form, composed of single
 * operations, that every fused kernel must equal, and the entry points that prefer the kernel where one exists.
 *
 * Dimension letters, here and in the comments at the ends of lines: O outer, L length of the attended axis, I inner,
 * S = O * I sequences, N heads, Dq key depth per head, Dv value depth per head. Any axis of any tensor is viewed as
 * [O, L, I, C]: of an image [B, H, W, C] the width is [B * H, W, 1, C] and the height is [B, H, W, C], by reshaping
 * alone.
 *
 * Source: Wang et al., Axial-DeepLab, arXiv 2003.07853, equations 3 and 4.
 */
import * as tf from "@tensorflow/tfjs";
import { fusedAxialAttention, fusedNormedAxialAttention } from "../engine/ops/axial-attention.js";
import { fusedAxialSimilarityStatistics } from "../engine/ops/axial-similarity-statistics.js";
import { ShapeError } from "../core/errors.js";
import {
  assertQkv,
  assertTables,
  assertWindow,
  softmaxOfTerms,
  splitHeads,
  type AttentionGeometry,
  type AttentionInputs,
  type AttentionOutputs,
  type NormedAttentionOutputs,
  type SimilarityInputs,
  type SimilarityNorm,
  type SimilarityStatistics,
} from "./attention.js";
import { composedStatistics, normFactors } from "./similarity-statistics.js";

/**
 * Attention of every query on the keys of its row or column (equation 4):
 *
 *     logit_ij   = s0 q_i.k_j + s1 q_i.r^q_{j-i} + s2 k_j.r^k_{j-i}      for -before <= j - i <= after
 *     w_ij       = softmax over j
 *     content_i  = sum_j w_ij v_j          position_i = sum_j w_ij r^v_{j-i}
 *
 * with one factor s per term and head. The paper adds the two outputs; they are returned apart, because each has a
 * batch norm of its own before the sum. There is no 1/sqrt(Dq) here: put it in the scales where it is wanted.
 *
 * @param options.sum give content + position as the content, and no position; default false
 * @returns content and position, [O, L, I, N * Dv] each; position is null without value encodings.
 * @throws ShapeError when qkv, a table or the scales have other sizes than heads, depths and window say
 */
export function axialAttention(
  inputs: AttentionInputs,
  geometry: AttentionGeometry,
  { sum = false }: { sum?: boolean } = {},
): AttentionOutputs {
  assertInputs(inputs, geometry);
  assertScales(inputs.scales, geometry);
  // Of one place the weight is 1, and the gradient with respect to the logit exactly zero: the kernel's rounding would not keep it.
  const alone = inputs.qkv.shape[1] === 1;
  const fused = alone ? null : fusedAxialAttention(inputs, geometry, { sum });
  if (fused !== null) return fused;
  const outputs = composedAxialAttention(inputs, geometry);
  if (!sum || outputs.position === null) return outputs;
  return { content: outputs.content.add(outputs.position), position: null };
}

/**
 * Mean and biased variance, per head, of each of the three terms of the logits over all sequences, queries and keys
 * in the window: what a batch norm on the similarities needs. Differentiable.
 *
 * @returns mean and variance, [3, N] each; rows of terms without encodings are zero.
 * @throws ShapeError when qkv, a table or the scales have other sizes than heads, depths and window say
 */
export function axialSimilarityStatistics(inputs: SimilarityInputs, geometry: AttentionGeometry): SimilarityStatistics {
  assertInputs(inputs, geometry);
  return fusedAxialSimilarityStatistics(inputs, geometry) ?? composedAxialSimilarityStatistics(inputs, geometry);
}

/**
 * {@link axialAttention} behind a batch norm of its own similarities, as in training: its factors are
 * {@link normFactors} of the variances that {@link axialSimilarityStatistics} finds.
 *
 * @param options.sum give content + position as the content, and no position; default false
 * @returns content and position, [O, L, I, N * Dv] each, and the statistics
 * @throws ShapeError when qkv, a table or the scales have other sizes than heads, depths and window say
 */
export function normedAxialAttention(
  inputs: SimilarityInputs,
  norm: SimilarityNorm,
  geometry: AttentionGeometry,
  options: { sum?: boolean } = {},
): NormedAttentionOutputs {
  assertInputs(inputs, geometry);
  const alone = inputs.qkv.shape[1] === 1; // as in axialAttention
  const fused = alone ? null : fusedNormedAxialAttention(inputs, norm, geometry, options);
  if (fused !== null) return fused;
  const statistics = axialSimilarityStatistics(inputs, geometry);
  const scales = normFactors(norm, statistics.variance);
  return { ...axialAttention({ ...inputs, scales }, geometry, options), statistics };
}

/**
 * The attention weights w_ij themselves, for looking at. The fused kernels never store them.
 *
 * @returns [O, I, N, L, L]: sequence, head, query, key; each row sums to 1.
 * @throws ShapeError when qkv, a table or the scales have other sizes than heads, depths and window say
 */
export function axialAttentionWeights(inputs: AttentionInputs, geometry: AttentionGeometry): tf.Tensor5D {
  assertInputs(inputs, geometry);
  assertScales(inputs.scales, geometry);
  const [outer, length, inner] = inputs.qkv.shape;
  return tf.tidy(() => {
    const { query, key } = bySequence(inputs.qkv, geometry);
    const weights = softmaxInWindow(logitTerms(query, key, inputs.relative), inputs.scales, geometry);
    return weights.reshape([outer, inner, geometry.heads, length, length]);
  });
}

/**
 * {@link axialAttention} from single operations, on any backend; stores S * N * L * (3L - 1) numbers and more.
 *
 * @returns content and position, [O, L, I, N * Dv] each; position is null without value encodings.
 */
export function composedAxialAttention(inputs: AttentionInputs, geometry: AttentionGeometry): AttentionOutputs {
  const [outer, length, inner] = inputs.qkv.shape;
  const { heads, valueDepth } = geometry;
  const merge = (perHead: tf.Tensor): tf.Tensor4D =>
    perHead
      .reshape([outer, inner, heads, length, valueDepth])
      .transpose([0, 3, 1, 2, 4]) // [O, L, I, N, Dv]
      .reshape([outer, length, inner, heads * valueDepth]);
  const outputs = tf.tidy(() => {
    const { query, key, value } = bySequence(inputs.qkv, geometry);
    const weights = softmaxInWindow(logitTerms(query, key, inputs.relative), inputs.scales, geometry); // [S, N, L, L]
    const encodings = inputs.relative.value;
    const content = merge(weights.matMul(value));
    return encodings === null ? [content] : [content, merge(byOffset(weights, encodings))];
  });
  return { content: outputs[0], position: outputs[1] ?? null };
}

/** {@link axialSimilarityStatistics} from single operations, in two passes over the logits. */
export function composedAxialSimilarityStatistics(
  inputs: SimilarityInputs,
  geometry: AttentionGeometry,
): SimilarityStatistics {
  const [outer, length, inner] = inputs.qkv.shape;
  return tf.tidy(() => {
    const { query, key } = bySequence(inputs.qkv, geometry);
    const inWindow = windowMask(length, geometry);
    const pairs = outer * inner * countPairs(length, geometry.window);
    // One axis after the other: a single float32 sum over millions of numbers would lose four digits on some backends.
    const average = (term: tf.Tensor) =>
      (inWindow === null ? term : term.mul(inWindow)).sum(3).sum(2).sum(0).div(pairs); // [N]
    return { ...composedStatistics(logitTerms(query, key, inputs.relative), average, [1, -1, 1, 1]) }; // [3, N]
  });
}

/** Query, key and value of every sequence and head, [S, N, L, depth] each. */
function bySequence(qkv: tf.Tensor4D, geometry: AttentionGeometry) {
  const [outer, length, inner] = qkv.shape;
  const { query, key, value } = splitHeads(qkv, geometry); // [O, L, I, N, depth]
  const sequences = (x: tf.Tensor5D) =>
    x
      .transpose([0, 2, 3, 1, 4]) // [O, I, N, L, depth]
      .reshape<tf.Tensor4D>([outer * inner, geometry.heads, length, x.shape[4]]); // [S, N, L, depth]
  return { query: sequences(query), key: sequences(key), value: sequences(value) };
}

/** The content, query-position and key-position terms of the logits, [S, N, L, L] each, before their scales. */
function logitTerms(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  relative: AttentionInputs["relative"],
): (tf.Tensor4D | null)[] {
  return [
    tf.matMul<tf.Tensor4D>(query, key, false, true),
    relative.query === null ? null : toOffsets(query, relative.query),
    // Seen from the key, the query lies at the mirrored offset.
    relative.key === null ? null : toOffsets(key, relative.key.reverse(0)).transpose<tf.Tensor4D>([0, 1, 3, 2]),
  ];
}

/** Scaled terms, summed, and their softmax over the keys in the window: [S, N, L, L]. */
function softmaxInWindow(
  terms: readonly (tf.Tensor4D | null)[],
  scales: tf.Tensor2D,
  geometry: AttentionGeometry,
): tf.Tensor4D {
  const length = terms.find((term) => term !== null)!.shape[3];
  return softmaxOfTerms(terms, scales, [1, -1, 1, 1], windowMask(length, geometry));
}

/** x_i . r_{j-i} for all i, j: [S, N, L, D] and the encodings [2L - 1, D] give [S, N, L, L]. */
function toOffsets(x: tf.Tensor4D, encodings: tf.Tensor2D): tf.Tensor4D {
  const [sequences, heads, length, depth] = x.shape;
  const places = sequences * heads;
  const byOffset = x.reshape<tf.Tensor2D>([places * length, depth]).matMul(encodings, false, true); // [S * N * L, 2L - 1]
  if (length === 1) return byOffset.reshape([sequences, heads, 1, 1]);
  // Column L - 1 + j - i of row i becomes column j: read from the (L - 1)th number on, in rows that are one shorter.
  return byOffset
    .reshape<tf.Tensor2D>([places, length * (2 * length - 1)])
    .slice([0, length - 1], [places, length * (2 * length - 2)])
    .reshape<tf.Tensor3D>([places, length, 2 * length - 2])
    .slice([0, 0, 0], [places, length, length])
    .reshape([sequences, heads, length, length]); // [S, N, L, L]
}

/**
 * sum_j w_ij r_{j-i}: [S, N, L, L] and the encodings [2L - 1, D] give [S, N, L, D]; the inverse reading of
 * {@link toOffsets}.
 */
function byOffset(weights: tf.Tensor4D, encodings: tf.Tensor2D): tf.Tensor {
  const [sequences, heads, length] = weights.shape;
  const places = sequences * heads;
  const offsets =
    length === 1
      ? weights.reshape<tf.Tensor2D>([places, 1])
      : weights
          .reshape<tf.Tensor3D>([places, length, length])
          .pad([
            [0, 0],
            [0, 0],
            [0, length - 2],
          ])
          .reshape([places, length * (2 * length - 2)])
          .pad([
            [0, 0],
            [length - 1, 1],
          ])
          .reshape<tf.Tensor2D>([places * length, 2 * length - 1]); // [S * N * L, 2L - 1]
  return offsets.matMul(encodings).reshape([sequences, heads, length, encodings.shape[1]]); // [S, N, L, D]
}

/** [L, L]: 1 where query i (row) sees key j (column), else 0; null where every query sees every key. */
function windowMask(length: number, { window }: AttentionGeometry): tf.Tensor2D | null {
  if (window.before >= length - 1 && window.after >= length - 1) return null;
  return tf.linalg.bandPart(
    tf.ones<tf.Rank.R2>([length, length]),
    Math.min(window.before, length),
    Math.min(window.after, length),
  );
}

/** Pairs (query, key) of one sequence of length L that are in the window. */
export function countPairs(length: number, { before, after }: AttentionGeometry["window"]): number {
  let pairs = 0;
  for (let query = 0; query < length; query++)
    pairs += Math.min(length - 1, query + after) - Math.max(0, query - before) + 1;
  return pairs;
}

function assertInputs(inputs: SimilarityInputs, geometry: AttentionGeometry): void {
  assertQkv("axialAttention", "O, L, I", inputs.qkv, geometry);
  assertWindow("axialAttention", geometry.window);
  const rows = 2 * inputs.qkv.shape[1] - 1;
  assertTables("axialAttention", inputs, geometry, { rows, letters: "2L - 1", remedy: "fit it with fitPositionTable" });
}

function assertScales(scales: tf.Tensor2D, { heads }: AttentionGeometry): void {
  if (scales.shape[0] !== 3 || scales.shape[1] !== heads)
    throw new ShapeError(
      `axialAttention: scales must be [3, heads] = [3, ${heads}], got [${scales.shape.join(", ")}]; give a factor for each term and head`,
    );
}
