/** How far apart two results are, and how alike two fields. */
import type * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../core/errors.js";

/**
 * The largest absolute difference of two tensors' numbers: 0 where they agree to the last bit, not-a-number where either has
 * one.
 *
 *     largestDifference(byHand, layer.apply(x))       // 2.9e-7: equal to rounding
 *
 * Leaves no tensors behind.
 *
 * @throws ShapeError where the tensors have not one shape
 */
export function largestDifference(a: tf.Tensor, b: tf.Tensor): number {
  if (a.shape.join() !== b.shape.join())
    throw new ShapeError(
      `largestDifference: tensors must have one shape, got [${a.shape.join(", ")}] and [${b.shape.join(", ")}]; ` +
        `reshape one of them`,
    );
  const [as, bs] = [a.dataSync(), b.dataSync()];
  let largest = 0;
  for (let i = 0; i < as.length; i++) {
    const difference = Math.abs(as[i] - bs[i]);
    if (Number.isNaN(difference)) return NaN;
    largest = Math.max(largest, difference);
  }
  return largest;
}

/**
 * Pearson's correlation of two lists of numbers, such as two fields of attention: 1 where one is the other scaled and
 * shifted, 0 where they have nothing to do with each other, -1 where one is high as the other is low. Not-a-number where
 * a list is constant.
 *
 * @throws ShapeError where the lists have not one length
 */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length)
    throw new ShapeError(
      `correlation: lists must have one length, got ${a.length} and ${b.length}; compare fields of one map`,
    );
  const mean = (list: ArrayLike<number>): number =>
    Array.from(list).reduce((sum, value) => sum + value, 0) / list.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [a[i] - meanA, b[i] - meanB];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return ab / Math.sqrt(aa * bb);
}
