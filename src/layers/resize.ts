/** Changes of a map's size as layers; the functions are in functions/resize.ts and functions/convolution.ts. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import { subsample } from "../functions/convolution.js";
import { resizeBilinear } from "../functions/resize.js";
import { Layer, singleShape, singleTensor, type LayerArgs, type OwnKeys } from "./layer.js";

/**
 * {@link resizeBilinear} to the size of another map: [B, h, w, C] and [B, H, W, D] give [B, H, W, C].
 *
 * @throws ConfigError for an option that there is not
 */
export class ResizeLike extends Layer {
  static readonly className = "ResizeLike";

  constructor(private readonly args: LayerArgs = {}) {
    super(args, {});
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [[batch, , , channels], [, height, width]] = inputShape as tf.Shape[];
    return [batch, height, width, channels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    if (!Array.isArray(inputs) || inputs.length !== 2)
      throw new ConfigError(`${this.where}: takes two maps, got one; give the map whose size is wanted second`);
    const [x, like] = inputs as tf.Tensor4D[];
    return resizeBilinear(x, [like.shape[1], like.shape[2]]);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }
}

tf.serialization.registerClass(ResizeLike);

/** What a `Subsample` layer is made of. */
export interface SubsampleArgs extends LayerArgs {
  /** Distance of the rows and of the columns that stay. */
  strides: [number, number];
}

const keys: OwnKeys<SubsampleArgs> = { strides: true };

/**
 * {@link subsample} as a layer. [B, H, W, C] to [B, ceil(H / down), ceil(W / across), C].
 *
 * @throws ConfigError for strides that are no whole numbers from 1
 */
export class Subsample extends Layer {
  static readonly className = "Subsample";

  constructor(private readonly args: SubsampleArgs) {
    super(args, keys);
    if (!args.strides.every((stride) => Number.isInteger(stride) && stride >= 1))
      throw new ConfigError(
        `${this.where}: strides must be two whole numbers from 1, got ${args.strides.join(", ")}; use [2, 1]`,
      );
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = singleShape(inputShape);
    const kept = (side: number | null, stride: number) => (side === null ? null : Math.ceil(side / stride));
    return [batch, kept(height, this.args.strides[0]), kept(width, this.args.strides[1]), channels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => subsample(singleTensor(inputs) as tf.Tensor4D, this.args.strides).clone());
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }
}

tf.serialization.registerClass(Subsample);
