/**
 * Convolutions that wait to see what follows them (deferred-product.ts): a batch norm in evaluation mode has the convolution
 * computed with the norm, the residual and the ReLU in it, in one pass.
 */
import type * as tf from "@tensorflow/tfjs";
import { convolutionShape, convolve, products, type ConvolutionAttributes } from "../kernels/convolution.js";
import { defineKernel, pointerOf, type KernelCall, type WasmKernel } from "../kernel.js";
import { deferProduct, type FollowerAttributes, type Followers } from "./deferred-product.js";
import { affineOf } from "./folded-norm.js";

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
  return deferConvolution(call) ?? convolve(call, call.inputs.x, call.attrs);
});

const foldedConv2D = defineKernel<Operands & Followers, ConvolutionAttributes & FollowerAttributes>(
  "FoldedConv2D",
  (call) => {
    const { x, filter, residual, ...affine } = call.inputs;
    const { epsilon = 0, relu = false, shape } = call.attrs;
    const { weights, shift } = affineOf(call, filter, affine, epsilon);
    const pointer = (tensor?: tf.TensorInfo): number => (tensor === undefined ? 0 : pointerOf(call, tensor));
    const epilogue = { shift: pointer(shift), residual: pointer(residual), relu };
    const y = convolve({ ...call, inputs: { filter: weights } }, x, call.attrs, epilogue);
    return { ...y, shape: shape ?? y.shape };
  },
  ({ inputs, outputs }) => products(outputs[0].shape, inputs.filter.shape),
);

export const deferredConvolutionKernels: readonly WasmKernel[] = [deferredConv2D, foldedConv2D];
