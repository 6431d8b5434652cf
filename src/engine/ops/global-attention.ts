/**
 * Attention of every place of an image on every other, fused.
 *
 * The equal in composed operations is `src/functions/global-attention.ts`, which calls these functions first and falls back
 * where the backend has no such kernel.
 */
import type * as tf from "@tensorflow/tfjs";
import {
  attentionGradient,
  fusedAttention,
  fusedNormedAttention,
  fusedSimilarityStatistics,
  statisticsGradient,
  type AttentionGeometry,
  type HeadDepths,
  type NormedAttentionOutputs,
  type SimilarityNorm,
  type SimilarityStatistics,
} from "./attention.js";

/** There is no table of encodings that would fit every pair of places, and no window. */
const relative = { query: null, key: null, value: null };
const everywhere = (depths: HeadDepths): AttentionGeometry => ({
  ...depths,
  window: { before: Infinity, after: Infinity },
});

/**
 * Global attention (`globalAttention` in `src/functions/global-attention.ts`) without storing logits or weights: time grows
 * with (H W)^2, memory beside inputs and outputs with H W. Null where the current backend has no such kernel.
 *
 * @param qkv [B, H, W, N * (2 Dq + Dv)]
 * @param scales [3, N], of which only the first row counts
 * @returns [B, H, W, N * Dv]
 */
export const fusedGlobalAttention = (qkv: tf.Tensor4D, scales: tf.Tensor2D, depths: HeadDepths): tf.Tensor4D | null =>
  fusedAttention("Global", { qkv, relative, scales }, everywhere(depths))?.content ?? null;

/** Mean and variance of the logits of {@link fusedGlobalAttention}: see {@link fusedSimilarityStatistics}. */
export const fusedGlobalSimilarityStatistics = (qkv: tf.Tensor4D, depths: HeadDepths): SimilarityStatistics | null =>
  fusedSimilarityStatistics("Global", { qkv, relative }, everywhere(depths));

/** {@link fusedGlobalAttention} behind a norm of its own similarities: see {@link fusedNormedAttention}. */
export const fusedNormedGlobalAttention = (
  qkv: tf.Tensor4D,
  norm: SimilarityNorm,
  depths: HeadDepths,
): NormedAttentionOutputs | null => fusedNormedAttention("Global", { qkv, relative }, norm, everywhere(depths));

export const globalAttentionGradients: readonly tf.GradConfig[] = [
  attentionGradient("GlobalAttention"),
  statisticsGradient("GlobalSimilarityStatistics"),
];
