import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import {
  plainSequence,
  reversibleSequence,
  twoStreamSequence,
  type BranchPair,
} from "../../src/functions/reversible.js";
import { assertClose } from "../helpers/compare.js";

/** Pairs of small branches, y = tanh(x A) B, over C = 5 channels. */
function pairs(depth: number): BranchPair[] {
  const weight = (rows: number, columns: number, seed: number) =>
    tf.randomNormal<tf.Rank.R2>([rows, columns], 0, 0.4, "float32", seed);
  const branch = (seed: number) => ({
    weights: [weight(5, 7, seed), weight(7, 5, seed + 1)],
    apply: (x: tf.Tensor, [a, b]: readonly tf.Tensor[]) => tf.tidy(() => x.matMul(a).tanh().matMul(b)),
  });
  return Array.from({ length: depth }, (_, step) => [branch(20 * step + 1), branch(20 * step + 11)] as const);
}

/** Value and gradients with respect to the input and all weights of sum(run(x) * c). */
function valueAndGradients(run: typeof plainSequence, x: tf.Tensor, sequence: BranchPair[]): tf.Tensor[] {
  const weights = sequence.flat().flatMap((branch) => branch.weights);
  const rebuilt = (given: readonly tf.Tensor[]): BranchPair[] =>
    sequence.map(([f, g], step) => {
      const at = 4 * step;
      return [
        { ...f, weights: given.slice(at, at + 2) },
        { ...g, weights: given.slice(at + 2, at + 4) },
      ];
    });
  const cotangent = tf.range(0, 15).reshape([3, 5]).sin();
  const gradients = tf.grads((input: tf.Tensor, ...given: tf.Tensor[]) =>
    run(input, rebuilt(given)).mul(cotangent).sum(),
  )([x, ...weights]);
  return [run(x, sequence), ...gradients];
}

describe("a reversible sequence", () => {
  before(() => tf.setBackend("cpu"));

  it("has the value and all gradients of the same two streams with kept activations", () => {
    const x = tf.randomNormal([3, 5], 0, 1, "float32", 7);
    const sequence = pairs(3);
    const expected = valueAndGradients(twoStreamSequence, x, sequence);
    const actual = valueAndGradients(reversibleSequence, x, sequence);
    assert.equal(actual.length, 1 + 1 + 12);
    actual.forEach((tensor, index) => {
      assert.deepEqual(tensor.shape, expected[index].shape);
      assert.ok(expected[index].abs().max().dataSync()[0] > 1e-3, `tensor ${index} must not be zero`);
      assertClose(tensor, expected[index], 2e-6, `tensor ${index}`);
    });
  });

  it("keeps no activations: the same number of tensors during the backward pass at any depth", () => {
    const kept = (run: typeof plainSequence, depth: number): number => {
      const sequence = pairs(depth);
      const x = tf.randomNormal([3, 5], 0, 1, "float32", 7);
      const weights = sequence.flat().flatMap((branch) => branch.weights);
      const start = tf.memory().numTensors;
      let during = 0;
      // The last operation's gradient runs first, when every activation that a tape keeps is still there.
      const watch = tf.customGrad((y) => ({
        value: (y as tf.Tensor).clone(),
        gradFunc: (dy: tf.Tensor) => {
          during = tf.memory().numTensors - start;
          return dy.clone();
        },
      }));
      tf.dispose(tf.grad((input: tf.Tensor) => watch(run(input, sequence)).sum())(x));
      tf.dispose([x, ...weights]);
      return during;
    };
    assert.equal(kept(reversibleSequence, 11), kept(reversibleSequence, 2));
    assert.ok(kept(twoStreamSequence, 11) > kept(twoStreamSequence, 2), "the plain form does keep them");
  });

  it("leaves no tensors behind", () => {
    const sequence = pairs(2);
    const x = tf.randomNormal([3, 5]);
    const start = tf.memory().numTensors;
    tf.dispose(tf.grad((input: tf.Tensor) => reversibleSequence(input, sequence).square().sum())(x));
    assert.equal(tf.memory().numTensors, start);
  });

  it("works inside variableGrads and twice in one graph", () => {
    const sequence = pairs(1);
    const variables = sequence
      .flat()
      .flatMap((branch) => branch.weights.map((weight) => tf.variable(weight as tf.Tensor2D)));
    const [f, g] = sequence[0];
    const trained: BranchPair[] = [
      [
        { ...f, weights: variables.slice(0, 2) },
        { ...g, weights: variables.slice(2, 4) },
      ],
    ];
    const x = tf.randomNormal([3, 5], 0, 1, "float32", 7);
    const gradientsOf = (run: typeof plainSequence) =>
      tf.variableGrads(() => run(run(x, trained), trained).square().mean(), variables).grads;
    const actual = gradientsOf(reversibleSequence);
    const expected = gradientsOf(twoStreamSequence);
    for (const { name } of variables) assertClose(actual[name], expected[name], 2e-6, name);
  });
});

describe("a plain sequence", () => {
  it("adds each branch to what came before", () => {
    const [[f, g]] = pairs(1);
    const x = tf.randomNormal([3, 5], 0, 1, "float32", 7);
    const first = x.add(f.apply(x, f.weights));
    const expected = first.add(g.apply(first, g.weights));
    assertClose(plainSequence(x, [[f, g]]), expected, 0);
  });
});
