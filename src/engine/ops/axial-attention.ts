/**
 * The seam between the attention layers and the fused kernels of position-sensitive axial attention.
 *
 * Any axis of any tensor is viewed as [O, L, I, C]: outer size, length of the attended axis, inner size, channels.
 * Where the current backend has no kernel, each function returns null and the layers compose the same result from
 * single operations (`src/functions/axial-attention.ts`, which is also what the kernels must equal).
 */
import type * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";
import { attentionGradient, runAttention, statisticsGradient } from "./attention.js";
import { fusedNormFactors } from "./norm-factors.js";

/**
 * Dimension letters: O outer, L length of the attended axis, I inner, N heads, Dq key depth per head, Dv value depth
 * per head.
 */
export interface AxialAttentionInputs {
  /** [O, L, I, N * (2 * Dq + Dv)]; of each head first the query (Dq), then the key (Dq), then the value (Dv). */
  readonly qkv: tf.Tensor4D;
  /** Relative encodings shared by the heads; row = key position - query position + L - 1; null: no such term. */
  readonly relative: {
    /** [2L - 1, Dq] */
    readonly query: tf.Tensor2D | null;
    /** [2L - 1, Dq] */
    readonly key: tf.Tensor2D | null;
    /** [2L - 1, Dv] */
    readonly value: tf.Tensor2D | null;
  };
  /** [3, N]: factors of the content, query-position and key-position terms of the logits. */
  readonly scales: tf.Tensor2D;
}

/** What the shapes do not tell of attention along an axis: its heads, and how far a query sees. */
export interface AxialAttentionGeometry {
  readonly heads: number;
  /** Dq: channels of query and key per head. */
  readonly keyDepth: number;
  /** Dv: channels of the value per head. */
  readonly valueDepth: number;
  /** Query i sees the keys j with -before <= j - i <= after. Global: both L - 1 or more. Causal: after = 0. */
  readonly window: { readonly before: number; readonly after: number };
}

/** [O, L, I, N * Dv] each; `position` is null without value encodings, and where it was added to `content`. */
export interface AxialAttentionOutputs {
  readonly content: tf.Tensor4D;
  readonly position: tf.Tensor4D | null;
}

/** [3, N] each: over all outer and inner places, queries, and keys in the window; the variance is the biased one. */
export interface SimilarityStatistics {
  readonly mean: tf.Tensor2D;
  readonly variance: tf.Tensor2D;
}

/**
 * Attention along one axis (`axialAttention` in `src/functions/axial-attention.ts`) without storing logits or weights:
 * time grows with L times the window, memory with L, and the backward pass keeps nothing but the inputs. Null where the
 * current backend has no such kernel.
 *
 * @param options.sum content + position in the place of content, and no position: half the memory to write
 */
export function fusedAxialAttention(
  { qkv, relative, scales }: AxialAttentionInputs,
  geometry: AxialAttentionGeometry,
  { sum = false }: { sum?: boolean } = {},
): AxialAttentionOutputs | null {
  if (!hasKernel("AxialAttention")) return null;
  const [content, position] = runAttention("AxialAttention", [qkv, scales], relative, geometry, { sum });
  return { content: content as tf.Tensor4D, position: (position as tf.Tensor4D | undefined) ?? null };
}

/**
 * Mean and variance of the logit terms (`similarityStatistics` in `src/functions/axial-attention.ts`) in closed form,
 * differentiable. No L x L matrix: Gram matrices of queries, keys and encodings, in time that grows with L. Null where
 * the current backend has no such kernel. Its kernels are in axial-similarity-statistics.ts.
 */
export function fusedAxialSimilarityStatistics(
  { qkv, relative }: Omit<AxialAttentionInputs, "scales">,
  geometry: AxialAttentionGeometry,
): SimilarityStatistics | null {
  if (!hasKernel("AxialSimilarityStatistics")) return null;
  const tables = { ...relative, value: null };
  const [mean, variance] = runAttention("AxialSimilarityStatistics", [qkv], tables, geometry, { passesOn: false });
  return { mean: mean as tf.Tensor2D, variance: variance as tf.Tensor2D };
}

/** A batch norm of the logit terms as a softmax over each row sees it: mean and beta shift whole rows, and fall out. */
export interface SimilarityNorm {
  /** [3, N]; rows of terms that are left out: zero. */
  readonly gamma: tf.Tensor2D;
  readonly epsilon: number;
}

/** What attention behind a norm of its own similarities gives, and what the norm has found. */
export interface NormedAttentionOutputs extends AxialAttentionOutputs {
  readonly statistics: SimilarityStatistics;
}

/**
 * {@link fusedAxialAttention} with the factors gamma / sqrt(variance + epsilon) that follow from its own
 * {@link fusedAxialSimilarityStatistics}. Backward, the gradient that the statistics have with respect to qkv is added in
 * place to that of the attention, which spares a tensor of zeros and a sum of the size of qkv. Null where the current
 * backend has no such kernel.
 */
export function fusedNormedAxialAttention(
  { qkv, relative }: Omit<AxialAttentionInputs, "scales">,
  { gamma, epsilon }: SimilarityNorm,
  geometry: AxialAttentionGeometry,
  options: { sum?: boolean } = {},
): NormedAttentionOutputs | null {
  if (!hasKernel("AxialSimilarityStatistics")) return null;
  const tables = { ...relative, value: null };
  const [mean, variance, same] = runAttention("AxialSimilarityStatistics", [qkv], tables, geometry, { passesOn: true });
  const statistics = { mean: mean as tf.Tensor2D, variance: variance as tf.Tensor2D };
  const scales = fusedNormFactors(gamma, statistics.variance, epsilon)!;
  const outputs = fusedAxialAttention({ qkv: same as tf.Tensor4D, relative, scales }, geometry, options)!;
  return { ...outputs, statistics };
}

export const axialAttentionGradients: readonly tf.GradConfig[] = [
  attentionGradient("AxialAttention"),
  statisticsGradient("AxialSimilarityStatistics"),
];
