/**
 * Criss-cross attention, fused: each pixel attends to its own row and column, forward and backward, without storing weights.
 *
 * The equal in composed operations is `src/layers/criss-cross-attention.ts`, which calls this function first and falls
 * back where the backend has no such kernel.
 */
import type * as tf from "@tensorflow/tfjs";

/** Letters: B batch, H rows, W columns, N heads, Dq depth of queries and keys per head, Dv depth of values per head. */
export interface CrissCrossAttentionInputs {
  /** [B, H, W, N (2 Dq + Dv)], channels ordered per head: query (Dq), key (Dq), value (Dv). */
  readonly qkv: tf.Tensor4D;
}

export interface CrissCrossAttentionGeometry {
  /** 1 in CCNet. */
  readonly heads: number;
  /** Dq, per head. */
  readonly keyDepth: number;
  /** Dv, per head. */
  readonly valueDepth: number;
}

/**
 * Criss-cross attention (CCNet, arXiv 1811.11721, equations 1 and 2): one softmax of the unscaled q_o . k_p over the
 * H + W - 1 positions p in the row and the column of o, the own pixel counted once; out [B, H, W, N Dv].
 *
 * Returns null where the current backend has no such kernel.
 */
export const fusedCrissCrossAttention: (
  inputs: CrissCrossAttentionInputs,
  geometry: CrissCrossAttentionGeometry,
) => tf.Tensor4D | null = () => null;
