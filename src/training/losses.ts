/** Losses on logits. B: batch, K: classes. */
import * as tf from "@tensorflow/tfjs";

/**
 * Cross entropy with smoothed targets, averaged over the batch:
 *
 *     loss = -1/B sum_b sum_k t_bk log softmax(z_b)_k,    t_bk = (1 - e) [k = y_b] + e / K
 *
 * with logits z [B, K], integer labels y [B] and smoothing e (default 0).
 * Source: Szegedy et al., arXiv 1512.00567, section 7; the same definition as `label_smoothing` in PyTorch.
 */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D, { smoothing = 0 } = {}): tf.Scalar {
  return tf.tidy((): tf.Scalar => {
    const classes = logits.shape[1];
    const targets = tf
      .oneHot(labels, classes)
      .mul(1 - smoothing)
      .add(smoothing / classes); // [B, K]
    return tf.logSoftmax(logits).mul(targets).sum(1).mean<tf.Scalar>().neg();
  });
}
