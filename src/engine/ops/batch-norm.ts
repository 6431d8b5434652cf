/**
 * The seam between the batch-norm layer and its fused training kernel. Where the current backend has none, the answer
 * is null and the layer composes the same from single operations (`composedBatchNorm` in `src/layers/normalization.ts`).
 */
import type * as tf from "@tensorflow/tfjs";

export interface BatchNormInputs {
  /** [rows, C] */
  readonly x: tf.Tensor2D;
  /** [C] */
  readonly gamma: tf.Tensor1D;
  /** [C] */
  readonly beta: tf.Tensor1D;
  /** [rows, C], added after the normalisation and before the ReLU; null: nothing. */
  readonly residual: tf.Tensor2D | null;
}

export interface BatchNormOutputs {
  /** relu((x - mean) / sqrt(variance + epsilon) * gamma + beta + residual), [rows, C]; differentiable in all inputs. */
  readonly output: tf.Tensor2D;
  /** Of the batch, per channel, [C]; without a gradient. */
  readonly mean: tf.Tensor1D;
  /** Of the batch, per channel, biased, [C]; without a gradient. */
  readonly variance: tf.Tensor1D;
}

export const fusedBatchNorm: (
  inputs: BatchNormInputs,
  options: { readonly epsilon: number; readonly relu: boolean },
) => BatchNormOutputs | null = () => null;
