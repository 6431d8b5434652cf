/**
 * Residual branches executed reversibly: two streams from which each step's input can be computed back, so that the backward
 * pass needs the last output only and memory does not grow with depth.
 *
 *     forward    y1 = x1 + f(x2)        y2 = x2 + g(y1)
 *     backward   x2 = y2 - g(y1)        x1 = y1 - f(x2)
 *
 * Source: Gomez et al., The Reversible Residual Network, arXiv 1707.04585, equations 6 and 7; used by the `axial-attention`
 * package with both streams starting as the input and their mean as the output.
 */
import * as tf from "@tensorflow/tfjs";
import { gradientsWithin } from "../engine/gradients.js";

/** A residual branch: a pure function of its input and of weights that are named openly, so that both have gradients. */
export interface Branch {
  readonly weights: readonly tf.Tensor[];
  readonly apply: (x: tf.Tensor, weights: readonly tf.Tensor[]) => tf.Tensor;
}

/** The two branches of a reversible block (The Reversible Residual Network, equations 6 and 7). */
export type BranchPair = readonly [f: Branch, g: Branch];

/**
 * x + f(x), then + g of that, pair after pair: the plain residual form, which keeps all activations.
 *
 * @param x [..., C], any shape that the branches keep
 * @returns the shape of x
 */
export function plainSequence(x: tf.Tensor, pairs: readonly BranchPair[]): tf.Tensor {
  return tf.tidy(() => pairs.flat().reduce<tf.Tensor>((y, branch) => y.add(branch.apply(y, branch.weights)), x));
}

/**
 * The two streams one after the other through all pairs, by ordinary operations that keep all activations.
 *
 * @param x [..., C], any shape that the branches keep
 * @returns the shape of x, the mean of the two streams
 */
export function twoStreamSequence(x: tf.Tensor, pairs: readonly BranchPair[]): tf.Tensor {
  return tf.tidy(() => {
    let y1: tf.Tensor = x;
    let y2: tf.Tensor = x;
    for (const [f, g] of pairs) {
      y1 = y1.add(f.apply(y2, f.weights));
      y2 = y2.add(g.apply(y1, g.weights));
    }
    return y1.add(y2).mul(0.5);
  });
}

/**
 * The same values and gradients as {@link twoStreamSequence}, with activations recomputed in the backward pass: memory for one
 * pair, whatever the depth, for about a third more arithmetic.
 *
 * @param x [..., C], any shape that the branches keep
 * @returns the shape of x, the mean of the two streams
 */
export function reversibleSequence(x: tf.Tensor, pairs: readonly BranchPair[]): tf.Tensor {
  const weights = pairs.flatMap(([f, g]) => [...f.weights, ...g.weights]);
  const run = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const input = args[0] as tf.Tensor;
    const save = args[args.length - 1] as tf.GradSaveFunc;
    const streams = forward(input, pairs);
    save(streams);
    return {
      value: streams[0].add(streams[1]).mul(0.5),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => backward(saved as [tf.Tensor, tf.Tensor], dy, pairs),
    };
  });
  return run(x, ...weights);
}

type Streams = [tf.Tensor, tf.Tensor];

/** Both streams after the last pair; those in between are given back at once. */
function forward(x: tf.Tensor, pairs: readonly BranchPair[]): Streams {
  let streams: Streams = [x.clone(), x.clone()];
  for (const [f, g] of pairs)
    streams = replace(streams, ([x1, x2]) => {
      const y1 = x1.add(f.apply(x2, f.weights));
      return [y1, x2.add(g.apply(y1, g.weights))];
    });
  return streams;
}

/** Gradients of the input and of all weights, in the order in which they were given. */
function backward(outputs: Streams, dy: tf.Tensor, pairs: readonly BranchPair[]): tf.Tensor[] {
  const half = tf.tidy(() => dy.mul(0.5));
  let streams: Streams = [outputs[0].clone(), outputs[1].clone()];
  let cotangents: Streams = [half, half.clone()];
  const gradients: tf.Tensor[][] = [];
  for (const [f, g] of [...pairs].reverse()) {
    const result = tf.tidy(() => {
      const [y1, y2] = streams;
      const [dy1, dy2] = cotangents;
      const ofG = branchGradients(g, y1, dy2);
      const x2 = y2.sub(ofG.value);
      const dx1 = dy1.add(ofG.input);
      const ofF = branchGradients(f, x2, dx1);
      const x1 = y1.sub(ofF.value);
      const dx2 = dy2.add(ofF.input);
      return {
        streams: [x1, x2] as Streams,
        cotangents: [dx1, dx2] as Streams,
        weights: [...ofF.weights, ...ofG.weights],
      };
    });
    tf.dispose([streams, cotangents]);
    ({ streams, cotangents } = result);
    gradients.unshift(result.weights);
  }
  const input = tf.tidy(() => cotangents[0].add(cotangents[1]));
  tf.dispose([streams, cotangents]);
  return [input, ...gradients.flat()];
}

/** The value of a branch, and its gradients with respect to input and weights for the cotangent `dy`. */
function branchGradients(branch: Branch, x: tf.Tensor, dy: tf.Tensor) {
  const input = x.clone();
  const { value, grads } = gradientsWithin(() => branch.apply(input, branch.weights), [input, ...branch.weights], dy);
  const [inputGradient, ...weightGradients] = grads.map(
    (gradient, index) =>
      // A weight that the branch does not use has no gradient.
      gradient ?? tf.zerosLike(index === 0 ? input : branch.weights[index - 1]),
  );
  return { value, input: inputGradient, weights: weightGradients };
}

/** The next streams; the last ones are disposed. */
function replace(streams: Streams, step: (streams: Streams) => Streams): Streams {
  const next = tf.tidy(() => step(streams));
  tf.dispose(streams);
  return next;
}
