import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { AutoregressiveAxialTransformer, bitsPerDimension } from "../../src/models/autoregressive-axial-transformer.js";

const shape: [number, number, number] = [3, 5, 2];
const small = { imageShape: shape, levels: 7, filters: 6, heads: 2, outerDepth: 1, innerDepth: 1, seed: 3 };
const randomImages = (count: number, seed: number): tf.Tensor4D =>
  tf.randomUniform<tf.Rank.R4>([count, ...shape], 0, 7, "float32", seed).floor();

describe("AutoregressiveAxialTransformer", () => {
  before(() => tf.setBackend("cpu"));

  it("gives logits for every value of every channel", () => {
    const model = new AutoregressiveAxialTransformer(small);
    assert.deepEqual((model.apply(randomImages(2, 1)) as tf.Tensor).shape, [2, 3, 5, 2, 7]);
  });

  it("lets each value depend on all that come before it in raster order and on no other", () => {
    const model = new AutoregressiveAxialTransformer({ ...small, outerDepth: 2, innerDepth: 2 });
    const image = randomImages(1, 1);
    const values = image.dataSync();
    const base = (model.apply(image) as tf.Tensor).reshape([30, 7]).arraySync() as number[][];
    for (let changed = 0; changed < 30; changed++) {
      const other = values.slice();
      other[changed] = (other[changed] + 3) % 7;
      const found = (model.apply(tf.tensor(other, [1, ...shape])) as tf.Tensor)
        .reshape([30, 7])
        .arraySync() as number[][];
      found.forEach((logits, place) => {
        const differs = logits.some((logit, level) => logit !== base[place][level]);
        assert.equal(differs, place > changed, `value ${changed} changed, logits of value ${place}`);
      });
    }
  });

  it("learns one batch", () => {
    const model = new AutoregressiveAxialTransformer({ ...small, filters: 12 });
    const images = randomImages(2, 1);
    const optimizer = tf.train.adam(0.02);
    const loss = () => bitsPerDimension(model.apply(images) as tf.Tensor, images);
    const first = loss().dataSync()[0];
    for (let step = 0; step < 30; step++) optimizer.minimize(loss);
    const last = loss().dataSync()[0];
    assert.ok(first > 2 && last < 1.2, `from ${first} to ${last} bits`);
  });

  it("samples what it has learnt: constant images after training on them", () => {
    const model = new AutoregressiveAxialTransformer({ ...small, filters: 12 });
    const images = tf.fill<tf.Rank.R4>([1, ...shape], 5);
    model.build(images.shape);
    const optimizer = tf.train.adam(0.05);
    for (let step = 0; step < 40; step++)
      optimizer.minimize(() => bitsPerDimension(model.apply(images) as tf.Tensor, images));
    const drawn = model.sample({ count: 2, temperature: 0.5, seed: 11 });
    assert.deepEqual(drawn.shape, [2, 3, 5, 2]);
    assert.deepEqual(
      [...drawn.dataSync()],
      Array.from({ length: 60 }, () => 5),
    );
  });

  it("samples the same with the same seed, from the distribution that the logits give, and leaves no tensors", () => {
    const model = new AutoregressiveAxialTransformer({ ...small, imageShape: [1, 1, 1] });
    model.build([null, 1, 1, 1]);
    const start = tf.memory().numTensors;
    const draw = (seed: number) => tf.tidy(() => [...model.sample({ count: 2000, seed }).dataSync()]);
    const values = draw(5);
    assert.deepEqual(draw(5), values);
    const expected = tf.tidy(() => (model.apply(tf.zeros([1, 1, 1, 1])) as tf.Tensor).softmax().dataSync());
    expected.forEach((probability, level) => {
      const share = values.filter((value) => value === level).length / values.length;
      assert.ok(Math.abs(share - probability) < 0.05, `level ${level}: ${share} of ${probability}`);
    });
    assert.equal(tf.memory().numTensors, start);
  });

  it("counts log2(levels) bits for even logits", () => {
    assert.equal(bitsPerDimension(tf.zeros([1, 2, 3, 1, 8]), tf.ones([1, 2, 3, 1])).dataSync()[0], 3);
  });

  it("is built again from its configuration", () => {
    const model = new AutoregressiveAxialTransformer(small);
    const config = model.getConfig();
    const again = AutoregressiveAxialTransformer.fromConfig(
      AutoregressiveAxialTransformer,
      config,
    ) as AutoregressiveAxialTransformer;
    const images = randomImages(1, 2);
    assert.deepEqual(
      [...(again.apply(images) as tf.Tensor).dataSync()],
      [...(model.apply(images) as tf.Tensor).dataSync()],
    );
  });

  it("says what is wrong with its arguments and its input", () => {
    assert.throws(
      () => new AutoregressiveAxialTransformer({ ...small, filters: 7 }),
      /filters must be a multiple of heads, got filters=7, heads=2; use filters=8/,
    );
    assert.throws(
      () => new AutoregressiveAxialTransformer({ ...small, imageShape: [3, 0, 1] }),
      /width must be a positive integer, got 0/,
    );
    assert.throws(
      () => new AutoregressiveAxialTransformer(small).apply(tf.zeros([1, 4, 5, 2])),
      /input must be \[batch, height, width, 2\] of at most 3 x 5, got \[1, 4, 5, 2\]/,
    );
    assert.throws(
      () => new AutoregressiveAxialTransformer(small).sample({ temperature: 0 }),
      /temperature must be positive, got 0/,
    );
  });

  it("shows the attention weights of every block, which sum to one and look at nothing that comes later", () => {
    const model = new AutoregressiveAxialTransformer({
      ...{ imageShape: [3, 5, 2], levels: 4, filters: 6, heads: 3, outerDepth: 1, innerDepth: 2, seed: 5 },
    });
    const images = tf.randomUniform([2, 3, 5, 2], 0, 4, "int32", 6);
    model.apply(images);
    const tensors = tf.memory().numTensors;
    const found = model.attentionWeights(images);
    assert.equal(tf.memory().numTensors, tensors + 4);
    assert.deepEqual(
      model.attentionSteps.map(({ name, axes }, step) => [name, axes[0], found[step].shape]),
      [
        ["outer.0", "row", [2, 3, 3, 10, 10]],
        ["outer.1", "column", [2, 10, 3, 3, 3]],
        ["inner.0", "row", [2, 3, 3, 10, 10]],
        ["inner.1", "row", [2, 3, 3, 10, 10]],
      ],
    );
    tf.tidy(() => {
      found.forEach((weights, step) => {
        const { name } = model.attentionSteps[step];
        const sums = weights.sum(-1);
        assert.ok(sums.sub(1).abs().max().dataSync()[0] < 1e-5, name);
        const later = weights.sub(tf.linalg.bandPart(weights.reshape<tf.Tensor4D>([-1, ...weights.shape.slice(2)] as never), -1, 0).reshape(weights.shape)); // prettier-ignore
        assert.equal(later.max().dataSync()[0] > 0, name === "outer.0", name);
      });
    });
    tf.dispose(found);
    assert.throws(() => model.attentionWeights(tf.zeros([1, 4, 5, 2])), /input must be .* got \[1, 4, 5, 2\]/);
  });
});
