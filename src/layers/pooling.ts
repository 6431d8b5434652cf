/** Pooling as layers: the maximum with explicit padding, as PyTorch has it, and the mean; the functions are in functions/pooling.ts. */
import * as tf from "@tensorflow/tfjs";
import { assertPositiveIntegers } from "../core/checks.js";
import { ConfigError } from "../core/errors.js";
import { averagePool, averageWindows, maxPool, maxPooledSide, type MaxPoolOptions } from "../functions/pooling.js";
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
  /** Side of square windows side by side, which takes the place of `window`; the last has what is left. Default: none. */
  stride?: number;
}

const averageKeys: OwnKeys<AveragePoolArgs> = { window: true, stride: true };

/**
 * {@link averageWindows}, or with a stride {@link averagePool}, as a layer. [B, H, W, C] to [B, 1, 1, C] or to every place where the
 * window fits; with a stride to [B, ceil(H / stride), ceil(W / stride), C].
 *
 * @throws ConfigError for an option that there is not, for both a window and a stride, and for a stride that is no whole number
 *   from 1
 */
export class AveragePool extends Layer {
  static readonly className = "AveragePool";

  constructor(private readonly args: AveragePoolArgs = {}) {
    super(args, averageKeys);
    const { window, stride } = args;
    if (stride === undefined) return;
    assertPositiveIntegers(this.where, { stride });
    if (window !== undefined)
      throw new ConfigError(
        `${this.where}: only one of window and stride can be given, got ${String(window)} and ${stride}; leave one out`,
      );
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = singleShape(inputShape);
    const { window = "all", stride } = this.args;
    if (stride !== undefined) {
      const strided = (side: number | null) => (side === null ? null : Math.ceil(side / stride));
      return [batch, strided(height), strided(width), channels];
    }
    if (window === "all") return [batch, 1, 1, channels];
    const pooled = (side: number | null, size: number) => (side === null ? null : side - size + 1);
    return [batch, pooled(height, window[0]), pooled(width, window[1]), channels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = singleTensor(inputs) as tf.Tensor4D;
    const { window = "all", stride } = this.args;
    return stride === undefined ? averageWindows(x, window) : averagePool(x, stride, "keep").clone();
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }
}

tf.serialization.registerClass(AveragePool);
