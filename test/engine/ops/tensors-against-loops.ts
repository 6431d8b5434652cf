/** Comparing what a kernel gives with float64 loops: values, and gradients with respect to central differences of the loops. */
import * as tf from "@tensorflow/tfjs";

export type Arrays = Record<string, Float64Array>;

/** Numbers in (-1, 1) that a seed repeats (a linear congruential generator). */
export function randomNumbers(count: number, seed: number): Float64Array {
  let state = (seed * 2654435761) >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // As float32 and back, so that kernel and loops read the same number.
    return Math.fround(state / 2 ** 31 - 1);
  });
}

/** Central differences of `objective` with respect to each of `numbers`, which are changed and put back. */
export function differences(numbers: Float64Array, objective: () => number, step = 1e-5): Float64Array {
  return Float64Array.from(numbers, (value, index) => {
    numbers[index] = value + step;
    const above = objective();
    numbers[index] = value - step;
    const below = objective();
    numbers[index] = value;
    return (above - below) / (2 * step);
  });
}

/** sum over outputs of output * weight. */
export function weigh(outputs: Arrays, weights: Arrays): number {
  return Object.entries(outputs).reduce(
    (total, [name, values]) => values.reduce((sum, value, index) => sum + value * weights[name][index], total),
    0,
  );
}

/** Runs `compute` on tensors: its outputs, and the gradients of {@link weigh} as `d <input>`. */
export function runWithGradients(
  inputs: Record<string, tf.Tensor>,
  compute: (inputs: Record<string, tf.Tensor>) => Record<string, tf.Tensor>,
  weights: Arrays,
): Record<string, Float32Array> {
  const results: Record<string, Float32Array> = {};
  // Nothing is given back from `tidy`, which would look for tensors in every element of it.
  tf.tidy(() => {
    const names = Object.keys(inputs);
    for (const [name, tensor] of Object.entries(compute(inputs))) results[name] = tensor.dataSync<"float32">();
    const gradients = tf.grads((...tensors: tf.Tensor[]) => {
      const outputs = compute(Object.fromEntries(names.map((name, index) => [name, tensors[index]])));
      const weighed = Object.entries(outputs).map(([name, tensor]) =>
        tensor.mul(tf.tensor(Float32Array.from(weights[name]), tensor.shape)).sum(),
      );
      return tf.addN(weighed);
    })(Object.values(inputs));
    names.forEach((name, index) => (results[`d ${name}`] = gradients[index].dataSync<"float32">()));
  });
  return results;
}
