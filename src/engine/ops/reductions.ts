/**
 * Gradients of sums and means. TensorFlow.js multiplies them by ones, which it makes in JavaScript and copies into the engine's
 * memory: here they are repeated as they lie.
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";

/** The kernel's attributes. */
export interface RepeatAttrs {
  readonly shape: readonly number[];
}

/** x repeated along its axes of size 1, to a shape of the same rank. */
function repeat(x: tf.Tensor, shape: number[]): tf.Tensor {
  if (!hasKernel("Repeat") || x.dtype !== "float32") return x.mul(tf.ones(shape));
  return tf.engine().runKernel<tf.Tensor>("Repeat", { x }, { shape });
}

/** dy at each place of which it is the sum, or the mean. */
const reduction = (kernelName: "Sum" | "Mean"): tf.GradConfig => ({
  kernelName,
  inputsToSave: ["x"],
  gradFunc: (dy, [x], attrs) => ({
    x: () => {
      const axes = tf.util.parseAxisParam(attrs["axis"] as number | number[], x.shape);
      const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const each = (dy as tf.Tensor).reshape(kept);
      const count = tf.util.sizeFromShape(axes.map((axis) => x.shape[axis]));
      return repeat(kernelName === "Sum" ? each : each.div(count), x.shape);
    },
  }),
});

export const reductionGradients: readonly tf.GradConfig[] = [
  reduction("Sum"),
  reduction("Mean"),
  {
    kernelName: "Repeat",
    inputsToSave: ["x"],
    gradFunc: (dy, [x], { shape }) => ({
      x: () => {
        const repeated = x.shape.flatMap((size, axis) => (size === (shape as number[])[axis] ? [] : [axis]));
        return repeated.length === 0 ? (dy as tf.Tensor).clone() : (dy as tf.Tensor).sum(repeated, true);
      },
    }),
  },
];
