/**
 * Mixup: each image is seen together with another one of its batch, and so is its class. Source: Zhang et al., arXiv 1710.09412,
 * section 2; as there in practice, one share for a batch, and pairs within it.
 */
import * as tf from "@tensorflow/tfjs";
import type { Random } from "../../core/random.js";
import type { ImageBatch } from "../../data/dataset.js";

/**
 * The share of an image in its mixture, at least a half: s or 1 - s, s drawn from Beta(alpha, alpha), 0 < alpha <= 1, by Jöhnk's
 * rejection (Metrika 8, 1964). Which of two mixed images is called the first makes no difference.
 */
export function drawShare(alpha: number, random: Random): number {
  for (;;) {
    const [x, y] = [random.uniform() ** (1 / alpha), random.uniform() ** (1 / alpha)];
    if (x + y > 0 && x + y <= 1) return Math.max(x, y) / (x + y);
  }
}

/** share x_b + (1 - share) x_{B - 1 - b}: [B, H, W, 3]. Batches come in random order, so that a pair is one of chance. */
export function mixedImages({ images, shape }: ImageBatch, share: number): tf.Tensor4D {
  return tf.tidy(() => {
    const x = tf.tensor4d(images, [...shape]);
    return x.mul(share).add(x.reverse(0).mul(1 - share));
  });
}
