/**
 * Axial attention over N axes in the manner of the `axial-attention` package, as functions on tensors: plain scaled dot
 * products, one set of projections per axis. Composed, every axis is brought into the [O, L, I, C] view by reshaping alone.
 *
 * Source: Ho et al., Axial Attention in Multidimensional Transformers, arXiv 1912.12180, section 3;
 * lucidrains/axial-attention.
 */
import * as tf from "@tensorflow/tfjs";
import { fusedNdAxialAttention } from "../engine/ops/nd-axial-attention.js";
import type { AttentionGeometry, AttentionInputs } from "./attention.js";
import { axialAttention, axialAttentionWeights } from "./axial-attention.js";
import { linear } from "./linear.js";

/**
 * Trained parameters of plain multi-head self-attention along one axis. C channels, N heads, Dq and Dv depth per head.
 */
export interface AxisParameters<Parameter = tf.Tensor> {
  /** [C, N * (2 Dq + Dv)]: per head query, key, value; no bias. */
  readonly projection: Parameter;
  /** [N * Dv, C] */
  readonly output: Parameter;
  /** [C] */
  readonly bias: Parameter;
}

/** How plain attention along one axis divides its channels, and what a query sees. */
export interface AxisAttentionOptions {
  readonly heads: number;
  /** Dq, depth of query and key per head. */
  readonly keyDepth: number;
  /** Dv, depth of value per head. */
  readonly valueDepth: number;
  /** What a query sees. Default the whole axis; `causal`: itself and what comes before it. */
  readonly span?: "global" | "causal";
}

/** The [O, L, I, C] view of one axis of a channels-last tensor. */
export function axisView(shape: readonly number[], axis: number): [number, number, number, number] {
  const product = (sizes: readonly number[]) => sizes.reduce((result, size) => result * size, 1);
  const channels = shape[shape.length - 1];
  return [product(shape.slice(0, axis)), shape[axis], product(shape.slice(axis + 1, -1)), channels];
}

/**
 * Multi-head self-attention along one axis of x: softmax(q.k / sqrt(Dq)) v, heads concatenated, projected back with a bias.
 *
 * @param x channels last, any rank: [..., L, ..., C]
 * @returns the shape of x
 * @throws ShapeError where the channels of x, a kernel or heads and depths do not fit each other
 */
export function axisAttention<T extends tf.Tensor>(
  x: T,
  axis: number,
  parameters: AxisParameters,
  options: AxisAttentionOptions,
): T {
  return tf.tidy(() => {
    const { qkv, scale, geometry } = project(x, axis, parameters, options);
    const alone = x.shape[axis] === 1; // as in axialAttention
    const content =
      (alone ? null : fusedNdAxialAttention(qkv, axis, scale, geometry)) ??
      axialAttention(axialInputs(qkv, axis, scale, geometry), geometry).content;
    const retrieved = content.reshape<tf.Tensor2D>([-1, options.heads * options.valueDepth]);
    const { output, bias } = parameters;
    return linear(retrieved, output as tf.Tensor2D, bias as tf.Tensor1D).reshape(x.shape) as unknown as T;
  });
}

/**
 * Attention along every axis of x between batch and channels:
 *
 *     y = sum_a attention_a(x)        or        y = attention_n(... attention_1(x))
 *
 * @param x [B, S1, ..., Sn, C]
 * @param axes the parameters of each axis, S1 first
 * @param combine the outputs of the axes are added, or each axis reads what the one before it gave
 * @returns the shape of x
 */
export function ndAxialAttention(
  x: tf.Tensor,
  axes: readonly AxisParameters[],
  { combine, ...options }: AxisAttentionOptions & { readonly combine: "sum" | "sequence" },
): tf.Tensor {
  return tf.tidy(() => {
    if (combine === "sequence")
      return axes.reduce((y, parameters, axis) => axisAttention(y, axis + 1, parameters, options), x);
    return axes
      .map((parameters, axis) => axisAttention(x, axis + 1, parameters, options))
      .reduce((sum, y) => sum.add(y));
  });
}

/**
 * The weights of {@link axisAttention}.
 *
 * @returns [B, ...the other axes, N, L, L]: image, sequence, head, query, key
 * @throws ShapeError where the channels of x, a kernel or heads and depths do not fit each other
 */
export function axisAttentionWeights(
  x: tf.Tensor,
  axis: number,
  parameters: AxisParameters,
  options: AxisAttentionOptions,
): tf.Tensor {
  return tf.tidy(() => {
    const { qkv, scale, geometry } = project(x, axis, parameters, options);
    const weights = axialAttentionWeights(axialInputs(qkv, axis, scale, geometry), geometry); // [O, I, N, L, L]
    const others = x.shape.filter((_, index) => index !== axis && index !== x.rank - 1);
    return weights.reshape([...others, ...weights.shape.slice(2)]);
  });
}

/** Queries, keys and values of all places, [..., L, ..., N * (2 Dq + Dv)], and how they attend. */
function project(
  x: tf.Tensor,
  axis: number,
  { projection }: AxisParameters,
  { heads, keyDepth, valueDepth, span = "global" }: AxisAttentionOptions,
): { qkv: tf.Tensor; scale: number; geometry: AttentionGeometry } {
  const channels = x.shape[x.rank - 1];
  const [before, after] = [x.shape[axis] - 1, span === "causal" ? 0 : x.shape[axis] - 1];
  return {
    qkv: x
      .reshape<tf.Tensor2D>([-1, channels])
      .matMul<tf.Tensor2D>(projection)
      .reshape([...x.shape.slice(0, -1), heads * (2 * keyDepth + valueDepth)]),
    scale: 1 / Math.sqrt(keyDepth),
    geometry: { heads, keyDepth, valueDepth, window: { before, after } },
  };
}

/** The same as axial attention takes it: [O, L, I, N * (2 Dq + Dv)], without encodings. */
function axialInputs(qkv: tf.Tensor, axis: number, scale: number, { heads }: AttentionGeometry): AttentionInputs {
  return {
    qkv: qkv.reshape<tf.Tensor4D>(axisView(qkv.shape, axis)),
    relative: { query: null, key: null, value: null },
    scales: tf.fill<tf.Rank.R2>([3, heads], scale),
  };
}
