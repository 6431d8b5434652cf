/** Pooling as a layer: the maximum with explicit padding, as PyTorch has it; the functions are in functions/pooling.ts. */
import * as tf from "@tensorflow/tfjs";
import { maxPool, maxPooledSide, type MaxPoolOptions } from "../functions/pooling.js";
import { Layer, singleShape, singleTensor, type LayerArgs } from "./layer.js";

export interface MaxPoolArgs extends LayerArgs, MaxPoolOptions {}

/** {@link maxPool} as a layer: 3 x 3 with stride 2 in every ResNet. [B, H, W, C] to [B, H / stride, W / stride, C]. */
export class MaxPool extends Layer {
  static readonly className = "MaxPool";

  constructor(private readonly args: MaxPoolArgs = {}) {
    super(args);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = singleShape(inputShape);
    const pooled = (side: number | null) => (side === null ? null : maxPooledSide(side, this.args));
    return [batch, pooled(height), pooled(width), channels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return maxPool(singleTensor(inputs) as tf.Tensor4D, this.args);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }
}

tf.serialization.registerClass(MaxPool);
