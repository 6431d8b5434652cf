/**
 * Convolution with explicit padding as functions on tensors, and what TensorFlow.js lacks around it: gradients of
 * groups, of dilation and of a stride without a kernel.
 */
import * as tf from "@tensorflow/tfjs";
import { groupedConvolution } from "../engine/ops/convolution.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** How a convolution goes over its input. */
export interface ConvolutionOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Channel groups that do not see each other. Default 1. */
  readonly groups?: number;
  /** Distance of the places under the kernel. Default 1. Not with a stride. */
  readonly dilation?: number;
}

const keys: KeysOf<ConvolutionOptions> = { stride: true, groups: true, dilation: true };

/**
 * y_o = sum_p x_{stride o + dilation p} kernel_p, with dilation (k - 1) / 2 zeros around. Where the backend has no
 * kernel of ours, a 1 x 1 kernel is computed as a matrix product.
 *
 * @param x [B, H, W, Cin]
 * @param kernel [k, k, Cin / groups, filters], k odd
 * @returns [B, ceil(H / stride), ceil(W / stride), filters]
 * @throws ConfigError for an option that there is not
 * @throws ShapeError where the channels of x or of the result are no multiples of the groups
 */
export function convolution(x: tf.Tensor4D, kernel: tf.Tensor4D, options: ConvolutionOptions = {}): tf.Tensor4D {
  assertKnownKeys("convolution", options, keys);
  const { stride = 1, groups = 1, dilation = 1 } = options;
  const fused = groupedConvolution(x, kernel, { stride, dilation, padding: dilation * (kernel.shape[0] >> 1) });
  return fused ?? spread(x, dilation, (images) => convolve(images, kernel, stride, groups));
}

/** Composed of what TensorFlow.js has. */
function convolve(x: tf.Tensor4D, kernel: tf.Tensor4D, stride: number, groups: number): tf.Tensor4D {
  const [size, , channels, filters] = kernel.shape;
  if (groups > 1) {
    const slices = tf.split<tf.Tensor4D>(x, groups, 3);
    const kernels = tf.split<tf.Tensor4D>(kernel, groups, 3);
    return tf.concat(
      slices.map((slice, group) => convolve(slice, kernels[group], stride, 1)),
      3,
    );
  }
  if (size > 1) return tf.conv2d(x, kernel, stride, size >> 1);
  const kept = subsample(x, stride);
  const [batch, height, width] = kept.shape;
  return kept
    .reshape<tf.Tensor2D>([-1, channels])
    .matMul(kernel.reshape<tf.Tensor2D>([channels, filters])) // [B * H * W, filters]
    .reshape([batch, height, width, filters]);
}

/**
 * Runs a convolution on the d x d images that hold every d-th row and column: together they are one with dilation d,
 * whose gradients TensorFlow.js does not have.
 */
function spread(x: tf.Tensor4D, dilation: number, run: (x: tf.Tensor4D) => tf.Tensor4D): tf.Tensor4D {
  if (dilation === 1) return run(x);
  const beyond = x.shape.slice(1, 3).map((size) => [0, (dilation - (size % dilation)) % dilation]);
  const block = [dilation, dilation];
  const images = tf.spaceToBatchND(x, block, beyond); // [d * d * B, ceil(H / d), ceil(W / d), C]
  return tf.batchToSpaceND(run(images), block, beyond); // [B, H, W, filters]
}

/**
 * Every so-many-th row and column, from the first on: [B, ceil(H / down), ceil(W / across), C] for strides [down, across]
 * (one number for both). By reshaping and slicing, because TensorFlow.js has no gradient for a strided slice.
 */
export function subsample(x: tf.Tensor4D, strides: number | readonly [number, number]): tf.Tensor4D {
  const [down, across] = typeof strides === "number" ? [strides, strides] : strides;
  if (down === 1 && across === 1) return x;
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [Math.ceil(height / down), Math.ceil(width / across)];
  const whole =
    rows * down === height && columns * across === width
      ? x
      : x.pad([
          [0, 0],
          [0, rows * down - height],
          [0, columns * across - width],
          [0, 0],
        ]); // [B, rows * down, columns * across, C]
  return whole
    .reshape<tf.Tensor<tf.Rank.R5>>([batch, rows, down, columns, across * channels])
    .slice([0, 0, 0, 0, 0], [batch, rows, 1, columns, channels])
    .reshape([batch, rows, columns, channels]);
}
