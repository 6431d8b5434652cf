/** Layer normalisation over the channels of each place, as a function on tensors. */
import * as tf from "@tensorflow/tfjs";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** The constant of a layer norm, and where it goes. */
export interface LayerNormOptions {
  /** Default 1e-5, as in PyTorch. */
  readonly epsilon?: number;
  /**
   * Where epsilon goes: `inside` the root, 1 / sqrt(variance + epsilon) (default), or `outside`, 1 / (sqrt(variance) + epsilon), as the
   * `axial-attention` package has it.
   */
  readonly epsilonPlace?: "inside" | "outside";
}

const keys: KeysOf<LayerNormOptions> = { epsilon: true, epsilonPlace: true };

/** Keeps the root's gradient finite where all channels of a place are equal; far below any variance that matters. */
const smallestVariance = 1e-24;

/**
 * y = (x - mean) / sqrt(variance + epsilon) * gamma + beta over the last axis, with the biased variance.
 *
 * @param x [..., C]
 * @param gamma [C]
 * @param beta [C]
 * @returns the shape of x
 * @throws ConfigError for an option that there is not
 */
export function layerNorm<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  options: LayerNormOptions = {},
): T {
  assertKnownKeys("layerNorm", options, keys);
  const { epsilon = 1e-5, epsilonPlace = "inside" } = options;
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
