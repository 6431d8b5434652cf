/**
 * The factors gamma / sqrt(variance + epsilon) of a norm, and their gradients, in one operation each. They are a few
 * dozen numbers, so what counts is how often TensorFlow.js is called: single operations take three calls and nine
 * backward.
 */
import * as tf from "@tensorflow/tfjs";
import { hasKernel } from "../kernel-registry.js";
import { isRecording } from "../recording.js";

export interface NormFactorAttrs {
  readonly epsilon: number;
}

/**
 * gamma / sqrt(variance + epsilon), element by element; differentiable in both. Null where the current backend has no
 * kernel for it.
 *
 * @param gamma of any shape
 * @param variance of the same shape
 */
export function fusedNormFactors<T extends tf.Tensor>(gamma: T, variance: T, epsilon: number): T | null {
  if (!hasKernel("NormFactors")) return null;
  return tf.engine().runKernel<T>("NormFactors", { gamma, variance }, { epsilon });
}

export const normFactorGradients: readonly tf.GradConfig[] = [
  {
    kernelName: "NormFactors",
    inputsToSave: ["gamma", "variance"],
    gradFunc: (d, [gamma, variance], attrs) => {
      const dy = d as tf.Tensor;
      if (isRecording()) {
        const root = variance.add(attrs["epsilon"] as number).rsqrt();
        const ofVariance = () => dy.mul(gamma).mul(root.mul(root).mul(root)).mul(-0.5);
        return { gamma: () => dy.mul(root), variance: ofVariance };
      }
      const inputs = { dy, gamma, variance };
      const [dGamma, dVariance] = tf.engine().runKernel<tf.Tensor[]>("NormFactorsGrad", inputs, attrs);
      return { gamma: () => dGamma, variance: () => dVariance };
    },
  },
];
