/** The average over windows side by side by which attention strides, forward and backward, and gradients of pooling. */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";
import { gradientOf } from "./gradient-of.js";

export interface AveragePoolAttrs {
  /** Of x. */
  readonly shape: readonly [number, number, number, number];
  readonly stride: number;
  /** Of the result. */
  readonly rows: number;
  readonly columns: number;
}

/**
 * Means over windows of stride x stride side by side, of the places that there are.
 *
 * @param x [B, H, W, C]
 * @param rows of the result: H / stride, rounded down (what is left over is dropped) or up; columns alike
 * @returns [B, rows, columns, C]; null where the current backend has no kernel for it
 */
export function fusedAveragePool(
  x: tf.Tensor4D,
  { stride, rows, columns }: Pick<AveragePoolAttrs, "stride" | "rows" | "columns">,
): tf.Tensor4D | null {
  if (!hasKernel("AveragePool")) return null;
  return tf.engine().runKernel<tf.Tensor4D>("AveragePool", { x }, { shape: x.shape, stride, rows, columns });
}

/** TensorFlow.js's forget how the size of the result was rounded. */
const windowGradients: readonly tf.GradConfig[] = [
  gradientOf("AvgPool", "x", (dy, input, attrs) =>
    tf.engine().runKernel<tf.Tensor>("AvgPoolGrad", { dy, input }, attrs),
  ),
  gradientOf(
    "AvgPoolGrad",
    "dy",
    (d, _, attrs) => tf.engine().runKernel<tf.Tensor>("AvgPool", { x: d }, attrs),
    "input",
  ),
  {
    kernelName: "MaxPool",
    inputsToSave: ["x"],
    outputsToSave: [true],
    gradFunc: (d, [input, output], attrs) => ({
      x: () => tf.engine().runKernel<tf.Tensor>("MaxPoolGrad", { dy: d as tf.Tensor, input, output }, attrs),
    }),
  },
];

export const poolingGradients: readonly tf.GradConfig[] = [
  ...windowGradients,
  {
    kernelName: "AveragePoolGrad",
    gradFunc: (d, _, attrs) => ({
      dy: () => tf.engine().runKernel<tf.Tensor>("AveragePool", { x: d as tf.Tensor }, attrs),
    }),
  },
  {
    kernelName: "AveragePool",
    gradFunc: (dy, _, attrs) => ({
      x: () => tf.engine().runKernel<tf.Tensor>("AveragePoolGrad", { dy: dy as tf.Tensor }, attrs),
    }),
  },
];
