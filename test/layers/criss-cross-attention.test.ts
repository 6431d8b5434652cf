import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import {
  composedCrissCrossAttention,
  crissCrossAttention,
  crissCrossAttentionWeights,
} from "../../src/functions/criss-cross-attention.js";
import { CrissCrossAttention } from "../../src/layers/criss-cross-attention.js";

const geometry = { heads: 2, keyDepth: 3, valueDepth: 5 };
const random = (shape: [number, number, number, number], seed: number): tf.Tensor4D =>
  tf.randomNormal<tf.Rank.R4>(shape, 0, 1, "float32", seed);

/** The equation as loops in float64: for each pixel, the keys of its row and of its column, itself once. */
function byLoops(qkv: number[][][][], heads: number, keyDepth: number, valueDepth: number): number[][][][] {
  const stride = 2 * keyDepth + valueDepth;
  return qkv.map((image) =>
    image.map((row, y) =>
      row.map((pixel, x) => {
        const seen = [
          ...image.map((_, other) => [other, x]),
          ...row.map((_, other) => [y, other]).filter(([, other]) => other !== x),
        ];
        const result: number[] = [];
        for (let head = 0; head < heads; head++) {
          const query = pixel.slice(head * stride, head * stride + keyDepth);
          const logits = seen.map(([i, j]) =>
            query.reduce((sum, value, d) => sum + value * image[i][j][head * stride + keyDepth + d], 0),
          );
          const top = Math.max(...logits);
          const exponentials = logits.map((logit) => Math.exp(logit - top));
          const total = exponentials.reduce((sum, value) => sum + value, 0);
          for (let d = 0; d < valueDepth; d++)
            result.push(
              seen.reduce(
                (sum, [i, j], index) =>
                  sum + (exponentials[index] / total) * image[i][j][head * stride + 2 * keyDepth + d],
                0,
              ),
            );
        }
        return result;
      }),
    ),
  );
}

describe("criss-cross attention", () => {
  before(() => tf.setBackend("cpu"));

  for (const [height, width] of [
    [5, 7],
    [1, 3],
    [3, 1],
    [1, 1],
  ])
    it(`equals loops written from the equation, ${height} x ${width}`, () => {
      const qkv = random([2, height, width, 2 * 11], 1);
      const expected = tf.tensor4d(byLoops(qkv.arraySync(), 2, 3, 5));
      const actual = crissCrossAttention({ qkv }, geometry);
      assert.deepEqual(actual.shape, [2, height, width, 10]);
      assert.ok(actual.sub(expected).abs().max().dataSync()[0] < 1e-5);
    });

  it("on an image of one row equals full attention over it", () => {
    const qkv = random([1, 1, 7, 22], 1);
    const { row, column } = crissCrossAttentionWeights({ qkv }, geometry);
    assert.ok(Math.abs(row.sum(-1).sub(1).abs().max().dataSync()[0]) < 1e-6);
    assert.equal(column.abs().max().dataSync()[0], 0);
  });

  it("counts the own pixel once: weights of row and column together sum to 1, the column's own place is zero", () => {
    const qkv = random([1, 5, 3, 22], 1);
    const { row, column } = crissCrossAttentionWeights({ qkv }, geometry);
    const total = row.sum(-1).add(column.sum(-1).transpose([0, 3, 2, 1])); // [B, H, N, W]
    assert.ok(total.sub(1).abs().max().dataSync()[0] < 1e-6);
    assert.equal(column.mul(tf.eye(5)).abs().max().dataSync()[0], 0);
  });

  it("does not overflow on extreme logits and passes NaN on to the pixels that see it", () => {
    const qkv = random([1, 3, 2, 22], 1).mul<tf.Tensor4D>(1e4);
    assert.ok(composedCrissCrossAttention({ qkv }, geometry).dataSync().every(Number.isFinite));
    const values = random([1, 3, 3, 22], 1).arraySync();
    values[0][0][0][0] = NaN;
    const found = composedCrissCrossAttention({ qkv: tf.tensor4d(values) }, geometry).arraySync()[0];
    assert.ok(Number.isNaN(found[0][0][0]));
    assert.ok(Number.isFinite(found[1][1][0]));
  });

  it("says what is wrong with its input", () => {
    assert.throws(
      () => crissCrossAttention({ qkv: random([1, 2, 3, 23], 1) }, geometry),
      /crissCrossAttention: qkv must be \[batch, height, width, 22\] for heads=2, keyDepth=3, valueDepth=5, got \[1, 2, 3, 23\]/,
    );
  });
});

describe("CrissCrossAttention", () => {
  it("starts as the identity, because gamma is zero", () => {
    const x = random([2, 3, 5, 8], 1);
    assert.equal((new CrissCrossAttention().apply(x) as tf.Tensor).sub(x).abs().max().dataSync()[0], 0);
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
    assert.equal((twice.apply(x) as tf.Tensor).sub(expected).abs().max().dataSync()[0], 0);
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
