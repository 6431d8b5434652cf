/**
 * Batch norm in evaluation mode as a part of the product before it: with s = gamma / sqrt(variance + epsilon),
 *
 *     norm(x * w + bias) = x * (w s) + (bias - mean) s + beta
 *
 * The weights w s and the shift are computed once and kept for as long as none of the tensors that they are made of changes:
 * until then evaluation pays nothing for the norm.
 */
import * as tf from "@tensorflow/tfjs";
import { before } from "./data-release.js";
import { output, pointerOf, type WasmContext } from "./wasm-kernel.js";

export interface GivenNorm {
  /** [N] each. */
  readonly gamma: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

export type GivenNormInfo = Readonly<Record<keyof GivenNorm, tf.TensorInfo>>;

interface Folded {
  readonly origins: readonly (tf.TensorInfo["dataId"] | undefined)[];
  readonly epsilon: number;
  readonly weights: tf.TensorInfo;
  readonly shift: tf.TensorInfo;
  readonly free: () => void;
}

/** By the data of the weights w. */
const kept = new WeakMap<tf.TensorInfo["dataId"], Folded>();

/** Whether operations are being recorded for gradients: folding has none. */
export const isRecording = (): boolean => tf.engine().state.gradientDepth > 0;

/**
 * The folded weights and shift; they belong to this cache.
 *
 * @param w [..., N]
 */
export function foldedWeights(
  context: WasmContext,
  w: tf.TensorInfo,
  { gamma, beta, mean, variance, bias }: GivenNormInfo & { readonly bias?: tf.TensorInfo },
  epsilon: number,
): Pick<Folded, "weights" | "shift"> {
  const { dataId } = w; // of now: that of a variable changes
  const origins = [w, gamma, beta, mean, variance, bias].map((tensor) => tensor?.dataId);
  let folded = kept.get(dataId);
  if (folded?.epsilon !== epsilon || folded.origins.some((origin, index) => origin !== origins[index])) {
    folded?.free();
    const { backend } = context;
    const [weights, shift] = [output(context, w.shape), output(context, beta.shape)];
    const read = (tensor: tf.TensorInfo): Float32Array => {
      const start = pointerOf(context, tensor);
      return new Float32Array(context.pool.memory.buffer, start, tf.util.sizeFromShape(tensor.shape));
    };
    const [gammas, betas, means, variances] = [gamma, beta, mean, variance].map(read);
    const scales = Float64Array.from(gammas, (value, n) => value / Math.sqrt(variances[n] + epsilon));
    const biases = bias === undefined ? null : read(bias);
    read(shift).set(betas.map((value, n) => value + ((biases?.[n] ?? 0) - means[n]) * scales[n]));
    const [source, target] = [read(w), read(weights)];
    for (let row = 0; row < source.length; row += scales.length)
      for (let n = 0; n < scales.length; n++) target[row + n] = source[row + n] * scales[n];
    const watched = origins.filter((origin) => origin !== undefined);
    const free = before("change", watched, () => {
      kept.delete(dataId);
      backend.disposeData(weights.dataId);
      backend.disposeData(shift.dataId);
    });
    folded = { origins, epsilon, weights, shift, free };
    kept.set(dataId, folded);
  }
  return folded;
}
