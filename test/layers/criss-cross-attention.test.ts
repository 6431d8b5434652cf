import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { CrissCrossAttention } from "../../src/layers/criss-cross-attention.js";
import { assertClose } from "../helpers/compare.js";

const random = (shape: [number, number, number, number], seed: number): tf.Tensor4D =>
  tf.randomNormal<tf.Rank.R4>(shape, 0, 1, "float32", seed);

describe("CrissCrossAttention", () => {
  before(() => tf.setBackend("cpu"));

  it("starts as the identity, because gamma is zero", () => {
    const x = random([2, 3, 5, 8], 1);
    assertClose(new CrissCrossAttention().apply(x) as tf.Tensor, x, 0);
  });

  it("applied twice is two calls with the same weights", () => {
    const twice = new CrissCrossAttention({ recurrence: 2, seed: 3 });
    const once = new CrissCrossAttention({ recurrence: 1, seed: 3 });
    const x = random([1, 3, 5, 16], 1);
    for (const layer of [once, twice]) {
      layer.build(x.shape);
      layer.setWeights([...layer.getWeights().slice(0, 2), tf.tensor1d([0.7])]);
    }
    const expected = once.apply(once.apply(x)) as tf.Tensor;
    assertClose(twice.apply(x) as tf.Tensor, expected, 0);
    assert.ok(expected.sub(x).abs().max().dataSync()[0] > 0.1);
    assert.deepEqual(
      twice.attentionWeights(x).map(({ shape }, step) => [twice.attentionSteps[step].name, shape]),
      [0, 1].flatMap((loop) => [
        [`${loop}.column`, [1, 5, 1, 3, 3]],
        [`${loop}.row`, [1, 3, 1, 5, 5]],
      ]),
    );
  });

  it("with two loops lets every pixel see every other, with one loop its row and column only", () => {
    for (const [recurrence, reached] of [
      [1, 3 + 5 - 1],
      [2, 15],
    ]) {
      const layer = new CrissCrossAttention({ recurrence, seed: 3 });
      const x = random([1, 3, 5, 8], 1);
      layer.build(x.shape);
      layer.setWeights([...layer.getWeights().slice(0, 2), tf.tensor1d([0.7])]);
      const centre = (input: tf.Tensor) => (layer.apply(input) as tf.Tensor4D).slice([0, 1, 2, 0], [1, 1, 1, 8]).sum();
      const seen = tf.grad(centre)(x).abs().sum(-1).greater(0).sum().dataSync()[0];
      assert.equal(seen, reached);
    }
  });

  it("is built again from its configuration and leaves no tensors behind", () => {
    const layer = new CrissCrossAttention({ keyDepth: 3, recurrence: 1, seed: 5 });
    const x = random([1, 3, 5, 8], 1);
    const again = CrissCrossAttention.fromConfig(CrissCrossAttention, layer.getConfig()) as CrissCrossAttention;
    layer.apply(x);
    again.apply(x);
    assert.deepEqual(
      again.getWeights().map((weight) => weight.shape),
      layer.getWeights().map((weight) => weight.shape),
    );
    const start = tf.memory().numTensors;
    tf.dispose([layer.apply(x) as tf.Tensor]);
    tf.dispose(layer.attentionWeights(x));
    assert.equal(tf.memory().numTensors, start);
  });

  it("says what is wrong with its arguments and its input", () => {
    assert.throws(() => new CrissCrossAttention({ recurrence: 0 }), /recurrence must be a positive integer, got 0/);
    assert.throws(
      () => new CrissCrossAttention().apply(tf.zeros([2, 3, 4])),
      /input must be \[batch, height, width, channels\]/,
    );
  });
});
