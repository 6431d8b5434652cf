/** Pooling: the maximum with explicit padding, as PyTorch has it, and the average that strides an attention. */
import * as tf from "@tensorflow/tfjs";
import { Layer, singleShape, singleTensor, type LayerArgs } from "./layer.js";

/**
 * Mean over windows of stride x stride that do not overlap. Where the stride does not divide a size, the last rows or columns are
 * dropped, or kept: then the mean is over the places that there are.
 *
 * By reshaping, slicing and adding: the average pooling of TensorFlow.js 4.22's threaded WebAssembly reads out of bounds.
 *
 * @returns [B, H / stride, W / stride, C], rounded down ("drop") or up ("keep")
 */
export function averagePool(x: tf.Tensor4D, stride: number, remainder: "drop" | "keep"): tf.Tensor4D {
  if (stride === 1) return x;
  return tf.tidy(() => {
    const [batch, height, width, channels] = x.shape;
    const round = remainder === "drop" ? Math.floor : Math.ceil;
    const [rows, columns] = [round(height / stride), round(width / stride)];
    const whole = resizeEdges(x, rows * stride, columns * stride);
    const byRow = sumMiddle(whole.reshape([batch * rows, stride, columns * stride * channels]));
    const sums = sumMiddle(byRow.reshape([batch * rows * columns, stride, channels]));
    const pooled = sums.reshape<tf.Tensor4D>([batch, rows, columns, channels]);
    if (rows * stride <= height && columns * stride <= width) return pooled.mul(1 / (stride * stride));
    return pooled.mul(
      inverseCounts(height, rows, stride).mul(inverseCounts(width, columns, stride).transpose([0, 2, 1, 3])),
    );
  });
}

/** Cuts rows and columns at the end, or adds zeros there. */
function resizeEdges(x: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  const [batch, rows, columns, channels] = x.shape;
  if (height < rows || width < columns)
    x = x.slice([0, 0, 0, 0], [batch, Math.min(height, rows), Math.min(width, columns), channels]);
  if (height <= rows && width <= columns) return x;
  return x.pad([
    [0, 0],
    [0, Math.max(0, height - rows)],
    [0, Math.max(0, width - columns)],
    [0, 0],
  ]); // [B, height, width, C]
}

/** [n, stride, m] to [n, m]. */
function sumMiddle(x: tf.Tensor3D): tf.Tensor2D {
  const [first, stride, last] = x.shape;
  const slices = Array.from({ length: stride }, (_, index) => x.slice([0, index, 0], [first, 1, last]));
  return tf.addN<tf.Tensor>(slices).reshape([first, last]);
}

/** 1 / the places in each window along one axis: [1, windows, 1, 1]. */
function inverseCounts(size: number, windows: number, stride: number): tf.Tensor4D {
  const counts = Array.from({ length: windows }, (_, window) => 1 / Math.min(stride, size - window * stride));
  return tf.tensor4d(counts, [1, windows, 1, 1]);
}

export interface MaxPoolArgs extends LayerArgs {
  /** Side of the square window; odd. Default 3. */
  size?: number;
  /** Default 2. */
  stride?: number;
}

/** Maximum over windows of size x size, (size - 1) / 2 places beyond the edge ignored: 3 x 3 with stride 2 in every ResNet. */
export class MaxPool extends Layer {
  static readonly className = "MaxPool";

  constructor(private readonly args: MaxPoolArgs = {}) {
    super(args);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = singleShape(inputShape);
    const { stride = 2 } = this.args;
    const strided = (size: number | null) => (size === null ? null : Math.ceil(size / stride));
    return [batch, strided(height), strided(width), channels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const { size = 3, stride = 2 } = this.args;
    return tf.maxPool(singleTensor(inputs) as tf.Tensor4D, size, stride, size >> 1);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }
}

tf.serialization.registerClass(MaxPool);
