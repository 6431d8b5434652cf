/** The numbers of a layer as an export needs them: by short name, batch norms as one factor and one shift a channel. */
import type * as tf from "@tensorflow/tfjs";
import { resolveConstants, type BatchNormPreset } from "../functions/batch-norm.js";

/** y = scale x + shift, channel by channel. */
export interface Affine {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

export class LayerWeights {
  private readonly weights: ReadonlyMap<string, tf.LayerVariable>;

  constructor(readonly layer: tf.layers.Layer) {
    this.weights = new Map(layer.weights.map((weight) => [weight.originalName.split("/").pop()!, weight]));
  }

  has(name: string): boolean {
    return this.weights.has(name);
  }

  shape(name: string): readonly number[] {
    return this.weights.get(name)!.shape as number[];
  }

  read(name: string): Float32Array {
    return this.weights.get(name)!.read().dataSync<"float32">();
  }

  /** A batch norm by its running statistics; null where the layer has no such. */
  norm(prefix: string): Affine | null {
    if (!this.has(`${prefix}gamma`)) return null;
    const { constants } = this.layer.getConfig() as { constants?: BatchNormPreset };
    const { epsilon } = resolveConstants(constants, this.layer.name);
    const [mean, variance] = [this.read(`${prefix}moving_mean`), this.read(`${prefix}moving_variance`)];
    const beta = this.read(`${prefix}beta`);
    const scale = this.read(`${prefix}gamma`).map((gamma, i) => gamma / Math.sqrt(variance[i] + epsilon));
    return { scale, shift: scale.map((factor, i) => beta[i] - mean[i] * factor) };
  }
}
