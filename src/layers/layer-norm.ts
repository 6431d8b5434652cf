/** Layer normalisation as a layer; the function is in functions/layer-norm.ts. */
import * as tf from "@tensorflow/tfjs";
import { assertOneOf } from "../core/checks.js";
import { ConfigError } from "../core/errors.js";
import { layerNorm, type LayerNormOptions } from "../functions/layer-norm.js";
import { channelsOf, Layer, singleShape, singleTensor, type LayerArgs, type OwnKeys } from "./layer.js";

/** What a `LayerNorm` layer is made of. */
export interface LayerNormArgs extends LayerArgs, LayerNormOptions {}

const keys: OwnKeys<LayerNormArgs> = {
  epsilon: true,
  epsilonPlace: true,
};

/**
 * {@link layerNorm} as a layer: [..., C] to the same, gamma one and beta zero at the start.
 *
 * @throws ConfigError for an epsilon that is not positive
 */
export class LayerNorm extends Layer {
  static readonly className = "LayerNorm";
  private gamma!: tf.LayerVariable;
  private beta!: tf.LayerVariable;

  constructor(private readonly args: LayerNormArgs = {}) {
    super(args, keys);
    const { epsilon = 1e-5, epsilonPlace = "inside" } = args;
    if (!(epsilon > 0)) throw new ConfigError(`${this.where}: epsilon must be positive, got ${epsilon}; use 1e-5`);
    assertOneOf(this.where, "epsilonPlace", epsilonPlace, ["inside", "outside"]);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = channelsOf(singleShape(inputShape));
    if (channels === null)
      throw new ConfigError(
        `${this.where}: the number of channels must be known, got null; give the input a last axis of fixed size`,
      );
    this.gamma = this.add("gamma", [channels], tf.initializers.ones(), true);
    this.beta = this.add("beta", [channels], tf.initializers.zeros(), true);
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const { epsilon, epsilonPlace } = this.args;
    return layerNorm(singleTensor(inputs), this.gamma.read(), this.beta.read(), { epsilon, epsilonPlace });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }
}

tf.serialization.registerClass(LayerNorm);
