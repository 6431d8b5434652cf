/**
 * Convolution with explicit padding, as PyTorch has it: k >> 1 zeros on every side. TensorFlow.js's
 * own layer knows "same" only, which pads even sizes on one side when striding and so gives other numbers.
 */
import * as tf from "@tensorflow/tfjs";
import { groupedConvolution } from "../engine/ops/convolution.js";
import { deferredConvolution } from "../engine/ops/deferred-convolution.js";
import { ConfigError } from "../core/errors.js";
import { channelsOf, Layer, singleShape, singleTensor, type CallOptions, type LayerArgs } from "./layer.js";
import { BatchNorm } from "./batch-norm.js";

export interface ConvolutionArgs extends LayerArgs {
  /** Output channels. */
  filters: number;
  /** Side of the square kernel; odd. Default 1. */
  kernelSize?: number;
  /** Default 1. */
  stride?: number;
  /** Channel groups that do not see each other (ResNeXt). Default 1. */
  groups?: number;
  /** Distance of the places under the kernel: 2 leaves every other out. Default 1. Not with a stride. */
  dilation?: number;
  /** Default false: a batch norm follows. */
  bias?: boolean;
  /** Makes the initial weights repeatable. Default: random. */
  seed?: number;
}

/**
 * Convolution over [B, H, W, Cin] with dilation (k - 1) / 2 zeros around, to [B, ceil(H / stride), ceil(W / stride), filters].
 * Where the backend has no kernel of ours, a 1 x 1 kernel is computed as a matrix product. Initial weights: normal with
 * variance 2 / (k k filters), "Kaiming, fan out".
 */
export class Convolution extends Layer {
  static readonly className = "Convolution";
  private readonly args: ConvolutionArgs;
  private kernel!: tf.LayerVariable;
  private bias: tf.LayerVariable | null = null;

  constructor(args: ConvolutionArgs) {
    super(args);
    this.args = args;
    const { filters, kernelSize = 1, groups = 1, stride = 1, dilation = 1 } = args;
    if (!Number.isInteger(dilation) || dilation < 1 || (dilation > 1 && stride > 1))
      throw new ConfigError(
        `Convolution ${this.name}: dilation must be a positive integer, and 1 where there is a stride, ` +
          `got dilation=${dilation}, stride=${stride}; leave one out`,
      );
    if (kernelSize % 2 !== 1)
      throw new ConfigError(
        `Convolution ${this.name}: kernelSize must be odd, got ${kernelSize}; use ${kernelSize + 1}`,
      );
    if (filters % groups !== 0)
      throw new ConfigError(
        `Convolution ${this.name}: filters must be a multiple of groups, got ${filters} and ${groups}`,
      );
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const { filters, kernelSize = 1, groups = 1, seed } = this.args;
    const channels = channelsOf(singleShape(inputShape));
    if (channels === null || channels % groups !== 0)
      throw new ConfigError(
        `Convolution ${this.name}: input channels must be known and a multiple of groups, got ${channels} and ${groups}`,
      );
    const stddev = Math.sqrt(2 / (kernelSize * kernelSize * filters));
    const initializer = tf.initializers.randomNormal({ mean: 0, stddev, seed });
    this.kernel = this.add("kernel", [kernelSize, kernelSize, channels / groups, filters], initializer, true);
    if (this.args.bias === true) this.bias = this.add("bias", [filters], tf.initializers.zeros(), true);
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width] = singleShape(inputShape);
    const { stride = 1, filters } = this.args;
    const strided = (size: number | null) => (size === null ? null : Math.ceil(size / stride));
    return [batch, strided(height), strided(width), filters];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], { training = false }: CallOptions = {}): tf.Tensor {
    return tf.tidy(() => {
      const { stride = 1, groups = 1, dilation = 1, kernelSize = 1 } = this.args;
      const x = singleTensor(inputs) as tf.Tensor4D;
      const kernel = this.kernel.read() as tf.Tensor4D;
      if (!training && this.bias === null && dilation === 1 && this.feedsBatchNorm()) {
        const deferred = deferredConvolution(x, kernel, { stride, padding: kernelSize >> 1 });
        if (deferred !== null) return deferred;
      }
      const y = spread(x, dilation, (images) => convolve(images, kernel, { stride, groups }));
      return this.bias === null ? y : y.add(this.bias.read());
    });
  }

  /** Whether some model has a batch norm behind this layer, which in evaluation mode takes the convolution over. */
  private feedsBatchNorm(): boolean {
    return this.outboundNodes.some(({ outboundLayer }) => outboundLayer instanceof BatchNorm);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }
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
 * x [B, H, W, Cin] * kernel [k, k, Cin / groups, filters], zeros around:
 * [B, ceil(H / stride), ceil(W / stride), filters].
 */
export function convolve(
  x: tf.Tensor4D,
  kernel: tf.Tensor4D,
  { stride, groups }: { stride: number; groups: number },
): tf.Tensor4D {
  const [size, , channels, filters] = kernel.shape;
  const fused = groupedConvolution(x, kernel, { stride, padding: size >> 1 });
  if (fused !== null) return fused;
  if (groups > 1) {
    const slices = tf.split<tf.Tensor4D>(x, groups, 3);
    const kernels = tf.split<tf.Tensor4D>(kernel, groups, 3);
    return tf.concat(
      slices.map((slice, group) => convolve(slice, kernels[group], { stride, groups: 1 })),
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
 * Every stride-th row and column, from the first on: [B, ceil(H / stride), ceil(W / stride), C]. By reshaping and
 * slicing, because TensorFlow.js has no gradient for a strided slice.
 */
export function subsample(x: tf.Tensor4D, stride: number): tf.Tensor4D {
  if (stride === 1) return x;
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  const whole =
    rows * stride === height && columns * stride === width
      ? x
      : x.pad([
          [0, 0],
          [0, rows * stride - height],
          [0, columns * stride - width],
          [0, 0],
        ]); // [B, rows * stride, columns * stride, C]
  return whole
    .reshape<tf.Tensor<tf.Rank.R5>>([batch, rows, stride, columns, stride * channels])
    .slice([0, 0, 0, 0, 0], [batch, rows, 1, columns, channels])
    .reshape([batch, rows, columns, channels]);
}

tf.serialization.registerClass(Convolution);
