/** NormFactors and NormFactorsGrad (ops/norm-factors.ts): a few dozen numbers, on the calling thread. */
import * as tf from "@tensorflow/tfjs";
import type { NormFactorAttrs } from "../../ops/norm-factors.js";
import { defineKernel, output, pointerOf, type WasmContext, type WasmKernel } from "../kernel.js";

const values = (context: WasmContext, tensor: tf.TensorInfo): Float32Array =>
  new Float32Array(context.pool.memory.buffer, pointerOf(context, tensor), tf.util.sizeFromShape(tensor.shape));

type Inputs = Record<"gamma" | "variance", tf.TensorInfo>;

export const normFactorKernels: readonly WasmKernel[] = [
  defineKernel<Inputs, NormFactorAttrs>("NormFactors", (call) => {
    const { gamma, variance } = call.inputs;
    const y = output(call, gamma.shape);
    const [g, v, factors] = [gamma, variance, y].map((tensor) => values(call, tensor));
    for (let i = 0; i < factors.length; i++) factors[i] = g[i] / Math.sqrt(v[i] + call.attrs.epsilon);
    return y;
  }),
  /** dGamma = dy / s, dVariance = -dy gamma / (2 s^3), s = sqrt(variance + epsilon) */
  defineKernel<Inputs & { dy: tf.TensorInfo }, NormFactorAttrs>("NormFactorsGrad", (call) => {
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
