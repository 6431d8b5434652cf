/** Comparing tensors in tests of the kernels. */
import assert from "node:assert/strict";
import type * as tf from "@tensorflow/tfjs";

export const numbers = (tensor: tf.Tensor): Float32Array => tensor.dataSync<"float32">();

/** Every element is within `limit` of the expected one, or within `limit` times it where it is larger than 1. */
export function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, limit: number): void {
  assert.equal(actual.length, expected.length);
  for (let index = 0; index < actual.length; index++) {
    const difference = Math.abs(actual[index] - expected[index]);
    const allowed = limit * Math.max(1, Math.abs(expected[index]));
    // NaN fails too.
    if (!(difference <= allowed))
      assert.fail(`element ${index}: expected ${expected[index]} within ${allowed}, got ${actual[index]}`);
  }
}
