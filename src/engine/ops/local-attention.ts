/**
 * Attention in a two-dimensional window, fused: forward and backward without the unfolded keys and values.
 *
 * The equal in composed operations is `src/functions/local-attention.ts`, which calls this function first and falls
 * back where the backend has no such kernel.
 */
import type * as tf from "@tensorflow/tfjs";
import {
  attentionGradient,
  fusedAttention,
  fusedNormedAttention,
  type AttentionGeometry,
  type AttentionInputs,
  type AttentionOutputs,
  type NormedAttentionOutputs,
  type SimilarityInputs,
  type SimilarityNorm,
} from "./attention.js";

/**
 * Attention in an M x M window (`localAttention` in `src/functions/local-attention.ts`) without unfolding keys or
 * values: time grows with H W M M, memory beside inputs and outputs with W M. Null where the current backend has no
 * such kernel.
 */
export const fusedLocalAttention = (inputs: AttentionInputs, geometry: AttentionGeometry): AttentionOutputs | null =>
  fusedAttention("Local", inputs, geometry);

/** {@link fusedLocalAttention} behind a norm of its own similarities: see {@link fusedNormedAttention}. */
export const fusedNormedLocalAttention = (
  inputs: SimilarityInputs,
  norm: SimilarityNorm,
  geometry: AttentionGeometry,
): NormedAttentionOutputs | null => fusedNormedAttention("Local", inputs, norm, geometry);

export const localAttentionGradients: readonly tf.GradConfig[] = [attentionGradient("LocalAttention")];
