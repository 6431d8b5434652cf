/**
 * What batch norms on the similarities of any attention go by: mean and variance of the terms of the logits, and the factors
 * that follow from them. Letters: N heads.
 */
import * as tf from "@tensorflow/tfjs";
import type { SimilarityNorm, SimilarityStatistics } from "../engine/ops/attention.js";
import { fusedNormFactors } from "../engine/ops/norm-factors.js";

/** gamma / sqrt(variance + epsilon), of the shape of both: all that a softmax over each row sees of a batch norm. */
export function normFactors({ gamma, epsilon }: SimilarityNorm, variance: tf.Tensor2D): tf.Tensor2D {
  return fusedNormFactors(gamma, variance, epsilon) ?? gamma.mul<tf.Tensor2D>(variance.add(epsilon).rsqrt());
}

/**
 * Mean and biased variance, per head, of each of the three terms, in two passes over them.
 *
 * @param terms of any one shape; null: left out, and zero
 * @param average over all pairs that count, [N]
 * @param perHead the shape in which [N] numbers broadcast against a term
 * @returns [3, N] each
 */
export function composedStatistics(
  terms: readonly (tf.Tensor | null)[],
  average: (term: tf.Tensor) => tf.Tensor,
  perHead: readonly [...number[]],
): SimilarityStatistics {
  return tf.tidy(() => {
    const means = terms.map((term) => term && average(term));
    const variances = terms.map(
      (term, index) => term && average(term.sub(means[index]!.reshape([...perHead])).square()),
    );
    const none = tf.zerosLike(means.find((mean) => mean !== null)!); // [N]
    const stack = (rows: readonly (tf.Tensor | null)[]) => tf.stack(rows.map((row) => row ?? none)) as tf.Tensor2D; // [3, N]
    return { mean: stack(means), variance: stack(variances) };
  });
}
