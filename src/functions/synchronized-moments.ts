/**
 * Mean and variance over the images of all processes that train together, from each one's own: what a synchronised norm
 * goes by. Also the statistics of similarities, which are a few numbers a head.
 */
import * as tf from "@tensorflow/tfjs";

/** Mean and variance (biased) of `count` values, of one shape; a value of each for every channel. */
export interface Moments<T extends tf.Tensor = tf.Tensor> {
  readonly mean: T;
  readonly variance: T;
  readonly count: number;
}

/** Puts the sum over all processes in place of the values, at once: every process makes the same calls in the same order. */
export type SumOverAll = (values: Float64Array) => void;

let sumOverAll: SumOverAll | null = null;

/** Does the work, which must be synchronous, with norms that see the images of all processes; null: their own alone. */
export function withSynchronizedNorms<T>(sum: SumOverAll | null, work: () => T): T {
  const before = sumOverAll;
  sumOverAll = sum;
  try {
    return work();
  } finally {
    sumOverAll = before;
  }
}

export const synchronizesNorms = (): boolean => sumOverAll !== null;

/**
 * The moments of all from those of each, with weights n_r / N by the numbers of values:
 *
 *     mean = sum_r n_r mean_r / N        variance = sum_r n_r (variance_r + (mean_r - mean)^2) / N
 *
 * Differentiable: what any process's loss makes of them flows back to every process's own, which takes one sum more. So the
 * gradients of weights, summed over the processes as always, are those of the loss of all.
 */
export function momentsOfAll<T extends tf.Tensor>(own: Moments<T>): Moments<T> {
  const sum = sumOverAll;
  if (sum === null) return own;
  const { count } = own;
  const { shape, size } = own.mean;
  let total = 0;
  const both = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [ofMean, ofVariance] = args as tf.Tensor[];
    const [mean, variance] = [ofMean.dataSync<"float32">(), ofVariance.dataSync<"float32">()];
    const sums = new Float64Array(1 + 2 * size);
    sums[0] = count;
    for (let i = 0; i < size; i++) {
      sums[1 + i] = count * mean[i];
      sums[1 + size + i] = count * (variance[i] + mean[i] ** 2);
    }
    sum(sums);
    total = sums[0];
    const means = sums.subarray(1, 1 + size).map((value) => value / total);
    const variances = sums.subarray(1 + size).map((value, i) => Math.max(0, value / total - means[i] ** 2));
    const value = tf.tensor(Float32Array.from([...means, ...variances]), [2, ...shape]);
    const fromMean = Float32Array.from(mean, (value, i) => 2 * (value - means[i]));
    const gradFunc = (dy: tf.Tensor): tf.Tensor[] => {
      const cotangents = Float64Array.from(dy.dataSync<"float32">());
      sum(cotangents);
      const part = count / total;
      const dVariance = Float32Array.from(cotangents.subarray(size), (value) => part * value);
      const dMean = Float32Array.from(
        cotangents.subarray(0, size),
        (value, i) => part * value + dVariance[i] * fromMean[i],
      );
      return [tf.tensor(dMean, shape), tf.tensor(dVariance, shape)];
    };
    return { value, gradFunc };
  });
  const [mean, variance] = tf.unstack(both(own.mean, own.variance)) as T[];
  return { mean, variance, count: total };
}
