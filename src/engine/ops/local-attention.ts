/**
 * Attention in a two-dimensional window, fused: forward and backward without the unfolded keys and values.
 *
 * The equal in composed operations is `src/functions/local-attention.ts`, which calls this function first and falls
 * back where the backend has no such kernel.
 */
import type * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";
import { attentionGradient, runAttention, statisticsGradient } from "./attention.js";
import type { NormedAttentionOutputs, SimilarityNorm, SimilarityStatistics } from "./axial-attention.js";
import { fusedNormFactors } from "./norm-factors.js";

/**
 * What attention in a window reads.
 *
 * Letters: B batch, H rows, W columns, N heads, Dq depth of queries and keys per head, Dv depth of values per head,
 * M = before + 1 + after, side of the window. Row of a table = (row offset + before) M + column offset + before, where
 * an offset is key position - query position.
 */
export interface LocalAttentionInputs {
  /** [B, H, W, N (2 Dq + Dv)], channels ordered per head: query (Dq), key (Dq), value (Dv). */
  readonly qkv: tf.Tensor4D;
  /** Encodings by offset, shared by the heads. A null leaves its term out. */
  readonly relative: {
    /** [M M, Dq]: the logit q_o . r_{p-o}. */
    readonly query: tf.Tensor2D | null;
    /** [M M, Dq]: the logit k_p . r_{p-o}. */
    readonly key: tf.Tensor2D | null;
    /** [M M, Dv]: the output `position`. */
    readonly value: tf.Tensor2D | null;
  };
  /** [3, N]: factors of the content, query-position and key-position logits. */
  readonly scales: tf.Tensor2D;
}

/** What the shapes do not tell of attention in windows: its heads, and the window. */
export interface LocalAttentionGeometry {
  readonly heads: number;
  /** Dq, per head. */
  readonly keyDepth: number;
  /** Dv, per head. */
  readonly valueDepth: number;
  /** Along rows and columns alike: offsets -before to after. A 7 x 7 window: 3 and 3. */
  readonly window: { readonly before: number; readonly after: number };
}

/** The retrieved values and the retrieved encodings, each [B, H, W, N Dv]; the latter null without `relative.value`. */
export interface LocalAttentionOutputs {
  readonly content: tf.Tensor4D;
  readonly position: tf.Tensor4D | null;
}

/**
 * Attention in an M x M window (`localAttention` in `src/functions/local-attention.ts`) without unfolding keys or
 * values: time grows with H W M M, memory beside inputs and outputs with W M. Null where the current backend has no
 * such kernel.
 */
export function fusedLocalAttention(
  { qkv, relative, scales }: LocalAttentionInputs,
  geometry: LocalAttentionGeometry,
): LocalAttentionOutputs | null {
  if (!hasKernel("LocalAttention")) return null;
  const [content, position] = runAttention("LocalAttention", [qkv, scales], relative, geometry);
  return { content: content as tf.Tensor4D, position: (position as tf.Tensor4D | undefined) ?? null };
}

/**
 * Mean and biased variance, per head, of each of the three terms before scaling, over all pairs whose key lies in the
 * window and in the image; 0 for a term that is left out. Null where the current backend has no such kernel.
 */
export function fusedLocalSimilarityStatistics(
  { qkv, relative }: Omit<LocalAttentionInputs, "scales">,
  geometry: LocalAttentionGeometry,
): SimilarityStatistics | null {
  if (!hasKernel("LocalSimilarityStatistics")) return null;
  const tables = { ...relative, value: null };
  const [mean, variance] = runAttention("LocalSimilarityStatistics", [qkv], tables, geometry, { passesOn: false });
  return { mean: mean as tf.Tensor2D, variance: variance as tf.Tensor2D };
}

/** {@link fusedLocalAttention} behind a norm of its own similarities: see `fusedNormedAxialAttention`. */
export function fusedNormedLocalAttention(
  { qkv, relative }: Omit<LocalAttentionInputs, "scales">,
  { gamma, epsilon }: SimilarityNorm,
  geometry: LocalAttentionGeometry,
): NormedAttentionOutputs | null {
  if (!hasKernel("LocalSimilarityStatistics")) return null;
  const tables = { ...relative, value: null };
  const [mean, variance, same] = runAttention("LocalSimilarityStatistics", [qkv], tables, geometry, { passesOn: true });
  const statistics = { mean: mean as tf.Tensor2D, variance: variance as tf.Tensor2D };
  const scales = fusedNormFactors(gamma, statistics.variance, epsilon)!;
  const outputs = fusedLocalAttention({ qkv: same as tf.Tensor4D, relative, scales }, geometry)!;
  return { ...outputs, statistics };
}

export const localAttentionGradients: readonly tf.GradConfig[] = [
  attentionGradient("LocalAttention"),
  statisticsGradient("LocalSimilarityStatistics"),
];
