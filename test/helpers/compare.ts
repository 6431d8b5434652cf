/** Comparing numbers by one rule; numbers for tests of kernels, and a kernel beside TensorFlow.js's own JavaScript backend. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { relativeError } from "../../src/verification/compare.js";

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

export const numbers = (tensor: tf.Tensor): Float32Array => tensor.dataSync<"float32">();

const arrayOf = (values: tf.Tensor | ArrayLike<number>): ArrayLike<number> =>
  "dataSync" in values ? values.dataSync() : values;

/**
 * Fails where the {@link relativeError} is over `tolerance`: the one rule by which this project says that numbers are equal,
 * `axial-lab verify` included. What is not finite must be the same.
 */
export function assertClose(
  actual: tf.Tensor | ArrayLike<number>,
  expected: tf.Tensor | ArrayLike<number>,
  tolerance = 3e-6,
  what = "",
): void {
  const [ours, theirs] = [Array.from(arrayOf(actual)), Array.from(arrayOf(expected))];
  assert.equal(ours.length, theirs.length, `${what}: number of values`);
  const special = theirs.findIndex((value, i) => !Number.isFinite(value) && !Object.is(ours[i], value));
  assert.equal(special, -1, `${what}: value ${special} is ${ours[special]}, expected ${theirs[special]}`);
  const finite = <T>(_: T, i: number) => Number.isFinite(theirs[i]);
  const error = relativeError(ours.filter(finite), theirs.filter(finite));
  if (error <= tolerance) return;
  const distance = (i: number) => (Number.isFinite(theirs[i]) ? Math.abs(ours[i] - theirs[i]) : 0);
  const worst = ours.reduce((most, _, i) => (distance(i) <= distance(most) ? most : i), 0);
  assert.fail(
    `${what}: relative error ${error} is over ${tolerance}: value ${worst} is ${ours[worst]}, expected ${theirs[worst]}`,
  );
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
