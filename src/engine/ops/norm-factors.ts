/**
 * The factors gamma / sqrt(variance + epsilon) of a norm, and their gradients, in one operation each. They are a few
 * dozen numbers, so what counts is how often TensorFlow.js is called: single operations take three calls and nine
 * backward.
 */
import * as tf from "@tensorflow/tfjs";
import { defineKernel, output, pointerOf, wasmContext, type WasmContext, type WasmKernel } from "./wasm-kernel.js";

interface Epsilon {
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
  if (wasmContext() === null) return null;
  return tf.engine().runKernel<T>("NormFactors", { gamma, variance }, { epsilon });
}

const values = (context: WasmContext, tensor: tf.TensorInfo): Float32Array =>
  new Float32Array(context.pool.memory.buffer, pointerOf(context, tensor), tf.util.sizeFromShape(tensor.shape));

type Inputs = Record<"gamma" | "variance", tf.TensorInfo>;

export const normFactorKernels: readonly WasmKernel[] = [
  defineKernel<Inputs, Epsilon>("NormFactors", (call) => {
    const { gamma, variance } = call.inputs;
    const y = output(call, gamma.shape);
    const [g, v, factors] = [gamma, variance, y].map((tensor) => values(call, tensor));
    for (let i = 0; i < factors.length; i++) factors[i] = g[i] / Math.sqrt(v[i] + call.attrs.epsilon);
    return y;
  }),
  /** dGamma = dy / s, dVariance = -dy gamma / (2 s^3), s = sqrt(variance + epsilon) */
  defineKernel<Inputs & { dy: tf.TensorInfo }, Epsilon>("NormFactorsGrad", (call) => {
    const { dy, gamma, variance } = call.inputs;
    const outputs = [output(call, gamma.shape), output(call, gamma.shape)];
    const [gradient, g, v, dGamma, dVariance] = [dy, gamma, variance, ...outputs].map((tensor) => values(call, tensor));
    for (let i = 0; i < gradient.length; i++) {
      const squared = v[i] + call.attrs.epsilon;
      const perRoot = gradient[i] / Math.sqrt(squared);
      dGamma[i] = perRoot;
      dVariance[i] = (-0.5 * perRoot * g[i]) / squared;
    }
    return outputs;
  }),
];

export const normFactorGradients: readonly tf.GradConfig[] = [
  {
    kernelName: "NormFactors",
    inputsToSave: ["gamma", "variance"],
    gradFunc: (dy, [gamma, variance], attrs) => {
      const inputs = { dy: dy as tf.Tensor, gamma, variance };
      const [dGamma, dVariance] = tf.engine().runKernel<tf.Tensor[]>("NormFactorsGrad", inputs, attrs);
      return { gamma: () => dGamma, variance: () => dVariance };
    },
  },
];
