/** How weights begin. A layer numbers its random variables: the k-th draws with the k-th seed that follows from its own. */
import * as tf from "@tensorflow/tfjs";
import { derivedSeed } from "../core/random.js";
import type { Initializer } from "./layer.js";

/** Normal with this standard deviation. `seed` undefined: random. */
export function normal(stddev: number, seed: number | undefined, k: number): Initializer {
  return tf.initializers.randomNormal({ mean: 0, stddev, seed: derivedSeed(seed, k) });
}

/** Uniform within 1 / sqrt(fanIn), the default of PyTorch's linear and convolution layers. `seed` undefined: random. */
export function uniformWithin(fanIn: number, seed: number | undefined, k: number): Initializer {
  const limit = 1 / Math.sqrt(fanIn);
  return tf.initializers.randomUniform({ minval: -limit, maxval: limit, seed: derivedSeed(seed, k) });
}
