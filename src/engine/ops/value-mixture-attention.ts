/**
 * Attention inside square blocks, fused: what remains of value mixture attention once the values are mixed and the image is
 * cut into blocks.
 *
 * The equal in composed operations is `src/functions/value-mixture-attention.ts`, which calls this function first and falls
 * back where the backend has no such kernel, or a block lies partly outside the image.
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";
import { attentionGradient, runAttention } from "./attention.js";

/**
 * Attention of every place of a block on all of them, without storing logits or weights. Null where the current backend has
 * no such kernel.
 *
 * @param qkv [S, block, block, N * 3 D]: of S blocks per head query, key and mixed value
 * @param encodings [(2 block - 1)^2, D]: encodings of the offsets key - query, row by row; null: none
 * @returns [S, block, block, N * D]
 */
export function fusedValueMixtureAttention(
  qkv: tf.Tensor4D,
  encodings: tf.Tensor2D | null,
  heads: number,
): tf.Tensor4D | null {
  if (!hasKernel("ValueMixtureAttention")) return null;
  const [, block, , channels] = qkv.shape;
  const depth = channels / heads / 3;
  const window = { before: block - 1, after: block - 1 };
  const geometry = { heads, keyDepth: depth, valueDepth: depth, window };
  const relative = { query: encodings, key: null, value: null };
  return runAttention("ValueMixtureAttention", [qkv, tf.ones([3, heads])], relative, geometry)[0] as tf.Tensor4D;
}

export const valueMixtureAttentionGradients: readonly tf.GradConfig[] = [attentionGradient("ValueMixtureAttention")];
