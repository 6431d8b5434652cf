/** Pooling as layers: the maximum with explicit padding, as PyTorch has it, and the mean; the functions are in functions/pooling.ts. */
import * as tf from "@tensorflow/tfjs";
import { assertPositiveIntegers } from "../core/checks.js";
import { ConfigError } from "../core/errors.js";
import { averageWindows, maxPool, maxPooledSide, type MaxPoolOptions } from "../functions/pooling.js";
import { Layer, singleShape, singleTensor, type LayerArgs, type OwnKeys } from "./layer.js";

/** What a `MaxPool` layer is made of. */
export interface MaxPoolArgs extends LayerArgs, MaxPoolOptions {}

const keys: OwnKeys<MaxPoolArgs> = {
  size: true,
  stride: true,
  padding: true,
  ceil: true,
};

/**
 * {@link maxPool} as a layer: 3 x 3 with stride 2 in every ResNet. [B, H, W, C] to [B, H / stride, W / stride, C].
 *
 * @throws ConfigError for sizes that are no whole numbers from 1, and for a padding below 0
 */
export class MaxPool extends Layer {
  static readonly className = "MaxPool";

  private readonly options: MaxPoolOptions;

  constructor(private readonly args: MaxPoolArgs = {}) {
    super(args, keys);
    const { size = 3, stride = 2, padding, ceil } = args;
    this.options = { size, stride, padding, ceil };
    assertPositiveIntegers(this.where, { size, stride });
    if (padding !== undefined && (!Number.isInteger(padding) || padding < 0))
      throw new ConfigError(`${this.where}: padding must be a whole number of places, got ${padding}; use 0 or more`);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = singleShape(inputShape);
    const pooled = (side: number | null) => (side === null ? null : maxPooledSide(side, this.options));
    return [batch, pooled(height), pooled(width), channels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return maxPool(singleTensor(inputs) as tf.Tensor4D, this.options);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }
}

tf.serialization.registerClass(MaxPool);

/** What an `AveragePool` layer is made of. */
export interface AveragePoolArgs extends LayerArgs {
  /** Rows and columns of the window, or `all` for the whole map. Default `all`. */
  window?: "all" | [number, number];
}

const averageKeys: OwnKeys<AveragePoolArgs> = { window: true };

/**
 * {@link averageWindows} as a layer. [B, H, W, C] to [B, 1, 1, C], or to every place where the window fits.
 *
 * @throws ConfigError for an option that there is not
 */
export class AveragePool extends Layer {
  static readonly className = "AveragePool";

  constructor(private readonly args: AveragePoolArgs = {}) {
    super(args, averageKeys);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = singleShape(inputShape);
    const { window = "all" } = this.args;
    if (window === "all") return [batch, 1, 1, channels];
    const pooled = (side: number | null, size: number) => (side === null ? null : side - size + 1);
    return [batch, pooled(height, window[0]), pooled(width, window[1]), channels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return averageWindows(singleTensor(inputs) as tf.Tensor4D, this.args.window ?? "all");
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }
}

tf.serialization.registerClass(AveragePool);
