/**
 * Convolutions that wait to see what follows them (deferred-product.ts): a batch norm in evaluation mode has the convolution
 * computed with the norm, the residual and the ReLU in it, in one pass.
 */
import * as tf from "@tensorflow/tfjs";
import { assertGroups, convolutionShape, convolve, products, type ConvolutionAttributes } from "./convolution.js";
import type { GroupedConvolutionOptions } from "./convolution.js";
import {
  deferProduct,
  runProduct,
  takesNorm,
  waitingProduct,
  type FollowerAttributes,
  type Followers,
} from "./deferred-product.js";
import { affineOf, isRecording, type GivenNorm } from "./folded-norm.js";
import { defineKernel, pointerOf, wasmContext, type KernelCall, type WasmKernel } from "./wasm-kernel.js";

/**
 * What {@link groupedConvolution} gives, computed when it is asked for, and not at all where only {@link foldedConvolution}
 * asks. Null where there is no kernel for it, and while operations are recorded for gradients, which need the values.
 */
export function deferredConvolution(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { stride = 1, padding = 0, dilation = 1 }: GroupedConvolutionOptions = {},
): tf.Tensor4D | null {
  if (wasmContext() === null || isRecording() || x.dtype !== "float32") return null;
  assertGroups(x, filter);
  const attrs = { strides: stride, pad: padding, dilations: dilation, dataFormat: "NHWC" };
  return tf.engine().runKernel<tf.Tensor4D>("DeferredConv2D", { x, filter }, attrs);
}

/**
 * relu((x - mean) / sqrt(variance + epsilon) * gamma + beta + residual) of a product's result that still waits: computed
 * in one pass, the norm being folded into the weights.
 *
 * @param x what {@link deferredConvolution} gave, [B, H, W, N], or a view [..., N] of it
 * @param residual of the same size, or null
 * @returns of the shape of x; null where x is nothing of that kind, or operations are recorded for gradients
 */
export function foldedConvolution<T extends tf.Tensor>(
  x: T,
  { gamma, beta, mean, variance }: GivenNorm,
  residual: tf.Tensor | null,
  { epsilon, relu }: { readonly epsilon: number; readonly relu: boolean },
): T | null {
  const product = waitingProduct(x);
  if (product === null || !takesNorm(product) || x.shape.at(-1) !== product.channels) return null;
  const followers = { gamma, beta, mean, variance, ...(residual === null ? {} : { residual }) };
  return runProduct<T>(product, followers, { epsilon, relu, shape: x.shape });
}

type Operands = Readonly<Record<"x" | "filter", tf.TensorInfo>>;

/** The convolution that is computed, with what may follow it, when its result is asked for; null while recording. */
export function deferConvolution(
  call: KernelCall<Operands & { readonly bias?: tf.TensorInfo }, ConvolutionAttributes>,
  minimumElements?: number,
): tf.TensorInfo | null {
  const { x, filter, bias } = call.inputs;
  const { strides, pad, dilations, dimRoundingMode, dataFormat } = call.attrs;
  const attrs = { strides, pad, dilations, dimRoundingMode, dataFormat };
  const { images, outputRows, outputColumns, outputChannels } = convolutionShape(x.shape, filter.shape, attrs);
  const shape = [images, outputRows, outputColumns, outputChannels];
  return deferProduct(call, { kernelName: "FoldedConv2D", attrs }, { x, filter, bias }, shape, minimumElements);
}

const deferredConv2D = defineKernel<Operands, ConvolutionAttributes>("DeferredConv2D", (call) => {
  return deferConvolution(call) ?? convolve(call, call.attrs, {});
});

const foldedConv2D = defineKernel<Operands & Followers, ConvolutionAttributes & FollowerAttributes>(
  "FoldedConv2D",
  (call) => {
    const { x, filter, residual, ...affine } = call.inputs;
    const { epsilon = 0, relu = false, shape } = call.attrs;
    const { weights, shift } = affineOf(call, filter, affine, epsilon);
    const pointer = (tensor?: tf.TensorInfo): number => (tensor === undefined ? 0 : pointerOf(call, tensor));
    const epilogue = { shift: pointer(shift), residual: pointer(residual), relu };
    const y = convolve({ ...call, inputs: { x, filter: weights } }, call.attrs, epilogue) as tf.TensorInfo;
    return { ...y, shape: shape ?? y.shape };
  },
  ({ inputs, outputs }) => products(outputs[0].shape, inputs.filter.shape),
);

export const deferredConvolutionKernels: readonly WasmKernel[] = [deferredConv2D, foldedConv2D];
