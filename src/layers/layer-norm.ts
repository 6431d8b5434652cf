/** Layer normalisation over the channels of each place. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import { channelsOf, Layer, singleShape, singleTensor, type LayerArgs } from "./layer.js";

export interface LayerNormOptions {
  /** Default 1e-5, as in PyTorch. */
  readonly epsilon?: number;
  /**
   * Where epsilon goes: `inside` the root, 1 / sqrt(variance + epsilon) (default), or `outside`, 1 / (sqrt(variance) + epsilon), as the
   * `axial-attention` package has it.
   */
  readonly epsilonPlace?: "inside" | "outside";
}

/** Keeps the root's gradient finite where all channels of a place are equal; far below any variance that matters. */
const smallestVariance = 1e-24;

/**
 * y = (x - mean) / sqrt(variance + epsilon) * gamma + beta over the last axis, with the biased variance.
 *
 * @param x [..., C]
 * @param gamma [C]
 * @param beta [C]
 */
export function layerNorm<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { epsilon = 1e-5, epsilonPlace = "inside" }: LayerNormOptions = {},
): T {
  return tf.tidy(() => {
    const centred = x.sub(x.mean(-1, true));
    const variance = centred.square().mean(-1, true);
    const scaled =
      epsilonPlace === "inside"
        ? centred.mul(variance.add(epsilon).rsqrt())
        : centred.div(variance.add(smallestVariance).sqrt().add(epsilon));
    return scaled.mul(gamma).add(beta);
  });
}

export interface ChannelLayerNormArgs extends LayerArgs, LayerNormOptions {}

/** {@link layerNorm} as a layer: [..., C] to the same, gamma one and beta zero at the start. */
export class ChannelLayerNorm extends Layer {
  static readonly className = "ChannelLayerNorm";
  private gamma!: tf.LayerVariable;
  private beta!: tf.LayerVariable;

  constructor(private readonly args: ChannelLayerNormArgs = {}) {
    super(args);
    const { epsilon = 1e-5, epsilonPlace = "inside" } = args;
    if (!(epsilon > 0))
      throw new ConfigError(`ChannelLayerNorm ${this.name}: epsilon must be positive, got ${epsilon}`);
    if (epsilonPlace !== "inside" && epsilonPlace !== "outside")
      throw new ConfigError(
        `ChannelLayerNorm ${this.name}: epsilonPlace must be "inside" or "outside", got ${String(epsilonPlace)}`,
      );
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = channelsOf(singleShape(inputShape));
    if (channels === null)
      throw new ConfigError(`ChannelLayerNorm ${this.name}: the number of channels must be known, got null`);
    this.gamma = this.add("gamma", [channels], tf.initializers.ones(), true);
    this.beta = this.add("beta", [channels], tf.initializers.zeros(), true);
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return layerNorm(singleTensor(inputs), this.gamma.read(), this.beta.read(), this.args);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }
}

tf.serialization.registerClass(ChannelLayerNorm);
