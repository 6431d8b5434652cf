import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { axisAttention } from "../../src/functions/nd-axial-attention.js";
import { NdAxialAttention } from "../../src/layers/nd-axial-attention.js";
import { assertClose } from "../helpers/compare.js";

describe("NdAxialAttention", () => {
  before(() => tf.setBackend("cpu"));
  const video = () => tf.randomNormal([2, 3, 5, 7, 6], 0, 1, "float32", 5);

  it("sums the axes by default", () => {
    const layer = new NdAxialAttention({ filters: 6, axes: 3, heads: 2, seed: 9 });
    const x = video();
    const y = layer.apply(x) as tf.Tensor;
    assert.deepEqual(y.shape, x.shape);
    const [p0, o0, b0, p1, o1, b1, p2, o2, b2] = layer.weights.map((weight) => weight.read());
    const options = { heads: 2, keyDepth: 3, valueDepth: 3 };
    const expected = axisAttention(x, 1, { projection: p0, output: o0, bias: b0 }, options)
      .add(axisAttention(x, 2, { projection: p1, output: o1, bias: b1 }, options))
      .add(axisAttention(x, 3, { projection: p2, output: o2, bias: b2 }, options));
    assertClose(y, expected, 1e-6);
  });

  it("in sequence equals one call per axis", () => {
    const layer = new NdAxialAttention({ filters: 6, axes: 2, heads: 3, combine: "sequence", seed: 9 });
    const x = tf.randomNormal([2, 5, 7, 6], 0, 1, "float32", 5);
    const y = layer.apply(x) as tf.Tensor;
    const [p0, o0, b0, p1, o1, b1] = layer.weights.map((weight) => weight.read());
    const options = { heads: 3, keyDepth: 2, valueDepth: 2 };
    const first = axisAttention(x, 1, { projection: p0, output: o0, bias: b0 }, options);
    assertClose(y, axisAttention(first, 2, { projection: p1, output: o1, bias: b1 }, options), 1e-6);
  });

  it("gives the same with the channels anywhere", () => {
    const last = new NdAxialAttention({ filters: 6, axes: 3, heads: 2, seed: 9 });
    const x = video();
    const expected = last.apply(x) as tf.Tensor;
    for (const [channelAxis, order, back] of [
      [1, [0, 4, 1, 2, 3], [0, 2, 3, 4, 1]],
      [-3, [0, 1, 4, 2, 3], [0, 1, 3, 4, 2]],
    ] as const) {
      const moved = new NdAxialAttention({ filters: 6, axes: 3, heads: 2, channelAxis, seed: 9 });
      assertClose((moved.apply(x.transpose([...order])) as tf.Tensor).transpose([...back]), expected, 1e-6);
    }
  });

  it("on an image of one row equals full attention over that row, the other axis seeing itself only", () => {
    const layer = new NdAxialAttention({ filters: 6, heads: 2, combine: "sequence", seed: 9 });
    const x = tf.randomNormal([2, 1, 7, 6], 0, 1, "float32", 5);
    layer.build(x.shape);
    // With one key the weight is 1: the height step is the linear map v -> output.
    const [columns, rows] = layer.attentionWeights(x);
    assert.deepEqual(
      [...columns.dataSync()],
      Array.from({ length: 2 * 7 * 2 }, () => 1),
    );
    assert.deepEqual(rows.shape, [2, 1, 2, 7, 7]);
    assertClose(rows.sum(-1), tf.ones([2, 1, 2, 7]), 1e-6);
  });

  it("permuting the heads' weights permutes nothing in the output", () => {
    const layer = new NdAxialAttention({ filters: 6, axes: 1, heads: 2, seed: 9 });
    const x = tf.randomNormal([2, 5, 6], 0, 1, "float32", 5);
    const y = layer.apply(x) as tf.Tensor;
    const [projection, output, bias] = layer.getWeights();
    const swapped = [
      tf.concat([projection.slice([0, 9], [6, 9]), projection.slice([0, 0], [6, 9])], 1),
      tf.concat([output.slice([3, 0], [3, 6]), output.slice([0, 0], [3, 6])], 0),
      bias,
    ];
    layer.setWeights(swapped);
    assertClose(layer.apply(x) as tf.Tensor, y, 1e-6);
  });

  it("has gradients that agree with finite differences", () => {
    const layer = new NdAxialAttention({ filters: 4, heads: 2, seed: 9 });
    const x = tf.randomNormal([1, 2, 3, 4], 0, 1, "float32", 5);
    layer.apply(x);
    const loss = () => tf.tidy(() => (layer.apply(x) as tf.Tensor).sin().sum<tf.Scalar>());
    const { grads } = tf.variableGrads(loss);
    for (const weight of layer.trainableWeights) {
      const values = weight.read().dataSync().slice();
      const gradient = grads[(weight.read() as tf.Variable).name].dataSync();
      const index = values.length >> 1;
      const at = (value: number) => {
        const changed = values.slice();
        changed[index] = value;
        weight.write(tf.tensor(changed, weight.shape as number[]));
        return loss().dataSync()[0];
      };
      const step = 1e-2;
      const numeric = (at(values[index] + step) - at(values[index] - step)) / (2 * step);
      at(values[index]);
      assertClose([gradient[index]], [numeric], 2e-3, weight.name);
    }
  });

  it("is saved and built again from its configuration", () => {
    const layer = new NdAxialAttention({
      filters: 6,
      axes: 2,
      heads: 2,
      keyDepth: 5,
      combine: "sequence",
      seed: 9,
    });
    const again = NdAxialAttention.fromConfig(NdAxialAttention, layer.getConfig()) as NdAxialAttention;
    const x = tf.randomNormal([1, 3, 5, 6]);
    assertClose(again.apply(x) as tf.Tensor, layer.apply(x) as tf.Tensor, 0);
  });

  it("leaves no tensors behind", () => {
    const layer = new NdAxialAttention({ filters: 6, heads: 2 });
    const x = tf.randomNormal([2, 3, 5, 6]);
    layer.apply(x);
    const start = tf.memory().numTensors;
    (layer.apply(x) as tf.Tensor).dispose();
    tf.dispose(layer.attentionWeights(x));
    assert.equal(tf.memory().numTensors, start);
  });

  it("says what is wrong with its arguments and its input", () => {
    assert.throws(
      () => new NdAxialAttention({ filters: 7, heads: 2 }),
      /filters must be a multiple of heads, got filters=7, heads=2; use filters=8/,
    );
    assert.throws(() => new NdAxialAttention({ filters: 0 }), /filters must be a positive integer, got 0/);
    assert.throws(
      () => new NdAxialAttention({ filters: 8, keyDepth: 1.5 }),
      /keyDepth must be a positive integer, got 1.5/,
    );
    assert.throws(
      () => new NdAxialAttention({ filters: 8, channelAxis: 0 }),
      /channelAxis must name an axis other than the batch.s, got 0 of 4 axes; use 1 to 3/,
    );
    assert.throws(
      () => new NdAxialAttention({ filters: 8, heads: 2 }).apply(tf.zeros([2, 3, 5, 7])),
      /input must have 4 axes with 8 channels at axis 3, got \[2, 3, 5, 7\]/,
    );
  });
});
