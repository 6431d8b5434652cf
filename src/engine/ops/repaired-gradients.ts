/** Gradients of operations of TensorFlow.js (4.22) of which its own are wrong, or missing. Each can be differentiated again. */
import * as tf from "@tensorflow/tfjs";
import { gradientOf, type Attrs } from "./gradient-of.js";
import { resizeGradients } from "./resize-gradients.js";

/**
 * The gradient of padding by mirrored places: what the padding got goes back to the places that it mirrors. `reflect` leaves out
 * the place at the edge, `symmetric` does not.
 */
function mirrorPadGradient(
  dy: tf.Tensor,
  x: tf.Tensor,
  { paddings, mode }: { paddings: [number, number][]; mode: "reflect" | "symmetric" },
): tf.Tensor {
  const edge = mode === "reflect" ? 1 : 0;
  return tf.tidy(() =>
    paddings.reduce((gradient, [before, after], axis) => {
      const size = x.shape[axis];
      /** `count` places from `from` on, along the axis. */
      const part = (from: number, count: number): tf.Tensor => {
        const begin = gradient.shape.map((_, other) => (other === axis ? from : 0));
        const sizes = gradient.shape.map((all, other) => (other === axis ? count : all));
        return gradient.slice(begin, sizes);
      };
      /** Mirrored places, `at` being where the first of them came from. */
      const back = (mirrored: tf.Tensor, at: number): tf.Tensor => {
        const around = mirrored.shape.map((count, other) => (other === axis ? [at, size - at - count] : [0, 0]));
        return mirrored.reverse(axis).pad(around as [number, number][]);
      };
      const parts = [part(before, size)];
      if (before > 0) parts.push(back(part(0, before), edge));
      if (after > 0) parts.push(back(part(before + size, after), size - edge - after));
      return tf.addN(parts);
    }, dy),
  );
}

interface PoolAttrs {
  readonly filterSize: [number, number, number] | number;
  readonly strides: [number, number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/**
 * How many of the places of each window of a volume are there, of all that a window has: [D, H, W, 1]. The average is over the
 * former, TensorFlow.js's gradient divides by the latter.
 */
function sharesPresent(shape: readonly number[], { filterSize, strides, pad, dimRoundingMode }: PoolAttrs): tf.Tensor {
  const volume = shape as [number, number, number, number, number];
  const info = tf.backend_util.computePool3DInfo(volume, filterSize, strides, 1, pad, dimRoundingMode);
  const along = (count: number, size: number, window: number, stride: number, before: number): number[] =>
    Array.from({ length: count }, (_, index) => {
      const from = index * stride - before;
      return (Math.min(from + window, size) - Math.max(from, 0)) / window;
    });
  const { outDepth, outHeight, outWidth, padInfo } = info;
  const depths = along(outDepth, info.inDepth, info.filterDepth, info.strideDepth, padInfo.front);
  const rows = along(outHeight, info.inHeight, info.filterHeight, info.strideHeight, padInfo.top);
  const columns = along(outWidth, info.inWidth, info.filterWidth, info.strideWidth, padInfo.left);
  return tf
    .tensor(depths, [outDepth, 1, 1, 1])
    .mul(tf.tensor(rows, [outHeight, 1, 1]))
    .mul(tf.tensor(columns, [outWidth, 1]));
}

/** Of averages over windows of a volume, of the places that there are. [B, D, H, W, C] */
const averagePool3dGradient = (dy: tf.Tensor, input: tf.Tensor, attrs: Attrs<PoolAttrs>): tf.Tensor =>
  tf.tidy(() =>
    tf.engine().runKernel<tf.Tensor>("AvgPool3DGrad", { dy: dy.div(sharesPresent(input.shape, attrs)), input }, attrs),
  );

/** Of TensorFlow.js's own gradient of them. */
const averagePool3dGradientGradient = (d: tf.Tensor, _: tf.Tensor, attrs: Attrs<PoolAttrs>): tf.Tensor =>
  tf.tidy(() => tf.engine().runKernel<tf.Tensor>("AvgPool3D", { x: d }, attrs).mul(sharesPresent(d.shape, attrs)));

/** [B, H b, W b, C] to [B, H, W, b b C], the inverse of the operation. */
function depthToSpaceGradient(dy: tf.Tensor, x: tf.Tensor, { blockSize }: { blockSize: number }): tf.Tensor {
  const [batch, rows, columns, channels] = x.shape;
  const depth = channels / blockSize ** 2;
  return dy.reshape([batch, rows, blockSize, columns, blockSize, depth]).transpose([0, 1, 3, 2, 4, 5]).reshape(x.shape);
}

interface Convolution3dAttrs {
  readonly strides: [number, number, number] | number;
  readonly pad: "valid" | "same";
}

/** Of `conv3dTranspose` too, which is this kernel. */
const convolution3dInput: tf.GradConfig = {
  kernelName: "Conv3DBackpropInputV2",
  inputsToSave: ["dy", "filter"],
  gradFunc: (d, [dy, filter], attrs) => {
    const { strides, pad } = attrs as Attrs<Convolution3dAttrs>;
    const x = d as tf.Tensor5D;
    return {
      dy: () => tf.conv3d(x, filter as tf.Tensor5D, strides, pad),
      filter: () =>
        tf
          .engine()
          .runKernel<tf.Tensor>("Conv3DBackpropFilterV2", { x, dy }, { strides, pad, filterShape: filter.shape }),
    };
  },
};

const convolution3dFilter: tf.GradConfig = {
  kernelName: "Conv3DBackpropFilterV2",
  inputsToSave: ["x", "dy"],
  gradFunc: (d, [x, dy], attrs) => {
    const { strides, pad } = attrs as Attrs<Convolution3dAttrs>;
    const filter = d as tf.Tensor5D;
    return {
      x: () =>
        tf
          .engine()
          .runKernel<tf.Tensor>("Conv3DBackpropInputV2", { dy, filter }, { strides, pad, inputShape: x.shape }),
      dy: () => tf.conv3d(x as tf.Tensor5D, filter, strides, pad),
    };
  },
};

export const repairedGradients: readonly tf.GradConfig[] = [
  ...resizeGradients,
  gradientOf<{ axis: number; exclusive: boolean; reverse: boolean }>("Cumsum", "x", (dy, _, attrs) =>
    tf.cumsum(dy, attrs.axis, attrs.exclusive, !attrs.reverse),
  ),
  gradientOf("MirrorPad", "x", mirrorPadGradient),
  gradientOf("AvgPool3D", "x", averagePool3dGradient),
  gradientOf("AvgPool3DGrad", "dy", averagePool3dGradientGradient, "input"),
  gradientOf("DepthToSpace", "x", depthToSpaceGradient),
  convolution3dInput,
  convolution3dFilter,
];
