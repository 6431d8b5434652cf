/**
 * Part of a network whose activations are not kept for the backward pass but made anew there from its input: less memory
 * for one more forward pass of the part. Chen et al., Training Deep Nets with Sublinear Memory Cost, arXiv 1604.06174
 * ("activation checkpointing" in PyTorch, "rematerialization" in JAX, `recompute_grad` in TensorFlow and deeplab2).
 */
import * as tf from "@tensorflow/tfjs";
import { gradientsWithin } from "../engine/gradients.js";
import { withoutRunningUpdates } from "./batch-norm.js";

/**
 * apply(x), whose gradients are those of `apply` itself: the second pass sees the same input, draws the same numbers from
 * `Math.random`, and leaves the running statistics of norms as the first has moved them.
 *
 * @param weights all variables that `apply` reads and that want a gradient
 */
export function rematerialized(
  apply: (x: tf.Tensor) => tf.Tensor,
  x: tf.Tensor,
  weights: readonly tf.Tensor[],
): tf.Tensor {
  const run = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const input = args[0] as tf.Tensor;
    const save = args[args.length - 1] as tf.GradSaveFunc;
    const drawn: number[] = [];
    const value = withRandom(recording(drawn), () => apply(input));
    save([input]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] =>
      tf.tidy(() => {
        const again = saved[0].clone();
        const second = () => withoutRunningUpdates(() => withRandom(replaying(drawn), () => apply(again)));
        const { grads } = gradientsWithin(second, [again, ...weights], dy);
        return grads.map((gradient, i) => gradient ?? tf.zerosLike(i === 0 ? again : weights[i - 1]));
      });
    return { value, gradFunc };
  });
  return run(x, ...weights);
}

const recording =
  (drawn: number[]) =>
  (next: () => number): number => {
    const number = next();
    drawn.push(number);
    return number;
  };

const replaying = (drawn: readonly number[]) => {
  const rest = drawn.values();
  return (next: () => number): number => rest.next().value ?? next();
};

/** Does the work with `Math.random` giving what `draw` makes of the next number. */
function withRandom<T>(draw: (next: () => number) => number, work: () => T): T {
  const original = Object.getOwnPropertyDescriptor(Math, "random") as PropertyDescriptor;
  const next = (original.value as () => number).bind(Math);
  Object.defineProperty(Math, "random", { ...original, value: () => draw(next) });
  try {
    return work();
  } finally {
    Object.defineProperty(Math, "random", original);
  }
}
