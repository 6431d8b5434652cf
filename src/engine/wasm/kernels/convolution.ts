/**
 * Convolution with its gradients on all threads: Conv2D, FusedConv2D, Conv2DBackpropInput and Conv2DBackpropFilter (which
 * TensorFlow.js's WebAssembly backend lacks), and the same in groups (ops/convolution.ts).
 */
import * as tf from "@tensorflow/tfjs";
import type { KernelWork } from "../../kernel-registry.js";
import type { GroupedConvolutionAttrs } from "../../ops/convolution.js";
import { defineKernel, output, pointerOf, type KernelCall, type WasmKernel } from "../kernel.js";
import { runFilterGradient } from "./convolution-filter-grad.js";
import { runConvolution, runInputGradient } from "./convolution-plan.js";
import type { ConvolutionShape } from "./convolution-shape.js";
import { compute, followProduct, viewOf, type ActivationAttrs, type ProductFollowers } from "./followers.js";
import { share } from "./identity.js";
import type { Epilogue } from "./product-tasks.js";

type Inputs<Names extends string> = Readonly<Record<Names, tf.TensorInfo>>;
type Shape4D = [number, number, number, number];
export type ConvolutionAttributes = Pick<tf.Conv2DAttrs, "strides" | "pad" | "dataFormat" | "dimRoundingMode"> & {
  dilations?: tf.Conv2DAttrs["dilations"];
};

const conv2D = defineKernel<Inputs<"x" | "filter">, ConvolutionAttributes>(
  "Conv2D",
  (call) =>
    isOurs(call) ? inChannelsLast(call, call.inputs.x, (x, attrs) => convolve(call, x, attrs)) : call.original(),
  work,
);

const fusedConv2D = defineKernel<Inputs<"x" | "filter"> & ProductFollowers, tf.FusedConv2DAttrs & ActivationAttrs>(
  "FusedConv2D",
  (call) => {
    const { filter, bias, preluActivationWeights } = call.inputs;
    if (!isOurs(call)) return call.original();
    // Of a bias or weights [N, 1, 1] of channels that come first, the channels lie as they do in [N].
    const vector = (tensor?: tf.TensorInfo): tf.TensorInfo | undefined =>
      tensor && call.attrs.dataFormat === "NCHW" && tensor.shape.length === 3
        ? { ...tensor, shape: [...tensor.shape.slice(1), tensor.shape[0]] }
        : tensor;
    const followers = { bias: vector(bias), preluActivationWeights: vector(preluActivationWeights) };
    return inChannelsLast(call, call.inputs.x, (x, attrs) =>
      followProduct(call, filter.shape[3], followers, call.attrs, (epilogue) => convolve(call, x, attrs, epilogue)),
    );
  },
  work,
);

/** TensorFlow.js says what is wrong with other types. */
const isOurs = ({ inputs }: KernelCall<Inputs<"filter"> & Partial<Inputs<"x" | "dy">>, unknown>): boolean =>
  Object.values<tf.TensorInfo | undefined>(inputs).every(
    (tensor) => tensor === undefined || tensor.dtype === "float32",
  );

/** Runs on images whose channels come last, whichever way they come and the result goes. */
function inChannelsLast<Attrs extends { readonly dataFormat: "NHWC" | "NCHW" }>(
  call: KernelCall<unknown, Attrs>,
  x: tf.TensorInfo,
  run: (x: tf.TensorInfo, attributes: Attrs) => tf.TensorInfo,
): tf.TensorInfo {
  if (call.attrs.dataFormat !== "NCHW") return run(x, call.attrs);
  return compute(call, share(call, x), (images) => {
    const y = run(images.transpose([0, 2, 3, 1]), { ...call.attrs, dataFormat: "NHWC" });
    return tf.engine().makeTensorFromTensorInfo(y, call.backend).transpose([0, 3, 1, 2]);
  });
}

/** y = epilogue(x * filter), channels last. */
export function convolve(
  call: KernelCall<Inputs<"filter">, unknown>,
  x: tf.TensorInfo,
  attributes: ConvolutionAttributes,
  epilogue: Epilogue = {},
): tf.TensorInfo {
  const { filter } = call.inputs;
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
    const { filter } = call.inputs;
    const [batch, channels, height, width] = call.attrs.inputShape;
    if (!isOurs(call)) return call.original();
    return inChannelsLast(call, call.inputs.dy, (dy, attrs) => {
      const shape = call.attrs.dataFormat === "NCHW" ? [batch, height, width, channels] : call.attrs.inputShape;
      return inputGradient(call, dy, filter, convolutionShape(shape, filter.shape, attrs));
    });
  },
  ({ inputs }) => products(inputs.dy.shape, inputs.filter.shape),
);

const conv2DBackpropFilter = defineKernel<Inputs<"x" | "dy">, tf.Conv2DBackpropFilterAttrs>(
  "Conv2DBackpropFilter",
  (call) => {
    const { x, dy } = call.inputs;
    const { filterShape } = call.attrs;
    if (!isOurs({ ...call, inputs: { x, filter: dy } })) return call.original();
    if (call.attrs.dataFormat !== "NCHW")
      return filterGradient(call, x, dy, convolutionShape(x.shape, filterShape, call.attrs));
    const attrs = { ...call.attrs, dataFormat: "NHWC" as const };
    const last = (tensor: tf.TensorInfo): tf.Tensor => viewOf(call, tensor).transpose([0, 2, 3, 1]);
    return compute(call, share(call, x), () => {
      const images = last(x);
      const dw = filterGradient(call, images, last(dy), convolutionShape(images.shape, filterShape, attrs));
      return tf.engine().makeTensorFromTensorInfo(dw, call.backend);
    });
  },
  ({ inputs, attrs }) => products(inputs.dy.shape, attrs.filterShape),
);

export function inputGradient(
  call: KernelCall<unknown, unknown>,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  shape: ConvolutionShape,
) {
  // dy may be larger than this convolution's result: the transposed convolution to a smaller size.
  shape = { ...shape, outputRows: dy.shape[1], outputColumns: dy.shape[2] };
  const dx = output(call, [shape.images, shape.height, shape.width, shape.channels]);
  if (tf.util.sizeFromShape(dx.shape) > 0) {
    const pointers = { dy: pointerOf(call, dy), w: pointerOf(call, filter), dx: pointerOf(call, dx) };
    runInputGradient(call.pool, pointers, shape);
  }
  return dx;
}

export function filterGradient(
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
  (call) => convolve(call, call.inputs.x, call.attrs),
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
