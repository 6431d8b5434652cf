/** Gradients of activations. */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";

/**
 * Gradients in one pass instead of three; that of relu from its result, which is kept anyway by the operation that
 * takes it. On other backends they are composed as tfjs does.
 */
export const elementwiseGradients: readonly tf.GradConfig[] = [
  {
    kernelName: "Relu",
    outputsToSave: [true],
    gradFunc: (dys, [y]) => {
      const dy = dys as tf.Tensor;
      return { x: () => fused("ReluGrad", dy, y) ?? dy.mul(y.step()) };
    },
  },
  {
    kernelName: "LeakyRelu",
    inputsToSave: ["x"],
    gradFunc: (dys, [x], attrs) => {
      const dy = dys as tf.Tensor;
      const composed = (): tf.Tensor => tf.where(x.greater(0), dy, dy.mul(attrs["alpha"] as number));
      return { x: () => fused("LeakyReluGrad", dy, x, attrs) ?? composed() };
    },
  },
];

/** Null where the current backend has no kernel for it. */
function fused(kernelName: string, a: tf.Tensor, b: tf.Tensor, attrs?: tf.NamedAttrMap): tf.Tensor | null {
  if (!hasKernel(kernelName) || a.dtype !== "float32" || b.dtype !== "float32") return null;
  return tf.engine().runKernel<tf.Tensor>(kernelName, { a, b }, attrs);
}
