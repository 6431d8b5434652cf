/**
 * Position-sensitive attention in a square window: as functions on tensors, composed of single operations where no
 * kernel is.
 *
 * Dimension letters: B batch, H rows, W columns, N heads, Dq and Dv depth per head, M side of the window; offsets are
 * key place - query place and count row by row.
 */
import * as tf from "@tensorflow/tfjs";
import { fusedLocalAttention, fusedNormedLocalAttention } from "../engine/ops/local-attention.js";
import { fusedLocalSimilarityStatistics } from "../engine/ops/local-similarity-statistics.js";
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
import { countPairs } from "./axial-attention.js";
import { composedStatistics, normFactors } from "./similarity-statistics.js";
import { assertWindows } from "../engine/verified.js";

/**
 * Attention of every place on the M x M places around it (Axial-DeepLab, equations 2 and 3):
 *
 *     logit_op  = s0 q_o.k_p + s1 q_o.r^q_{p-o} + s2 k_p.r^k_{p-o}        for p in the window of o and in the image
 *     w_op      = softmax over p
 *     content_o = sum_p w_op v_p          position_o = sum_p w_op r^v_{p-o}
 *
 * Places outside the image take no part in the softmax (in popular ports of SASA they do, with zero or biased keys).
 *
 * @returns content and position, [B, H, W, N * Dv] each; position is null without value encodings.
 * @throws ShapeError when qkv, a table or the scales have other sizes than heads, depths and window say
 * @throws UnsupportedError on a backend where attention in windows is known to be wrong
 */
export function localAttention(inputs: AttentionInputs, geometry: AttentionGeometry): AttentionOutputs {
  assertFits(inputs, geometry);
  assertWindows("localAttention");
  return fusedLocalAttention(inputs, geometry) ?? composedLocalAttention(inputs, geometry);
}

/**
 * Mean and biased variance, per head, of the three terms over all pairs of places whose key lies in the window and in
 * the image.
 *
 * @returns mean and variance, [3, N] each; rows of terms without encodings are zero.
 * @throws ShapeError when qkv, a table or the scales have other sizes than heads, depths and window say
 */
export function localSimilarityStatistics(inputs: SimilarityInputs, geometry: AttentionGeometry): SimilarityStatistics {
  assertFits(inputs, geometry);
  return fusedLocalSimilarityStatistics(inputs, geometry) ?? composedLocalSimilarityStatistics(inputs, geometry);
}

/**
 * {@link localAttention} behind a batch norm of its own similarities: see `normedAxialAttention`.
 *
 * @returns content and position, [B, H, W, N * Dv] each, and the statistics
 * @throws ShapeError when qkv, a table or the scales have other sizes than heads, depths and window say
 * @throws UnsupportedError on a backend where attention in windows is known to be wrong
 */
export function normedLocalAttention(
  inputs: SimilarityInputs,
  norm: SimilarityNorm,
  geometry: AttentionGeometry,
): NormedAttentionOutputs {
  assertFits(inputs, geometry);
  const fused = fusedNormedLocalAttention(inputs, norm, geometry);
  if (fused !== null) return fused;
  const statistics = localSimilarityStatistics(inputs, geometry);
  return { ...localAttention({ ...inputs, scales: normFactors(norm, statistics.variance) }, geometry), statistics };
}

/**
 * The attention weights w_op, for looking at.
 *
 * @returns [B, H, W, N, M, M]: place, head, row and column of the window; zero outside the image
 * @throws ShapeError when qkv, a table or the scales have other sizes than heads, depths and window say
 */
export function localAttentionWeights(inputs: AttentionInputs, geometry: AttentionGeometry): tf.Tensor<tf.Rank.R6> {
  assertFits(inputs, geometry);
  const [batch, height, width] = inputs.qkv.shape;
  const side = windowSide(geometry);
  return tf.tidy(() => softmaxInImage(inputs, geometry).reshape([batch, height, width, geometry.heads, side, side]));
}

/** {@link localAttention} from single operations: a pass over the image for every place of the window. */
export function composedLocalAttention(inputs: AttentionInputs, geometry: AttentionGeometry): AttentionOutputs {
  const [batch, height, width] = inputs.qkv.shape;
  const { heads, valueDepth } = geometry;
  const merged = [batch, height, width, heads * valueDepth];
  const outputs = tf.tidy(() => {
    const weights = softmaxInImage(inputs, geometry); // [B, H, W, N, M * M]
    const { value } = splitHeads(inputs.qkv, geometry);
    const shifted = shifts(value, geometry); // M * M of [B, H, W, N, Dv]
    const retrieved = tf.unstack(weights, 4).map((weight, offset) => weight.expandDims(4).mul(shifted[offset]));
    const content = tf.addN(retrieved).reshape<tf.Tensor4D>(merged);
    if (inputs.relative.value === null) return [content];
    const rows = weights.reshape<tf.Tensor2D>([-1, weights.shape[4]]); // [B * H * W * N, M * M]
    return [content, rows.matMul(inputs.relative.value).reshape<tf.Tensor4D>(merged)];
  });
  return { content: outputs[0], position: outputs[1] ?? null };
}

