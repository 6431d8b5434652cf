/**
 * The affine map of the last axis with what often follows it, in one pass: for 1 x 1 convolutions and projections.
 */
import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../../core/errors.js";
import { hasKernel } from "../kernel-registry.js";
import { isRecording } from "../recording.js";

/** A batch norm with the statistics that it is given. */
export interface GivenNorm {
  /** [N] each. */
  readonly gamma: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

export interface LinearOptions {
  /** [N]; goes into the weights, which costs no pass over the result. */
  readonly scale?: tf.Tensor1D | null;
  /** [N]; with no scale, a bias. */
  readonly shift?: tf.Tensor1D | null;
  /** [..., N] */
  readonly residual?: tf.Tensor | null;
  /** Default false. */
  readonly relu?: boolean;
}

/**
 * y = relu((x w) * scale + shift + residual); each of the last steps where asked for. Differentiable in all inputs.
 *
 * @param x [..., K]
 * @param w [K, N]
 * @returns [..., N]; null where the current backend has no kernel for it
 */
export function fusedLinear<T extends tf.Tensor>(x: T, w: tf.Tensor2D, options: LinearOptions = {}): T | null {
  if (!hasKernel("FusedLinear")) return null;
  const { scale = null, shift = null, residual = null, relu = false } = options;
  const columns = w.shape[1];
  const shapes = { w: [x.shape.at(-1) ?? 0, columns], scale: [columns], shift: [columns] };
  const residualShape = [...x.shape.slice(0, -1), columns];
  assertShapes({ x, w, scale, shift, residual }, { ...shapes, residual: residualShape });

  const inputs = { x, ...(shift === null ? {} : { shift }), ...(residual === null ? {} : { residual }) };
  return tf.tidy((): T => {
    const weights: tf.Tensor2D = scale === null ? w : w.mul(scale);
    return tf.engine().runKernel<T>(relu ? "FusedLinearRelu" : "FusedLinear", { ...inputs, w: weights });
  });
}

/**
 * y = ((x w + bias) - mean) / sqrt(variance + epsilon) * gamma + beta: a projection with the norm behind it in evaluation
 * mode, at the cost of the projection alone. Has no gradient: null while operations are recorded for one, and where the
 * current backend has no kernel for it; {@link fusedLinear} with the norm's scale and shift is then the way.
 *
 * @param x [..., K]
 * @param w [K, N]
 * @param norm [N] each
 * @returns [..., N]
 */
export function foldedLinear<T extends tf.Tensor>(
  x: T,
  w: tf.Tensor2D,
  { gamma, beta, mean, variance }: GivenNorm,
  { bias = null, epsilon }: { readonly bias?: tf.Tensor1D | null; readonly epsilon: number },
): T | null {
  if (!hasKernel("FoldedLinear") || isRecording()) return null;
  const inputs = { x, w, gamma, beta, mean, variance, ...(bias === null ? {} : { bias }) };
  return tf.engine().runKernel<T>("FoldedLinear", inputs, { epsilon });
}

function assertShapes(tensors: Record<string, tf.Tensor | null>, shapes: Record<string, number[]>): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const tensor = tensors[name];
    if (tensor === null || tf.util.arraysEqual(tensor.shape, shape)) continue;
    const got = Object.entries(tensors).flatMap(([key, given]) =>
      given === null ? [] : `${key} [${given.shape.join(", ")}]`,
    );
    throw new ShapeError(
      `fusedLinear: ${name} must be [${shape.join(", ")}], got ${got.join(", ")}; the kernel w is [K, N] for K channels of x`,
    );
  }
}

/** `dSum` makes the gradient of what the ReLU is given; anew for each input, so that nothing outlives its use. */
function linearGradient(dSum: () => tf.Tensor, x: tf.Tensor, w: tf.Tensor2D): Record<string, () => tf.Tensor> {
  const [depth, columns] = w.shape;
  // Where it changes nothing, a reshape still costs tens of microseconds, and a network has many.
  const view = (tensor: tf.Tensor, shape: number[]) => (x.rank === 2 ? tensor : tensor.reshape(shape));
  const flat = (tensor: tf.Tensor, size: number) => view(tensor, [-1, size]) as tf.Tensor2D;
  return {
    x: () => view(flat(dSum(), columns).matMul(w, false, true), x.shape),
    w: () => flat(x, depth).matMul(flat(dSum(), columns), true, false), // [K, N]
    shift: () => flat(dSum(), columns).sum(0), // [N]
    residual: () => dSum().clone(),
  };
}

export const linearGradients: readonly tf.GradConfig[] = [
  {
    kernelName: "FusedLinear",
    inputsToSave: ["x", "w"],
    gradFunc: (dy, [x, w]) => linearGradient(() => dy as tf.Tensor, x, w as tf.Tensor2D),
  },
  {
    kernelName: "FusedLinearRelu",
    inputsToSave: ["x", "w"],
    outputsToSave: [true],
    gradFunc: (dy, [x, w, y]) => linearGradient(() => (dy as tf.Tensor).mul(y.step()), x, w as tf.Tensor2D),
  },
];
