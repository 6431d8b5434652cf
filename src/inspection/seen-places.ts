/** What a place of the output sees of the input, asked of the gradient. */
import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../core/errors.js";

/** Which places of an input one place of the output depends on. */
export interface SeenPlaces {
  /** 1 where the place sees, else 0; row-major over the axes between batch and channels. */
  readonly values: Uint8Array;
  readonly shape: readonly number[];
  /** How many places are seen. */
  readonly count: number;
}

/**
 * Which places of `x` a place of `apply(x)` depends on: those at which its output, mixed over the channels with fixed random
 * weights, has a gradient. For layers whose gradient vanishes nowhere by chance: not after a ReLU that is closed.
 *
 *     seenPlaces((x) => layer.apply(x) as tf.Tensor, x, [3, 5]).count      // x: [1, H, W, C]
 *
 * @param x [1, ...axes, C]
 * @param place of the output, one index for each axis
 * @throws ShapeError where x is no single map, or the place has another number of indices
 */
export function seenPlaces(apply: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, place: readonly number[]): SeenPlaces {
  const axes = x.shape.slice(1, -1);
  if (x.shape[0] !== 1 || axes.length === 0 || place.length !== axes.length)
    throw new ShapeError(
      `seenPlaces: x must be [1, ...axes, C] and the place have an index for each axis, got x [${x.shape.join(", ")}] and ` +
        `[${place.join(", ")}]; give one map and one place of it`,
    );
  const values = tf.tidy(() => {
    const asked = (input: tf.Tensor) => {
      const y = apply(input);
      const one = y.slice([0, ...place, 0], [1, ...place.map(() => 1), y.shape[y.rank - 1]]).flatten();
      return one.mul(tf.randomNormal(one.shape, 0, 1, "float32", 1)).sum();
    };
    return Uint8Array.from(tf.grad(asked)(x).abs().sum(-1).greater(0).dataSync());
  });
  return { values, shape: axes, count: values.reduce((sum, seen) => sum + seen, 0) };
}
