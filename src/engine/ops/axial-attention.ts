/**
 * The seam between the attention layers and the fused kernels of position-sensitive axial attention.
 *
 * Any axis of any tensor is viewed as [O, L, I, C]: outer size, length of the attended axis, inner size, channels.
 * Where the current backend has no kernel, each function returns null and the layers compose the same result from
 * single operations (`src/functions/axial-attention.ts`, which is also what the kernels must equal).
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
 * Attention along one axis (`axialAttention` in `src/functions/axial-attention.ts`) without storing logits or weights:
 * time grows with L times the window, memory with L, and the backward pass keeps nothing but the inputs. Null where the
 * current backend has no such kernel.
 *
 * @param options.sum content + position in the place of content, and no position: half the memory to write
 */
export const fusedAxialAttention = (
  inputs: AttentionInputs,
  geometry: AttentionGeometry,
  options: { sum?: boolean } = {},
): AttentionOutputs | null => fusedAttention("Axial", inputs, geometry, options);

/** {@link fusedAxialAttention} behind a norm of its own similarities: see {@link fusedNormedAttention}. */
export const fusedNormedAxialAttention = (
  inputs: SimilarityInputs,
  norm: SimilarityNorm,
  geometry: AttentionGeometry,
  options: { sum?: boolean } = {},
): NormedAttentionOutputs | null => fusedNormedAttention("Axial", inputs, norm, geometry, options);

export const axialAttentionGradients: readonly tf.GradConfig[] = [attentionGradient("AxialAttention")];
