/**
 * The gradients of depthwise convolution. TensorFlow.js's forgets that channels may come first, refuses dilation, and cannot
 * be differentiated again; a depthwise convolution is linear in each operand, and so are its gradients.
 */
import * as tf from "@tensorflow/tfjs";
import { UnsupportedError } from "../../core/errors.js";
import { hasKernel } from "../kernel-registry.js";

type Padding = "same" | "valid" | number | tf.backend_util.ExplicitPadding;

export interface DepthwiseAttrs {
  readonly strides: number | [number, number];
  readonly pad: Padding;
  readonly dataFormat?: "NHWC" | "NCHW";
  /** Null where a layer of tf.layers has none. */
  readonly dilations: number | [number, number] | null;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** What pads images with channels first, for the same images with channels last. */
export const padLast = <Pad>(pad: Pad): Pad =>
  Array.isArray(pad) ? ([pad[0], pad[2], pad[3], pad[1]] as unknown as Pad) : pad;

const last = [0, 2, 3, 1];
const first = [0, 3, 1, 2];

/** A depthwise convolution of [B, H, W, C] and a filter [rows, columns, C, M], and what it is linear in. */
const depthwise = {
  convolve: (x: tf.Tensor, filter: tf.Tensor, attrs: DepthwiseAttrs) =>
    run("DepthwiseConv2dNative", { x, filter }, { ...attrs, dataFormat: "NHWC" }),
  dx: (dy: tf.Tensor, filter: tf.Tensor, attrs: DepthwiseAttrs, inputShape: number[]) =>
    run("DepthwiseConv2dNativeBackpropInput", { dy, filter }, { ...attrs, inputShape }),
  dFilter: (x: tf.Tensor, dy: tf.Tensor, attrs: DepthwiseAttrs, filterShape: number[]) =>
    run("DepthwiseConv2dNativeBackpropFilter", { x, dy }, { ...attrs, filterShape }),
};

const run = (kernelName: string, inputs: Record<string, tf.Tensor>, attrs: object): tf.Tensor =>
  tf.engine().runKernel<tf.Tensor>(kernelName, inputs, attrs as tf.NamedAttrMap);

function assertDilation({ dilations: given }: DepthwiseAttrs): void {
  const dilations = given ?? 1;
  if ([dilations].flat().every((one) => one === 1) || hasKernel("DepthwiseConv2dNativeBackpropInput")) return;
  throw new UnsupportedError(
    `depthwiseConv2d: the gradient of a dilated one needs our kernels, got dilations ${[dilations].flat().join(", ")} on ` +
      `${tf.getBackend()}; await axial.engine.start()`,
  );
}

/** With the types that TensorFlow.js leaves open. */
const gradient = <Attrs>(
  kernelName: string,
  inputsToSave: [string, string],
  gradFunc: (d: tf.Tensor, saved: tf.Tensor[], attrs: Attrs) => Record<string, () => tf.Tensor>,
): tf.GradConfig => ({
  kernelName,
  inputsToSave,
  gradFunc: (d, saved, attrs) => gradFunc(d as tf.Tensor, saved, attrs as unknown as Attrs),
});

export const depthwiseConvolutionGradients: readonly tf.GradConfig[] = [
  gradient<DepthwiseAttrs>("DepthwiseConv2dNative", ["x", "filter"], (dy, [x, filter], given) => {
    assertDilation(given);
    const attrs = { ...given, dilations: given.dilations ?? 1 };
    if (attrs.dataFormat !== "NCHW")
      return {
        x: () => depthwise.dx(dy, filter, attrs, x.shape),
        filter: () => depthwise.dFilter(x, dy, attrs, filter.shape),
      };
    const ofLast = { ...attrs, pad: padLast(attrs.pad) };
    const [batch, channels, height, width] = x.shape;
    return {
      x: () => depthwise.dx(dy.transpose(last), filter, ofLast, [batch, height, width, channels]).transpose(first),
      filter: () => depthwise.dFilter(x.transpose(last), dy.transpose(last), ofLast, filter.shape),
    };
  }),
  gradient<DepthwiseAttrs>("DepthwiseConv2dNativeBackpropInput", ["dy", "filter"], (d, [dy, filter], attrs) => ({
    dy: () => depthwise.convolve(d, filter, attrs),
    filter: () => depthwise.dFilter(d, dy, attrs, filter.shape),
  })),
  gradient<DepthwiseAttrs>("DepthwiseConv2dNativeBackpropFilter", ["x", "dy"], (d, [x, dy], attrs) => ({
    x: () => depthwise.dx(dy, d, attrs, x.shape),
    dy: () => depthwise.convolve(x, d, attrs),
  })),
];
