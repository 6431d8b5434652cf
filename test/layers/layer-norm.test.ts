import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { layerNorm } from "../../src/functions/layer-norm.js";
import { LayerNorm } from "../../src/layers/layer-norm.js";

describe("the layer norm", () => {
  before(() => tf.setBackend("cpu"));

  it("gives zero mean and unit variance over the channels, worked by hand", () => {
    // (1, 3): mean 2, variance 1. Epsilon 3 makes the divisor 2 inside the root and 4 outside.
    const x = tf.tensor2d([[1, 3]]);
    const [gamma, beta] = [tf.tensor1d([10, 20]), tf.tensor1d([0.5, 0.25])];
    assert.deepEqual([...layerNorm(x, gamma, beta, { epsilon: 3 }).dataSync()], [-4.5, 10.25]);
    assert.deepEqual([...layerNorm(x, gamma, beta, { epsilon: 3, epsilonPlace: "outside" }).dataSync()], [-2, 5.25]);
  });

  it("has a finite gradient where all channels are equal, epsilon inside or outside", () => {
    for (const epsilonPlace of ["inside", "outside"] as const) {
      const gradient = tf.grad((x: tf.Tensor) => layerNorm(x, tf.ones([3]), tf.zeros([3]), { epsilonPlace }).sum())(
        tf.ones([2, 3]),
      );
      assert.ok(gradient.dataSync().every(Number.isFinite), epsilonPlace);
    }
  });

  it("says what is wrong with its arguments", () => {
    assert.throws(() => new LayerNorm({ epsilon: 0 }), /epsilon must be positive, got 0/);
    assert.throws(
      () => new LayerNorm({ epsilonPlace: "above" as "inside" }),
      /epsilonPlace must be "inside" or "outside", got above/,
    );
  });
});
