/** Convolution in groups, at once or when its result is asked for, and its gradients. */
import * as tf from "@tensorflow/tfjs";
import { ShapeError, UnsupportedError } from "../../core/errors.js";
import { hasKernel } from "../kernel-registry.js";
import { isRecording } from "../recording.js";

export interface GroupedConvolutionOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros on every side. Default 0. */
  readonly padding?: number;
  /** Default 1. */
  readonly dilation?: number;
}

export interface GroupedConvolutionAttrs {
  readonly strides: number;
  readonly pad: tf.backend_util.ExplicitPadding;
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
  if (!hasKernel("GroupedConv2D")) return null;
  assertGroups(x, filter);
  return runGrouped(
    "GroupedConv2D",
    { x, filter },
    { strides: stride, pad: onEverySide(padding), dilations: dilation },
  );
}

/** Said for each side: of one number TensorFlow.js works out the width by the filter's height. */
const onEverySide = (padding: number): tf.backend_util.ExplicitPadding => [
  [0, 0],
  [padding, padding],
  [padding, padding],
  [0, 0],
];

/** Throws ShapeError where the channels do not form groups. */
function assertGroups(x: tf.Tensor4D, filter: tf.Tensor4D): void {
  const [, , channels, outputChannels] = filter.shape;
  const groups = x.shape[3] / channels;
  if (!Number.isInteger(groups) || outputChannels % groups !== 0) {
    throw new ShapeError(
      `groupedConvolution: channels of x and of the result must be multiples of the groups, got x [${x.shape.join(", ")}], ` +
        `filter [${filter.shape.join(", ")}]; groups = channels of x / filter's third size`,
    );
  }
}

/**
 * What {@link groupedConvolution} gives, computed when it is asked for, and not at all where a norm with given statistics takes it over. Null where there is no kernel for it, and while operations are recorded for gradients, which need the values.
 */
export function deferredConvolution(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { stride = 1, padding = 0, dilation = 1 }: GroupedConvolutionOptions = {},
): tf.Tensor4D | null {
  if (!hasKernel("DeferredConv2D") || isRecording() || x.dtype !== "float32") return null;
  assertGroups(x, filter);
  const attrs = { strides: stride, pad: onEverySide(padding), dilations: dilation, dataFormat: "NHWC" };
  return tf.engine().runKernel<tf.Tensor4D>("DeferredConv2D", { x, filter }, attrs);
}

function runGrouped(
  kernelName: string,
  inputs: Record<string, tf.Tensor>,
  attributes: Omit<GroupedConvolutionAttrs, "dataFormat" | "shape"> & { shape?: number[] },
): tf.Tensor4D {
  const attrs = { dataFormat: "NHWC", shape: [], ...attributes };
  return tf.engine().runKernel<tf.Tensor4D>(kernelName, inputs, attrs);
}

/** A convolution in groups, and what it is linear in: each derivative of it is one of the three again. */
const grouped = {
  convolve: (x: tf.Tensor, filter: tf.Tensor, attrs: GroupedConvolutionAttrs) =>
    runGrouped("GroupedConv2D", { x, filter }, attrs),
  dx: (dy: tf.Tensor, filter: tf.Tensor, attrs: GroupedConvolutionAttrs, shape: number[]) =>
    runGrouped("GroupedConv2DBackpropInput", { dy, filter }, { ...attrs, shape }),
  dFilter: (x: tf.Tensor, dy: tf.Tensor, attrs: GroupedConvolutionAttrs, shape: number[]) =>
    runGrouped("GroupedConv2DBackpropFilter", { x, dy }, { ...attrs, shape }),
};

type PlainConvolutionAttrs = Pick<tf.Conv2DAttrs, "strides" | "pad" | "dataFormat" | "dimRoundingMode"> & {
  /** tf.layers hands on null where none were given. */
  readonly dilations?: tf.Conv2DAttrs["dilations"] | null;
};

