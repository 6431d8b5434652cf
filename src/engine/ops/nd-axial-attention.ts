/**
 * Plain attention along any axis of a tensor of any rank, fused.
 *
 * The equal in composed operations is `src/functions/nd-axial-attention.ts`, which calls this function first and falls back
 * where the backend has no such kernel.
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";
import { attentionGradient, runAttention, type AttentionGeometry } from "./attention.js";

/**
 * The attention inside `axisAttention` (`src/functions/nd-axial-attention.ts`) without storing logits or weights. Null where
 * the current backend has no such kernel.
 *
 * @param qkv [B, S1, ..., Sn, N * (2 Dq + Dv)]
 * @param axis the attended axis, 1 to n
 * @param scale factor of all logits
 * @returns [B, S1, ..., Sn, N * Dv]
 */
export function fusedNdAxialAttention(
  qkv: tf.Tensor,
  axis: number,
  scale: number,
  geometry: AttentionGeometry,
): tf.Tensor | null {
  if (!hasKernel("NdAxialAttention")) return null;
  const scales = tf.fill([3, geometry.heads], scale);
  const relative = { query: null, key: null, value: null };
  return runAttention("NdAxialAttention", [qkv, scales], relative, geometry, { axis })[0];
}

export const ndAxialAttentionGradients: readonly tf.GradConfig[] = [attentionGradient("NdAxialAttention")];
