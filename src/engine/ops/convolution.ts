/**
 * Convolution with its gradients on all threads: what tfjs names Conv2D, FusedConv2D, Conv2DBackpropInput and
 * Conv2DBackpropFilter (which its WebAssembly backend lacks), and {@link groupedConvolution}, which tfjs does not have.
 */
import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../../core/errors.js";
import { runConvolution, runInputGradient, type ConvolutionShape } from "../wasm/convolution.js";
import { runFilterGradient } from "../wasm/convolution-filter-grad.js";
import type { Epilogue } from "../wasm/matrix-product.js";
import {
  defineKernel,
  output,
  pointerOf,
  wasmContext,
  type KernelCall,
  type KernelWork,
  type WasmKernel,
} from "./wasm-kernel.js";

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

export interface GroupedConvolutionOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros on every side. Default 0. */
  readonly padding?: number;
  /** Default 1. */
  readonly dilation?: number;
}

interface GroupedAttributes {
  readonly strides: number;
  readonly pad: number;
  readonly dilations: number;
  readonly dataFormat: "NHWC";
  /** Of the input or the filter that a gradient is for. */
  readonly shape: number[];
}

/**
 * Convolution in groups of channels that do not see each other (ResNeXt), with stride, dilation and gradients:
 *
 *     y[b, i, j, n] = sum_{r, s, c} x[b, i stride + r dilation - padding, j stride + s dilation - padding, g C + c] w[r, s, c, n]
 *
 * where g is the group of output channel n and C the channels of x in a group. With one group it is the convolution
 * whose gradient tfjs refuses when it is dilated.
 *
 * @param x [B, H, W, groups * C]
 * @param filter [rows, columns, C, N], N a multiple of groups = channels of x / C
 * @returns [B, H', W', N]; null where the current backend has no kernel for it
 */
export function groupedConvolution(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { stride = 1, padding = 0, dilation = 1 }: GroupedConvolutionOptions = {},
): tf.Tensor4D | null {
  if (wasmContext() === null) return null;
  assertGroups(x, filter);
  return runGrouped("GroupedConv2D", { x, filter }, { strides: stride, pad: padding, dilations: dilation });
}

/** Throws ShapeError where the channels do not form groups. */
export function assertGroups(x: tf.Tensor4D, filter: tf.Tensor4D): void {
  const [, , channels, outputChannels] = filter.shape;
  const groups = x.shape[3] / channels;
  if (!Number.isInteger(groups) || outputChannels % groups !== 0) {
    throw new ShapeError(
      `groupedConvolution: channels of x and of the result must be multiples of the groups, got x [${x.shape.join(", ")}], ` +
        `filter [${filter.shape.join(", ")}]; groups = channels of x / filter's third size`,
    );
  }
}

function runGrouped(
  kernelName: string,
  inputs: Record<string, tf.Tensor>,
  attributes: Omit<GroupedAttributes, "dataFormat" | "shape"> & { shape?: number[] },
): tf.Tensor4D {
  const attrs = { dataFormat: "NHWC", shape: [], ...attributes };
  return tf.engine().runKernel<tf.Tensor4D>(kernelName, inputs, attrs);
}

const groupedConv2D = defineKernel<Inputs<"x" | "filter">, GroupedAttributes>(
  "GroupedConv2D",
  (call) => convolve(call, call.attrs, {}),
  work,
);

const groupedInputGradient = defineKernel<Inputs<"dy" | "filter">, GroupedAttributes>(
  "GroupedConv2DBackpropInput",
  (call) => {
    const { dy, filter } = call.inputs;
    return inputGradient(call, dy, filter, convolutionShape(call.attrs.shape, filter.shape, call.attrs));
  },
  ({ inputs }) => products(inputs.dy.shape, inputs.filter.shape),
);

const groupedFilterGradient = defineKernel<Inputs<"x" | "dy">, GroupedAttributes>(
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

export const convolutionGradients: readonly tf.GradConfig[] = [
  {
    kernelName: "GroupedConv2D",
    inputsToSave: ["x", "filter"],
    gradFunc: (dy, [x, filter], attrs) => {
      const attributes = attrs as unknown as GroupedAttributes;
      const gradient = dy as tf.Tensor;
      return {
        x: () => runGrouped("GroupedConv2DBackpropInput", { dy: gradient, filter }, { ...attributes, shape: x.shape }),
        filter: () =>
          runGrouped("GroupedConv2DBackpropFilter", { x, dy: gradient }, { ...attributes, shape: filter.shape }),
      };
    },
  },
];
