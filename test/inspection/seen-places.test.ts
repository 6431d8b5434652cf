import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { seenPlaces } from "../../src/inspection/index.js";
import { AxialAttention, NdAxialAttention } from "../../src/layers/index.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

const [h, w] = [5, 7];
const map = () => tf.randomNormal([1, h, w, 3], 0, 1, "float32", 2);

describe("the places that a place sees", () => {
  it("are nine of a 3 x 3 convolution, four in the corner", () => {
    const x = map();
    const kernel = tf.randomNormal<tf.Rank.R4>([3, 3, 3, 2], 0, 1, "float32", 3);
    const convolve = (input: tf.Tensor) => tf.conv2d(input as tf.Tensor4D, kernel, 1, "same");
    const tensors = tf.memory().numTensors;
    const { values, shape, count } = seenPlaces(convolve, x, [2, 3]);
    assert.equal(tf.memory().numTensors, tensors);
    assert.deepEqual([shape, count], [[h, w], 9]);
    values.forEach((seen, i) =>
      assert.equal(seen, Number(Math.abs(Math.floor(i / w) - 2) < 2 && Math.abs((i % w) - 3) < 2)),
    );
    assert.equal(seenPlaces(convolve, x, [0, 0]).count, 4);
  });

  it("are the column of height attention, and the lines of three axes", () => {
    const height = new AxialAttention({ axis: "height", filters: 8, heads: 2, seed: 1 });
    const { values, count } = seenPlaces((x) => height.apply(x) as tf.Tensor, map(), [1, 4]);
    assert.ok(count === h && values.every((seen, i) => seen === Number(i % w === 4)));
    const video = tf.randomNormal([1, 2, h, w, 6], 0, 1, "float32", 4);
    const layer = new NdAxialAttention({ filters: 6, axes: 3, heads: 3, seed: 2 });
    assert.equal(seenPlaces((x) => layer.apply(x) as tf.Tensor, video, [1, 0, 6]).count, 2 + h + w - 2);
  });

  it("are those of one place of one map", () => {
    assert.throws(() => seenPlaces((x) => x, tf.ones([2, h, w, 3]), [0, 0]), {
      name: "ShapeError",
      message: /x must be \[1, \.\.\.axes, C\].*got x \[2, 5, 7, 3\] and \[0, 0\]/,
    });
    assert.throws(() => seenPlaces((x) => x, map(), [0]), /got x \[1, 5, 7, 3\] and \[0\]/);
  });
});
