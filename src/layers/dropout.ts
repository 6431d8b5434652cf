/** Dropout of whole channels. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import { derivedSeed } from "../core/random.js";
import { Layer, singleShape, singleTensor, type CallOptions, type LayerArgs, type OwnKeys } from "./layer.js";

/** What a `ChannelDropout` layer is made of. */
export interface ChannelDropoutArgs extends LayerArgs {
  /** Share of the channels that are left out, in [0, 1). */
  rate: number;
  /** Makes the layer's n-th choice repeatable. Default: random. */
  seed?: number;
}

const keys: OwnKeys<ChannelDropoutArgs> = {
  rate: true,
  seed: true,
};

/**
 * In training, sets each channel of each image to zero with probability `rate` and divides the others by 1 - rate;
 * otherwise nothing. [B, H, W, C] to the same. Source: Tompson et al., arXiv 1411.4280 ("SpatialDropout"), which is
 * PyTorch's Dropout2d.
 *
 * @throws ConfigError for a rate below 0, or of 1 and more
 */
export class ChannelDropout extends Layer {
  static readonly className = "ChannelDropout";
  private calls = 0;

  constructor(private readonly args: ChannelDropoutArgs) {
    super(args, keys);
    if (!(args.rate >= 0 && args.rate < 1))
      throw new ConfigError(`${this.where}: rate must be from 0 to below 1, got ${args.rate}; use 0.1`);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], { training = false }: CallOptions = {}): tf.Tensor {
    const x = singleTensor(inputs);
    const { rate, seed } = this.args;
    if (!training || rate === 0) return x;
    const [batch, channels] = [x.shape[0], x.shape[x.shape.length - 1]];
    return tf.tidy(() => {
      const shape = [batch, ...x.shape.slice(1, -1).map(() => 1), channels];
      const drawn = tf.randomUniform(shape, 0, 1, "float32", derivedSeed(seed, this.calls++));
      return x.mul(
        drawn
          .greaterEqual(rate)
          .cast("float32")
          .div(1 - rate),
      );
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }
}

tf.serialization.registerClass(ChannelDropout);
