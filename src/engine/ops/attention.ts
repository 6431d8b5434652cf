/**
 * What attention along an axis, in a window, over whole images and across rows and columns have in common: what they read and give, how their
 * kernels are called, and that the gradient of kernel X is kernel XGrad.
 */
import * as tf from "@tensorflow/tfjs";
import { UnsupportedError } from "../../core/errors.js";
import { hasKernel } from "../kernel-registry.js";
import { isRecording } from "../recording.js";
import { fusedNormFactors } from "./norm-factors.js";

/** N heads, Dq and Dv: the channels of qkv are N * (2 Dq + Dv), of each head first the query, then the key, then the value. */
export interface HeadDepths {
  readonly heads: number;
  /** Dq: channels of query and key per head. */
  readonly keyDepth: number;
  /** Dv: channels of the value per head. */
  readonly valueDepth: number;
}

/**
 * What position-sensitive attention reads, along an axis and in a window.
 *
 * Along an axis: [O, L, I, ..], outer size, length of the attended axis, inner size; R = 2L - 1 rows in each table, row = key
 * position - query position + L - 1. In a window: images [B, H, W, ..]; R = M * M with M = before + 1 + after, row = (row offset
 * + before) M + column offset + before, where an offset is key position - query position.
 */
export interface AttentionInputs {
  /** [O, L, I, N * (2 Dq + Dv)] or [B, H, W, N * (2 Dq + Dv)] */
  readonly qkv: tf.Tensor4D;
  /** Encodings by offset, shared by the heads; null: no such term. */
  readonly relative: {
    /** [R, Dq]: the logit q_i . r_{j-i}. */
    readonly query: tf.Tensor2D | null;
    /** [R, Dq]: the logit k_j . r_{j-i}. */
    readonly key: tf.Tensor2D | null;
    /** [R, Dv]: the output `position`. */
    readonly value: tf.Tensor2D | null;
  };
  /** [3, N]: factors of the content, query-position and key-position terms of the logits. */
  readonly scales: tf.Tensor2D;
}

/** What similarity statistics are taken of: the inputs of attention but for the scales, which follow from them. */
export type SimilarityInputs = Omit<AttentionInputs, "scales">;

/** Heads with their depths, and what a query sees. */
export interface AttentionGeometry extends HeadDepths {
  /**
   * Query i sees the keys j with -before <= j - i <= after; in images, of rows and of columns. The whole axis: both L - 1 or
   * more. Causal: after = 0. A window of 7 x 7: 3 and 3.
   */
  readonly window: { readonly before: number; readonly after: number };
}

/** The shape of qkv with N * Dv channels each; `position` is null without value encodings, and where it was added to `content`. */
export interface AttentionOutputs {
  readonly content: tf.Tensor4D;
  readonly position: tf.Tensor4D | null;
}

/** [3, N] each: of each term over all pairs of a query and a key that it sees; the variance is the biased one. */
export interface SimilarityStatistics {
  readonly mean: tf.Tensor2D;
  readonly variance: tf.Tensor2D;
}

/** A batch norm of the logit terms as a softmax over each row sees it: mean and beta shift whole rows, and fall out. */
export interface SimilarityNorm {
  /** [3, N]; rows of terms that are left out: zero. */
  readonly gamma: tf.Tensor2D;
  readonly epsilon: number;
}

/** What attention behind a norm of its own similarities gives, and what the norm has found. */
export interface NormedAttentionOutputs extends AttentionOutputs {
  readonly statistics: SimilarityStatistics;
}

export interface AttentionAttrs extends AttentionGeometry {
  /** Which of the optional tables are among the inputs. */
  readonly tables: { readonly query: boolean; readonly key: boolean; readonly value: boolean };
  /** Whether content and position are added up: one output in the place of two. */
  readonly sum?: boolean;
  /** The attended axis of a tensor of any rank. */
  readonly axis?: number;
}

export interface StatisticsAttrs extends AttentionAttrs {
  /** Whether qkv itself is the last output: see {@link fusedNormedAttention}. */
  readonly passesOn: boolean;
}

/** Runs a kernel whose inputs are a list that ends in the tables that there are. */
export function runAttention(
  kernelName: string,
  tensors: readonly tf.Tensor[],
  { query, key, value }: Readonly<Record<"query" | "key" | "value", tf.Tensor | null>>,
  { heads, keyDepth, valueDepth, window }: AttentionGeometry,
  more: Readonly<Record<string, boolean | number>> = {},
): tf.Tensor[] {
  const tables = { query: query !== null, key: key !== null, value: value !== null };
  const attrs: AttentionAttrs = { heads, keyDepth, valueDepth, window, tables, ...more };
  const inputs = [...tensors, query, key, value].filter((tensor) => tensor !== null);
  // tfjs keeps all inputs for the gradient only of kernels whose inputs are a list, which its types leave out.
  return tf.engine().runKernel(kernelName, inputs as unknown as tf.NamedTensorMap, attrs as unknown as tf.NamedAttrMap);
}

