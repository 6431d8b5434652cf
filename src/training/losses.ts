/** Losses on logits. B: batch, H x W: places, K: classes. */
import * as tf from "@tensorflow/tfjs";
import { assertKnownKeys } from "../core/options.js";

/**
 * Cross entropy with smoothed targets, averaged over the batch:
 *
 *     loss = -1/B sum_b sum_k t_bk log softmax(z_b)_k,    t_bk = (1 - e) [k = y_b] + e / K
 *
 * with logits z [B, K], integer labels y [B] and smoothing e (default 0).
 * Source: Szegedy et al., arXiv 1512.00567, section 7; the same definition as `label_smoothing` in PyTorch.
 *
 * @throws ConfigError for an option that there is not
 */
export function crossEntropy(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  options: { readonly smoothing?: number } = {},
): tf.Scalar {
  assertKnownKeys("crossEntropy", options, { smoothing: true });
  const { smoothing = 0 } = options;
  return tf.tidy((): tf.Scalar => {
    const classes = logits.shape[1];
    const targets = tf
      .oneHot(labels, classes)
      .mul(1 - smoothing)
      .add(smoothing / classes); // [B, K]
    return tf.logSoftmax(logits).mul(targets).sum(1).mean<tf.Scalar>().neg();
  });
}

/**
 * Cross entropy of the places that have a label, summed, and how many of them are right:
 *
 *     loss = -sum_p log softmax(z_p)_{y_p}      over places p with y_p >= 0
 *
 * with logits z [B, H, W, K] and labels y [B, H, W], -1 for none. `right` counts the places whose label has the highest
 * logit, as a float.
 */
export function maskedCrossEntropy(logits: tf.Tensor4D, labels: tf.Tensor3D): { sum: tf.Scalar; right: tf.Scalar } {
  return tf.tidy(() => {
    // A label of -1 is the index of no class: a row of zeros.
    const targets = tf.oneHot(labels, logits.shape[3]); // [B, H, W, K]
    const sum = tf.logSoftmax(logits).mul(targets).sum<tf.Scalar>().neg();
    const right = logits.argMax(3).equal(labels).cast("float32").sum<tf.Scalar>();
    return { sum, right };
  });
}
