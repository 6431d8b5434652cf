/**
 * Criss-cross attention, fused: each pixel attends to its own row and column, forward and backward, without storing
 * weights.
 *
 * The equal in composed operations is `src/functions/criss-cross-attention.ts`, which calls this function first and falls
 * back where the backend has no such kernel.
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";
import { assertFirstDerivative } from "./attention.js";

/** Letters: B batch, H rows, W columns, N heads, Dq depth of queries and keys per head, Dv depth of values per head. */
export interface CrissCrossAttentionInputs {
  /** [B, H, W, N (2 Dq + Dv)], channels ordered per head: query (Dq), key (Dq), value (Dv). */
  readonly qkv: tf.Tensor4D;
}

/** Heads, and their depths. */
export interface CrissCrossAttentionGeometry {
  /** 1 in CCNet. */
  readonly heads: number;
  /** Dq, per head. */
  readonly keyDepth: number;
  /** Dv, per head. */
  readonly valueDepth: number;
}

/**
 * Criss-cross attention (`crissCrossAttention` in `src/functions/criss-cross-attention.ts`) without storing logits or
 * weights: out [B, H, W, N Dv]. Null where the current backend has no such kernel.
 */
export function fusedCrissCrossAttention(
  { qkv }: CrissCrossAttentionInputs,
  { heads, keyDepth, valueDepth }: CrissCrossAttentionGeometry,
): tf.Tensor4D | null {
  if (!hasKernel("CrissCrossAttention")) return null;
  const attrs = { heads, keyDepth, valueDepth };
  const [output, moments] = tf.engine().runKernel<tf.Tensor4D[]>("CrissCrossAttention", { qkv }, attrs);
  // For the gradient, which keeps a copy of its own, if there will be one.
  moments.dispose();
  return output;
}

export const crissCrossAttentionGradients: readonly tf.GradConfig[] = [
  {
    kernelName: "CrissCrossAttention",
    inputsToSave: ["qkv"],
    outputsToSave: [true, true],
    gradFunc: (dOutputs, [qkv, content, moments], attrs) => {
      assertFirstDerivative("CrissCrossAttention");
      const [dContent] = dOutputs as tf.Tensor[];
      return {
        qkv: () => tf.engine().runKernel("CrissCrossAttentionGrad", { qkv, content, moments, dContent }, attrs),
      };
    },
  },
];
