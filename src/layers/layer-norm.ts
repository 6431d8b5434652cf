/** Layer normalisation as a layer; the function is in functions/layer-norm.ts. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import { layerNorm, type LayerNormOptions } from "../functions/layer-norm.js";
import { channelsOf, Layer, singleShape, singleTensor, type LayerArgs } from "./layer.js";

export interface LayerNormArgs extends LayerArgs, LayerNormOptions {}

/** {@link layerNorm} as a layer: [..., C] to the same, gamma one and beta zero at the start. */
export class LayerNorm extends Layer {
  static readonly className = "LayerNorm";
  private gamma!: tf.LayerVariable;
  private beta!: tf.LayerVariable;

  constructor(private readonly args: LayerNormArgs = {}) {
    super(args);
    const { epsilon = 1e-5, epsilonPlace = "inside" } = args;
    if (!(epsilon > 0)) throw new ConfigError(`LayerNorm ${this.name}: epsilon must be positive, got ${epsilon}`);
    if (epsilonPlace !== "inside" && epsilonPlace !== "outside")
      throw new ConfigError(
        `LayerNorm ${this.name}: epsilonPlace must be "inside" or "outside", got ${String(epsilonPlace)}`,
      );
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = channelsOf(singleShape(inputShape));
    if (channels === null)
      throw new ConfigError(`LayerNorm ${this.name}: the number of channels must be known, got null`);
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

tf.serialization.registerClass(LayerNorm);
