import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { AxialImageTransformer } from "../../src/layers/axial-image-transformer.js";
import { assertClose } from "../helpers/compare.js";

describe("AxialImageTransformer", () => {
  before(() => tf.setBackend("cpu"));
  const small = { filters: 6, depth: 2, heads: 2, positionShape: [5, 7] as [number, number], seed: 3 };

  it("gives the same with channels first", () => {
    const last = new AxialImageTransformer(small);
    const first = new AxialImageTransformer({ ...small, channelAxis: 1 });
    const x = tf.randomNormal([2, 5, 7, 6], 0, 1, "float32", 4);
    const y = last.apply(x) as tf.Tensor;
    const moved = first.apply(x.transpose([0, 3, 1, 2])) as tf.Tensor;
    assert.deepEqual(moved.shape, [2, 6, 5, 7]);
    assertClose(moved.transpose([0, 2, 3, 1]), y, 1e-5);
  });

  it("has gradients for every weight, reversible and plain, and leaves no tensors", () => {
    for (const reversible of [true, false]) {
      const layer = new AxialImageTransformer({ ...small, reversible });
      const x = tf.randomNormal([1, 5, 7, 6], 0, 1, "float32", 4);
      layer.apply(x);
      const start = tf.memory().numTensors;
      const { value, grads } = tf.variableGrads(() => (layer.apply(x) as tf.Tensor).square().mean());
      assert.equal(Object.keys(grads).length, layer.trainableWeights.length);
      assert.equal(layer.trainableWeights.length, 2 + 2 * (2 * 5 + 2 * 6));
      for (const [name, gradient] of Object.entries(grads))
        assert.ok(
          gradient.dataSync().some((value) => value !== 0),
          `${name} has a gradient`,
        );
      tf.dispose([value, grads]);
      assert.ok(
        tf.memory().numTensors <= start + layer.trainableWeights.length,
        "only temporaries of this test remain",
      );
    }
  });

  it("shows attention weights of every attention branch, each row summing to 1", () => {
    const layer = new AxialImageTransformer(small);
    const x = tf.randomNormal([1, 3, 5, 6], 0, 1, "float32", 4);
    layer.apply(x);
    const found = layer.attentionWeights(x);
    assert.deepEqual(
      layer.attentionSteps.map(({ name, axes }, step) => [name, axes[0], found[step].shape]),
      [0, 1].flatMap((step) => [
        [`${step}.height`, "column", [1, 5, 2, 3, 3]],
        [`${step}.width`, "row", [1, 3, 2, 5, 5]],
      ]),
    );
    for (const weights of found) assertClose(weights.sum(-1), tf.onesLike(weights.sum(-1)), 1e-6);
  });

  it("is built again from its configuration", () => {
    const layer = new AxialImageTransformer({ ...small, reversible: false, keyDepth: 5 });
    const again = AxialImageTransformer.fromConfig(AxialImageTransformer, layer.getConfig()) as AxialImageTransformer;
    const x = tf.randomNormal([1, 5, 7, 6]);
    assertClose(again.apply(x) as tf.Tensor, layer.apply(x) as tf.Tensor, 0);
  });

  it("says what is wrong with its arguments and its input", () => {
    assert.throws(() => new AxialImageTransformer({ ...small, depth: 0 }), /depth must be a positive integer, got 0/);
    assert.throws(
      () => new AxialImageTransformer({ ...small, heads: 4 }),
      /filters must be a multiple of heads, got filters=6, heads=4; use filters=8/,
    );
    assert.throws(() => new AxialImageTransformer({ ...small, channelAxis: 2 }), /channelAxis must be 1 or -1, got 2/);
    assert.throws(
      () => new AxialImageTransformer(small).apply(tf.zeros([1, 6, 7, 6])),
      /input must be \[batch, height, width, 6\] of at most 5 x 7, got \[1, 6, 7, 6\]/,
    );
  });
});