/** Runs a kernel of TensorFlow.js's with what the attributes of its convolutions have in common. */
function runPlain(
  kernelName: string,
  inputs: Record<string, tf.Tensor>,
  { strides, pad, dataFormat, dimRoundingMode, dilations }: PlainConvolutionAttrs,
  shape: Record<string, number[]> = {},
): tf.Tensor {
  const attrs = { strides, pad, dataFormat, dimRoundingMode, dilations: dilations ?? 1, ...shape };
  return tf.engine().runKernel<tf.Tensor>(kernelName, inputs, attrs as unknown as tf.NamedAttrMap);
}

/** As {@link grouped}, of TensorFlow.js's convolution. */
const plain = {
  convolve: (x: tf.Tensor, filter: tf.Tensor, attrs: PlainConvolutionAttrs) => runPlain("Conv2D", { x, filter }, attrs),
  dx: (dy: tf.Tensor, filter: tf.Tensor, attrs: PlainConvolutionAttrs, inputShape: number[]) =>
    runPlain("Conv2DBackpropInput", { dy, filter }, attrs, { inputShape }),
  dFilter: (x: tf.Tensor, dy: tf.Tensor, attrs: PlainConvolutionAttrs, filterShape: number[]) =>
    runPlain("Conv2DBackpropFilter", { x, dy }, attrs, { filterShape }),
};

/** Kernels of TensorFlow.js's own take a dilated convolution's gradient for that of one without dilation. */
function assertDilation({ dilations }: PlainConvolutionAttrs): void {
  if (hasKernel("GroupedConv2D") || [dilations ?? 1].flat().every((dilation) => dilation === 1)) return;
  throw new UnsupportedError(
    `tf.conv2d: a dilated convolution must run on the engine to have a gradient, got backend ${tf.getBackend()}; ` +
      `call engine.start()`,
  );
}

/** With the types that TensorFlow.js leaves open. */
const gradient = <Attrs>(
  kernelName: string,
  inputsToSave: [string, string],
  gradFunc: (d: tf.Tensor4D, saved: tf.Tensor4D[], attrs: Attrs) => Record<string, () => tf.Tensor>,
): tf.GradConfig => ({
  kernelName,
  inputsToSave,
  gradFunc: (d, saved, attrs) => gradFunc(d as tf.Tensor4D, saved as tf.Tensor4D[], attrs as unknown as Attrs),
});

export const convolutionGradients: readonly tf.GradConfig[] = [
  gradient<GroupedConvolutionAttrs>("GroupedConv2D", ["x", "filter"], (dy, [x, filter], attrs) => ({
    x: () => grouped.dx(dy, filter, attrs, x.shape),
    filter: () => grouped.dFilter(x, dy, attrs, filter.shape),
  })),
  gradient<GroupedConvolutionAttrs>("GroupedConv2DBackpropInput", ["dy", "filter"], (d, [dy, filter], attrs) => ({
    dy: () => grouped.convolve(d, filter, attrs),
    filter: () => grouped.dFilter(d, dy, attrs, filter.shape),
  })),
  gradient<GroupedConvolutionAttrs>("GroupedConv2DBackpropFilter", ["x", "dy"], (d, [x, dy], attrs) => ({
    x: () => grouped.dx(dy, d, attrs, x.shape),
    dy: () => grouped.convolve(x, d, attrs),
  })),
  // TensorFlow.js's forget how the size of the result was rounded, know no dilation, and have none for the filter's gradient.
  gradient<PlainConvolutionAttrs>("Conv2D", ["x", "filter"], (dy, [x, filter], attrs) => {
    assertDilation(attrs);
    return {
      x: () => plain.dx(dy, filter, attrs, x.shape),
      filter: () => plain.dFilter(x, dy, attrs, filter.shape),
    };
  }),
  gradient<PlainConvolutionAttrs>("Conv2DBackpropInput", ["dy", "filter"], (d, [dy, filter], attrs) => ({
    dy: () => plain.convolve(d, filter, attrs),
    filter: () => plain.dFilter(d, dy, attrs, filter.shape),
  })),
  gradient<PlainConvolutionAttrs>("Conv2DBackpropFilter", ["x", "dy"], (d, [x, dy], attrs) => ({
    x: () => plain.dx(dy, d, attrs, x.shape),
    dy: () => plain.convolve(x, d, attrs),
  })),
];