/** {@link localSimilarityStatistics} from single operations, in two passes over the logits. */
export function composedLocalSimilarityStatistics(
  inputs: SimilarityInputs,
  geometry: AttentionGeometry,
): SimilarityStatistics {
  const [batch, height, width] = inputs.qkv.shape;
  return tf.tidy(() => {
    const inImage = imageMask(height, width, geometry); // [H, W, 1, M * M]
    const pairs = batch * countLocalPairs(height, width, geometry);
    const average = (term: tf.Tensor) => term.mul(inImage).sum(4).sum(2).sum(1).sum(0).div(pairs); // [N], by axes for the sake of precision
    return { ...composedStatistics(logitTerms(inputs, geometry), average, [-1, 1]) }; // [3, N]
  });
}

/** Pairs of query and key of one image whose key lies in the window and in the image. */
export const countLocalPairs = (height: number, width: number, { window }: AttentionGeometry): number =>
  countPairs(height, window) * countPairs(width, window);

const windowSide = ({ window }: AttentionGeometry): number => window.before + 1 + window.after;

/** x at every offset of the window, zero outside the image: M * M tensors of the shape of x, [B, H, W, N, D]. */
function shifts(x: tf.Tensor5D, geometry: AttentionGeometry): tf.Tensor5D[] {
  const [batch, height, width, heads, depth] = x.shape;
  const { before, after } = geometry.window;
  const side = windowSide(geometry);
  // Head and channel as one axis: padding has four axes at most on some backends.
  const padded = x.reshape<tf.Tensor4D>([batch, height, width, heads * depth]).pad([
    [0, 0],
    [before, after],
    [before, after],
    [0, 0],
  ]);
  return Array.from({ length: side * side }, (_, offset) =>
    padded
      .slice([0, Math.floor(offset / side), offset % side, 0], [batch, height, width, heads * depth])
      .reshape([batch, height, width, heads, depth]),
  );
}

/** The content, query-position and key-position terms before their scales, [B, H, W, N, M * M] each. */
function logitTerms({ qkv, relative }: SimilarityInputs, geometry: AttentionGeometry): (tf.Tensor5D | null)[] {
  const { query, key } = splitHeads(qkv, geometry);
  const [batch, height, width, heads, depth] = query.shape;
  /** x . r for every offset r of the window. */
  const withEncodings = (x: tf.Tensor5D, encodings: tf.Tensor2D) =>
    x
      .reshape<tf.Tensor2D>([-1, depth])
      .matMul(encodings, false, true) // [B * H * W * N, M * M]
      .reshape<tf.Tensor5D>([batch, height, width, heads, -1]);
  const content = shifts(key, geometry).map((shifted) => query.mul(shifted).sum(4));
  const keyPosition = () =>
    shifts(withEncodings(key, relative.key!), geometry).map((shifted, offset) =>
      shifted.slice([0, 0, 0, 0, offset], [batch, height, width, heads, 1]).reshape([batch, height, width, heads]),
    );
  return [
    tf.stack(content, 4) as tf.Tensor5D,
    relative.query === null ? null : withEncodings(query, relative.query),
    relative.key === null ? null : (tf.stack(keyPosition(), 4) as tf.Tensor5D),
  ];
}

/** The weights, [B, H, W, N, M * M]; zero outside the image. */
function softmaxInImage(inputs: AttentionInputs, geometry: AttentionGeometry): tf.Tensor5D {
  const [, height, width] = inputs.qkv.shape;
  return softmaxOfTerms(logitTerms(inputs, geometry), inputs.scales, [-1, 1], imageMask(height, width, geometry));
}

/** [H, W, 1, M * M]: 1 where the place at that offset lies in the image, else 0. */
function imageMask(height: number, width: number, geometry: AttentionGeometry): tf.Tensor4D {
  const { before } = geometry.window;
  const side = windowSide(geometry);
  const mask = tf.buffer<tf.Rank.R4>([height, width, 1, side * side]);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (let offset = 0; offset < side * side; offset++) {
        const [y, x] = [row + Math.floor(offset / side) - before, column + (offset % side) - before];
        if (y >= 0 && y < height && x >= 0 && x < width) mask.set(1, row, column, 0, offset);
      }
  return mask.toTensor();
}

function assertFits(inputs: SimilarityInputs, geometry: AttentionGeometry): void {
  assertQkv("localAttention", "B, H, W", inputs.qkv, geometry);
  assertWindow("localAttention", geometry.window);
  const rows = windowSide(geometry) ** 2;
  const remedy = "give a row for every offset of the window";
  assertTables("localAttention", inputs, geometry, { rows, letters: "M * M", remedy });
}
