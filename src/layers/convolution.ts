/**
 * Convolution with explicit padding as a layer, as PyTorch has it: k >> 1 zeros on every side; the function is in
 * functions/convolution.ts. TensorFlow.js's own layer knows "same" only, which pads even sizes on one side when striding
 * and so gives other numbers.
 */
import * as tf from "@tensorflow/tfjs";
import { assertPositiveIntegers } from "../core/checks.js";
import { ConfigError } from "../core/errors.js";
import { deferredConvolution } from "../engine/ops/convolution.js";
import { convolution } from "../functions/convolution.js";
import { normal } from "./initializers.js";
import {
  channelsOf,
  Layer,
  singleShape,
  singleTensor,
  type CallOptions,
  type LayerArgs,
  type OwnKeys,
} from "./layer.js";
import { BatchNorm } from "./batch-norm.js";

/** What a `Convolution` layer is made of. */
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
  /** Standard deviation of the initial kernel. Default sqrt(2 / (k k filters)), "Kaiming, fan out". */
  initialDeviation?: number;
  /** Makes the initial weights repeatable. Default: random. */
  seed?: number;
}

const keys: OwnKeys<ConvolutionArgs> = {
  filters: true,
  kernelSize: true,
  stride: true,
  groups: true,
  dilation: true,
  bias: true,
  initialDeviation: true,
  seed: true,
};

/**
 * {@link convolution} as a layer: [B, H, W, Cin] with dilation (k - 1) / 2 zeros around, to [B, ceil(H / stride), ceil(W / stride),
 * filters].
 *
 * @throws ConfigError for an even kernel, for filters that the groups do not divide, and for dilation with a stride
 */
export class Convolution extends Layer {
  static readonly className = "Convolution";
  private readonly args: ConvolutionArgs;
  private kernel!: tf.LayerVariable;
  private bias: tf.LayerVariable | null = null;

  constructor(args: ConvolutionArgs) {
    super(args, keys);
    this.args = args;
    const { filters, kernelSize = 1, groups = 1, stride = 1, dilation = 1 } = args;
    assertPositiveIntegers(this.where, { filters, kernelSize, groups, stride });
    if (!Number.isInteger(dilation) || dilation < 1 || (dilation > 1 && stride > 1))
      throw new ConfigError(
        `${this.where}: dilation must be a positive integer, and 1 where there is a stride, ` +
          `got dilation=${dilation}, stride=${stride}; leave one out`,
      );
    if (kernelSize % 2 !== 1)
      throw new ConfigError(`${this.where}: kernelSize must be odd, got ${kernelSize}; use ${kernelSize + 1}`);
    if (filters % groups !== 0)
      throw new ConfigError(
        `${this.where}: filters must be a multiple of groups, got filters=${filters}, groups=${groups}; use ${Math.ceil(filters / groups) * groups}`,
      );
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const { filters, kernelSize = 1, groups = 1, seed } = this.args;
    const { initialDeviation = Math.sqrt(2 / (kernelSize * kernelSize * filters)) } = this.args;
    const channels = channelsOf(singleShape(inputShape));
    if (channels === null || channels % groups !== 0)
      throw new ConfigError(
        `${this.where}: input channels must be known and a multiple of groups, got ${channels} channels, groups=${groups}; change groups`,
      );
    const initializer = normal(initialDeviation, seed, 0);
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
      const y = convolution(x, kernel, { stride, groups, dilation });
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

tf.serialization.registerClass(Convolution);
