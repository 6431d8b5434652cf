/**
 * Depthwise convolution under TensorFlow.js's names, and the gradients, which its WebAssembly backend lacks. To our kernels it
 * is a convolution in as many groups as there are channels: filter [rows, columns, C, M] lies as [rows, columns, 1, C M].
 * Native ones have a form for M = 1; else TensorFlow.js's own kernels run forward where they are right, which they are not
 * where a NaN comes in (they clamp it away) or channels come first.
 */
import * as tf from "@tensorflow/tfjs";
import { defineKernel, type KernelCall, type WasmKernel } from "../kernel.js";
import {
  convolutionShape,
  convolve,
  filterGradient,
  inChannelsLast,
  inputGradient,
  type ConvolutionAttributes,
} from "./convolution.js";
import { followProduct, viewOf, type ActivationAttrs, type ProductFollowers } from "./followers.js";

type Inputs<Names extends string> = Readonly<Record<Names, tf.TensorInfo>>;

const inGroups = ([rows, columns, channels, multiplier]: number[]): number[] => [
  ...[rows, columns, 1],
  channels * multiplier,
];

const grouped = (filter: tf.TensorInfo): tf.TensorInfo => ({ ...filter, shape: inGroups(filter.shape) });

/** Infinities of both signs count too, whose sum is not a number. */
const hasNaN = (call: KernelCall<unknown, unknown>, tensor: tf.TensorInfo): boolean =>
  Number.isNaN(tf.tidy(() => viewOf(call, tensor).sum().dataSync()[0]));

/** Whether TensorFlow.js's kernel is to run: right, and faster than ours. */
const isBetter = (call: KernelCall<Inputs<"x" | "filter">, ConvolutionAttributes>): boolean => {
  const { x, filter } = call.inputs;
  if (call.pool.isNative("depthwiseConvolution") && filter.shape[3] === 1) return false;
  if (x.dtype !== "float32" || filter.dtype !== "float32" || call.attrs.dimRoundingMode !== undefined) return false;
  if (call.attrs.dataFormat === "NCHW") return false;
  // It writes columns that the result, whose width TensorFlow.js takes from the filter's height, does not have.
  if (typeof call.attrs.pad === "number") return false;
  return tf.util.sizeFromShape(x.shape) > 0 && !hasNaN(call, x) && !hasNaN(call, filter);
};

const depthwise = defineKernel<Inputs<"x" | "filter">, ConvolutionAttributes>("DepthwiseConv2dNative", (call) => {
  const { x, filter } = call.inputs;
  const floats = x.dtype === "float32" && filter.dtype === "float32";
  if (!floats || isBetter(call)) return call.original();
  return inChannelsLast(call, x, (x, attrs) => convolve({ ...call, inputs: { filter: grouped(filter) } }, x, attrs));
});

const fusedDepthwise = defineKernel<Inputs<"x" | "filter"> & ProductFollowers, ConvolutionAttributes & ActivationAttrs>(
  "FusedDepthwiseConv2D",
  (call) => {
    const { x, filter, bias } = call.inputs;
    const { activation = "linear" } = call.attrs;
    const channels = filter.shape[2] * filter.shape[3];
    const perChannel =
      bias === undefined || (bias.shape.at(-1) === channels && tf.util.sizeFromShape(bias.shape) === channels);
    const floats = x.dtype === "float32" && filter.dtype === "float32";
    const known = perChannel && ["linear", "relu", "relu6"].includes(activation);
    if (!floats || (known && isBetter(call) && (bias === undefined || !hasNaN(call, bias)))) return call.original();
    const attrs = { ...call.attrs, dataFormat: "NHWC" as const };
    return followProduct(call, channels, call.inputs, call.attrs, (epilogue) =>
      convolve({ ...call, inputs: { filter: grouped(filter) } }, x, attrs, epilogue),
    );
  },
);

const inputGrad = defineKernel<Inputs<"dy" | "filter">, ConvolutionAttributes & { readonly inputShape: number[] }>(
  "DepthwiseConv2dNativeBackpropInput",
  (call) => {
    const { dy, filter } = call.inputs;
    const shape = convolutionShape(call.attrs.inputShape, inGroups(filter.shape), call.attrs);
    return inputGradient(call, dy, grouped(filter), shape);
  },
);

const filterGrad = defineKernel<Inputs<"x" | "dy">, ConvolutionAttributes & { readonly filterShape: number[] }>(
  "DepthwiseConv2dNativeBackpropFilter",
  (call) => {
    const { x, dy } = call.inputs;
    const { filterShape } = call.attrs;
    const dw = filterGradient(call, x, dy, convolutionShape(x.shape, inGroups(filterShape), call.attrs));
    return { ...dw, shape: filterShape };
  },
);

export const depthwiseConvolutionKernels: readonly WasmKernel[] = [depthwise, fusedDepthwise, inputGrad, filterGrad];
