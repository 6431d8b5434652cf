/**
 * Convolution with its gradients on all threads: Conv2D, FusedConv2D, Conv2DBackpropInput and Conv2DBackpropFilter (which
 * TensorFlow.js's WebAssembly backend lacks), and the same in groups (ops/convolution.ts).
 */
import * as tf from "@tensorflow/tfjs";
import type { KernelWork } from "../../kernel-registry.js";
import type { GroupedConvolutionAttrs } from "../../ops/convolution.js";
import { defineKernel, output, pointerOf, type KernelCall, type WasmKernel } from "../kernel.js";
import { runFilterGradient } from "./convolution-filter-grad.js";
import { runConvolution, runInputGradient, type ConvolutionShape } from "./convolution-plan.js";
import type { Epilogue } from "./product-tasks.js";

type Inputs<Names extends string> = Readonly<Record<Names, tf.TensorInfo>>;
type Shape4D = [number, number, number, number];
export type ConvolutionAttributes = Pick<tf.Conv2DAttrs, "strides" | "pad" | "dataFormat" | "dimRoundingMode"> & {
  dilations?: tf.Conv2DAttrs["dilations"];
};

const conv2D = defineKernel<Inputs<"x" | "filter">, ConvolutionAttributes>(
  "Conv2D",
  (call) => convolve(call, call.attrs, {}),
  work,
);

const fusedConv2D = defineKernel<Inputs<"x" | "filter"> & { bias?: tf.TensorInfo }, tf.FusedConv2DAttrs>(
  "FusedConv2D",
  (call) => {
    const { bias } = call.inputs;
    const { activation } = call.attrs;
    if (activation !== "linear" && activation !== "relu") return call.original();
    const shift = bias === undefined ? 0 : pointerOf(call, bias);
    return convolve(call, call.attrs, { shift, relu: activation === "relu" });
  },
  work,
);

/** y = epilogue(x * filter). */
export function convolve(
  call: KernelCall<Inputs<"x" | "filter">, unknown>,
  attributes: ConvolutionAttributes,
  epilogue: Epilogue,
): tf.TensorInfo | tf.TensorInfo[] {
  const { x, filter } = call.inputs;
  if (x.dtype !== "float32" || attributes.dataFormat !== "NHWC") return call.original();
  const shape = convolutionShape(x.shape, filter.shape, attributes);
  const y = output(call, [shape.images, shape.outputRows, shape.outputColumns, shape.outputChannels]);
  if (tf.util.sizeFromShape(y.shape) === 0) return y;
  const pointers = { x: pointerOf(call, x), w: pointerOf(call, filter), y: pointerOf(call, y) };
  runConvolution(call.pool, { ...pointers, epilogue }, shape);
  return y;
}

const conv2DBackpropInput = defineKernel<Inputs<"dy" | "filter">, tf.Conv2DBackpropInputAttrs>(
  "Conv2DBackpropInput",
  (call) => {
    const { dy, filter } = call.inputs;
    const { inputShape } = call.attrs;
    if (call.attrs.dataFormat !== "NHWC") return call.original();
    return inputGradient(call, dy, filter, convolutionShape(inputShape, filter.shape, call.attrs));
  },
  ({ inputs }) => products(inputs.dy.shape, inputs.filter.shape),
);

const conv2DBackpropFilter = defineKernel<Inputs<"x" | "dy">, tf.Conv2DBackpropFilterAttrs>(
  "Conv2DBackpropFilter",
  (call) => {
    const { x, dy } = call.inputs;
    const { filterShape } = call.attrs;
    if (call.attrs.dataFormat !== "NHWC") return call.original();
    return filterGradient(call, x, dy, convolutionShape(x.shape, filterShape, call.attrs));
  },
  ({ inputs, attrs }) => products(inputs.dy.shape, attrs.filterShape),
);

function inputGradient(
  call: KernelCall<unknown, unknown>,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  shape: ConvolutionShape,
) {
  const dx = output(call, [shape.images, shape.height, shape.width, shape.channels]);
  if (tf.util.sizeFromShape(dx.shape) > 0) {
    const pointers = { dy: pointerOf(call, dy), w: pointerOf(call, filter), dx: pointerOf(call, dx) };
    runInputGradient(call.pool, pointers, shape);
  }
  return dx;
}

function filterGradient(
  call: KernelCall<unknown, unknown>,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  shape: ConvolutionShape,
) {
  const dw = output(call, [...shape.window, shape.channels / shape.groups, shape.outputChannels]);
  if (tf.util.sizeFromShape(dw.shape) > 0) {
    const pointers = { x: pointerOf(call, x), dy: pointerOf(call, dy), dw: pointerOf(call, dw) };
    runFilterGradient(call.pool, { ...pointers, ...shape });
  }
  return dw;
}

/** Multiply-adds: each element of y sums a window of the channels of its group. The gradients have as many. */
export function products(y: number[], filter: number[]): number {
  return tf.util.sizeFromShape(y) * filter[0] * filter[1] * filter[2];
}

function work({ inputs, outputs }: KernelWork<Inputs<"filter">, unknown>): number {
  return products(outputs[0].shape, inputs.filter.shape);
}

/** The sizes of a convolution whose filter is [rows, columns, channels / groups, output channels]. */
export function convolutionShape(x: number[], filter: number[], attributes: ConvolutionAttributes): ConvolutionShape {
  const { strides, pad, dilations = 1, dimRoundingMode } = attributes;
  const groups = x[3] / filter[2];
  const wholeFilter: Shape4D = [filter[0], filter[1], x[3], filter[3]];
  const info = tf.backend_util.computeConv2DInfo(x as Shape4D, wholeFilter, strides, dilations, pad, dimRoundingMode);
  return {
    images: info.batchSize,
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    outputRows: info.outHeight,
    outputColumns: info.outWidth,
    outputChannels: info.outChannels,
    window: [info.filterHeight, info.filterWidth],
    stride: [info.strideHeight, info.strideWidth],
    dilation: [info.dilationHeight, info.dilationWidth],
    padding: [info.padInfo.top, info.padInfo.left],
    groups,
  };
}

const groupedConv2D = defineKernel<Inputs<"x" | "filter">, GroupedConvolutionAttrs>(
  "GroupedConv2D",
  (call) => convolve(call, call.attrs, {}),
  work,
);

const groupedInputGradient = defineKernel<Inputs<"dy" | "filter">, GroupedConvolutionAttrs>(
  "GroupedConv2DBackpropInput",
  (call) => {
    const { dy, filter } = call.inputs;
    return inputGradient(call, dy, filter, convolutionShape(call.attrs.shape, filter.shape, call.attrs));
  },
  ({ inputs }) => products(inputs.dy.shape, inputs.filter.shape),
);

const groupedFilterGradient = defineKernel<Inputs<"x" | "dy">, GroupedConvolutionAttrs>(
  "GroupedConv2DBackpropFilter",
  (call) => {
    const { x, dy } = call.inputs;
    return filterGradient(call, x, dy, convolutionShape(x.shape, call.attrs.shape, call.attrs));
  },
  ({ inputs, attrs }) => products(inputs.dy.shape, attrs.shape),
);

export const convolutionKernels: readonly WasmKernel[] = [
  conv2D,
  fusedConv2D,
  conv2DBackpropInput,
  conv2DBackpropFilter,
  groupedConv2D,
  groupedInputGradient,
  groupedFilterGradient,
];