/** The kernels {@link AttentionKind}Attention and {@link AttentionKind}SimilarityStatistics. */
export type AttentionKind = "Axial" | "Local" | "Global";

/** Attention by its kernel; null where the current backend has none. */
export function fusedAttention(
  kind: AttentionKind,
  { qkv, relative, scales }: AttentionInputs,
  geometry: AttentionGeometry,
  { sum = false }: { sum?: boolean } = {},
): AttentionOutputs | null {
  if (!hasKernel(`${kind}Attention`)) return null;
  const [content, position] = runAttention(`${kind}Attention`, [qkv, scales], relative, geometry, { sum });
  return { content: content as tf.Tensor4D, position: (position as tf.Tensor4D | undefined) ?? null };
}

/** Mean and variance of the logits' terms by their kernel; null where the current backend has none. */
export function fusedSimilarityStatistics(
  kind: AttentionKind,
  inputs: SimilarityInputs,
  geometry: AttentionGeometry,
): SimilarityStatistics | null {
  if (!hasKernel(`${kind}SimilarityStatistics`)) return null;
  const { mean, variance } = runStatistics(kind, inputs, geometry, false);
  return { mean, variance };
}

/**
 * {@link fusedAttention} with the factors gamma / sqrt(variance + epsilon) that follow from its own
 * {@link fusedSimilarityStatistics}. Backward, the gradient that the statistics have with respect to qkv is added in place to
 * that of the attention, which spares a tensor of zeros and a sum of the size of qkv. Null where the current backend has no
 * such kernel.
 */
export function fusedNormedAttention(
  kind: AttentionKind,
  inputs: SimilarityInputs,
  { gamma, epsilon }: SimilarityNorm,
  geometry: AttentionGeometry,
  options: { sum?: boolean } = {},
): NormedAttentionOutputs | null {
  if (!hasKernel(`${kind}SimilarityStatistics`)) return null;
  const { qkv, mean, variance } = runStatistics(kind, inputs, geometry, true);
  const scales = fusedNormFactors(gamma, variance, epsilon)!;
  const outputs = fusedAttention(kind, { qkv, relative: inputs.relative, scales }, geometry, options)!;
  return { ...outputs, statistics: { mean, variance } };
}

/** With `passesOn`, qkv is an output too. */
function runStatistics(
  kind: AttentionKind,
  { qkv, relative }: SimilarityInputs,
  geometry: AttentionGeometry,
  passesOn: boolean,
): SimilarityStatistics & { readonly qkv: tf.Tensor4D } {
  const tables = { ...relative, value: null };
  const outputs = runAttention(`${kind}SimilarityStatistics`, [qkv], tables, geometry, { passesOn });
  const [mean, variance, same] = outputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor4D];
  return { mean, variance, qkv: same };
}

/** The gradients of a kernel whose inputs are a list: what XGrad gives of them, then of the results' gradients. */
export const attentionGradient = (kernelName: string): tf.GradConfig => ({
  kernelName,
  saveAllInputs: true,
  gradFunc: (dOutputs, saved, attrs) => gradientsOf(kernelName, [...saved, ...[dOutputs].flat()], attrs),
});

/** As {@link attentionGradient}, of statistics: their gradient needs the mean that was found. */
export const statisticsGradient = (kernelName: string): tf.GradConfig => ({
  ...attentionGradient(kernelName),
  outputsToSave: [true, false, false],
});

/** Throws UnsupportedError where the gradient at hand is to be differentiated itself. */
export function assertFirstDerivative(kernelName: string): void {
  if (isRecording())
    throw new UnsupportedError(
      `${kernelName}: fused attention has first derivatives only, got a gradient of its gradient; ` +
        `start the engine with backend "cpu", where it is composed of operations that have all`,
    );
}

function gradientsOf(kernelName: string, inputs: tf.Tensor[], attrs: tf.NamedAttrMap): ReturnType<tf.GradFunc> {
  assertFirstDerivative(kernelName);
  const list = inputs as unknown as tf.NamedTensorMap;
  const gradients = tf.engine().runKernel<tf.Tensor[]>(`${kernelName}Grad`, list, attrs);
  return gradients.map((gradient) => () => gradient) as unknown as ReturnType<tf.GradFunc>;
}
