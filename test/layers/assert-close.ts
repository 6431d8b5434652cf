import assert from "node:assert/strict";
import type * as tf from "@tensorflow/tfjs";

/** Fails where some number differs by more than `tolerance` times the largest magnitude expected (at least 1). */
export function assertClose(
  actual: tf.Tensor | ArrayLike<number>,
  expected: tf.Tensor | ArrayLike<number>,
  tolerance = 3e-6,
  what = "",
): void {
  const [a, b] = [numbers(actual), numbers(expected)];
  assert.equal(a.length, b.length, `${what} number of elements`);
  let largest = 1;
  for (let i = 0; i < b.length; i++) largest = Math.max(largest, Math.abs(b[i]));
  for (let i = 0; i < b.length; i++)
    assert.ok(Math.abs(a[i] - b[i]) <= tolerance * largest, `${what} element ${i}: ${a[i]} is not ${b[i]}`);
}

function numbers(values: tf.Tensor | ArrayLike<number>): ArrayLike<number> {
  return "dataSync" in values ? values.dataSync() : values;
}
