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
import { output, pointerOf, type WasmContext } from "../kernel.js";

/** Without gamma it is 1, without beta 0. */
export type GivenNormInfo = Readonly<Record<"mean" | "variance", tf.TensorInfo>> &
  Readonly<Partial<Record<"gamma" | "beta", tf.TensorInfo>>>;

interface Folded {
  readonly origins: readonly (tf.TensorInfo["dataId"] | undefined)[];
  readonly epsilon: number;
  readonly weights: tf.TensorInfo;
  readonly shift: tf.TensorInfo;
  readonly free: () => void;
}

/** By the data of the weights w. */
const kept = new WeakMap<tf.TensorInfo["dataId"], Folded>();

/**
 * The folded weights and shift; they belong to this cache.
 *
 * @param w [..., N]
 */
function foldedWeights(
  context: WasmContext,
  w: tf.TensorInfo,
  { mean, variance, gamma, beta, bias }: GivenNormInfo & { readonly bias?: tf.TensorInfo },
  epsilon: number,
): Pick<Folded, "weights" | "shift"> {
  const { dataId } = w; // of now: that of a variable changes
  const origins = [w, gamma, beta, mean, variance, bias].map((tensor) => tensor?.dataId);
  let folded = kept.get(dataId);
  if (folded?.epsilon !== epsilon || folded.origins.some((origin, index) => origin !== origins[index])) {
    folded?.free();
    const { backend } = context;
    const [weights, shift] = [output(context, w.shape), output(context, [w.shape[w.shape.length - 1]])];
    const read = (tensor: tf.TensorInfo): Float32Array => {
      const start = pointerOf(context, tensor);
      return new Float32Array(context.pool.memory.buffer, start, tf.util.sizeFromShape(tensor.shape));
    };
    const [means, variances] = [mean, variance].map(read);
    const [gammas, betas, biases] = [gamma, beta, bias].map((tensor) => tensor && read(tensor));
    const scales = Float64Array.from(variances, (value, n) => (gammas?.[n] ?? 1) / Math.sqrt(value + epsilon));
    read(shift).set(means.map((value, n) => (betas?.[n] ?? 0) + ((biases?.[n] ?? 0) - value) * scales[n]));
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

/** Weights and shift of a product with a bias, a norm, both or neither behind it. */
export function affineOf(
  context: WasmContext,
  w: tf.TensorInfo,
  { mean, variance, bias, ...norm }: Partial<GivenNormInfo> & { readonly bias?: tf.TensorInfo },
  epsilon: number,
): { readonly weights: tf.TensorInfo; readonly shift?: tf.TensorInfo } {
  if (mean === undefined || variance === undefined) return { weights: w, shift: bias };
  return foldedWeights(context, w, { ...norm, mean, variance, bias }, epsilon);
}
