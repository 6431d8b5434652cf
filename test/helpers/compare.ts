/** Numbers for kernel tests, and comparing a kernel with TensorFlow.js's own JavaScript backend. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";

/** Repeatable values, roughly normal, from the sines of whole numbers. */
export function values(count: number, seed: number, { mean = 0, deviation = 1 } = {}): Float32Array {
  const sine = (index: number): number => {
    const x = Math.sin(index * 12.9898 + seed * 78.233) * 43758.5453;
    return x - Math.floor(x);
  };
  return Float32Array.from({ length: count }, (_, index) => {
    const sum = sine(index * 3) + sine(index * 3 + 1) + sine(index * 3 + 2) - 1.5; // variance 1/4
    return mean + deviation * 2 * sum;
  });
}

/** A tensor of {@link values}. */
export function tensor<R extends tf.Rank>(shape: tf.ShapeMap[R], seed: number, spread = {}): tf.Tensor<R> {
  return tf.tensor<R>(values(tf.util.sizeFromShape(shape), seed, spread), shape);
}

/** What `compute` gives, as arrays; no tensor is left behind. */
export function evaluate(compute: () => tf.Tensor | tf.Tensor[]): (Float32Array | Int32Array | Uint8Array)[] {
  return tf.tidy(() => [compute()].flat().map((result) => result.dataSync<"float32">()));
}

/** The same on TensorFlow.js's JavaScript backend. */
export async function evaluateOnCpu(compute: () => tf.Tensor | tf.Tensor[]): Promise<ReturnType<typeof evaluate>> {
  const backend = tf.getBackend();
  await tf.setBackend("cpu");
  try {
    return evaluate(compute);
  } finally {
    await tf.setBackend(backend);
  }
}

/** Each value must be within `tolerance` of the expected one, relative to the largest that is expected. */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "",
): void {
  assert.equal(actual.length, expected.length, `${what}: number of values`);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]));
  }
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i]) || actual[i] === expected[i]) continue;
    const error = Math.abs(actual[i] - expected[i]);
    assert.ok(error <= tolerance * largest, `${what}: value ${i}: ${actual[i]}, expected ${expected[i]}`);
  }
}

/** `compute` must give on the current backend what it gives on the JavaScript backend, twice the same bits, and leak nothing. */
export async function assertEqualsCpu(compute: () => tf.Tensor | tf.Tensor[], tolerance: number): Promise<void> {
  const before = tf.memory().numTensors;
  const actual = evaluate(compute);
  assert.deepEqual(evaluate(compute), actual, "a second run gives the same bits");
  const expected = await evaluateOnCpu(compute);
  assert.equal(tf.memory().numTensors, before, "no tensor is left behind");
  assert.equal(actual.length, expected.length);
  actual.forEach((result, index) => assertClose(result, expected[index], tolerance, `result ${index}`));
}
