import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";

describe("what JavaScript computes for the engine", () => {
  before(() => engine.start({ threads: 2 }));
  after(() => engine.stop());

  it("tensors filled with a text", () => {
    tf.tidy(() => assert.deepEqual([...tf.fill([2, 1], "axis", "string").dataSync<"string">()], ["axis", "axis"]));
  });

  it("complex numbers made of real ones, in sums of both", () => {
    tf.tidy(() => {
      const sum = tf.complex([1, 3], [2, 5]).add(tf.tensor1d([7, 11], "int32"));
      assert.equal(sum.dtype, "complex64");
      assert.deepEqual([...sum.dataSync()], [8, 2, 14, 5]);
    });
  });

  it("maxima below zero over volumes, and dilations, with their gradients", () => {
    tf.tidy(() => {
      const x = tf.range(-24, 0).reshape<tf.Tensor5D>([1, 2, 3, 4, 1]);
      const pooled = (x: tf.Tensor) => tf.maxPool3d(x as tf.Tensor5D, 2, 1, "valid");
      assert.deepEqual([...pooled(x).dataSync()], [-7, -6, -5, -3, -2, -1]);
      const dx = tf.grad((x: tf.Tensor) => pooled(x).sum())(x);
      assert.deepEqual(
        [...dx.dataSync()].flatMap((value, place) => (value === 1 ? [place] : [])),
        [17, 18, 19, 21, 22, 23],
      );
      const row = tf.tensor4d([-5, -3, -7], [1, 1, 3, 1]);
      const dilated = (row: tf.Tensor) => tf.dilation2d(row as tf.Tensor4D, tf.zeros([1, 2, 1]), 1, "valid");
      assert.deepEqual([...dilated(row).dataSync()], [-3, -3]);
      const ofRow = tf.grad((row: tf.Tensor) => dilated(row).sum())(row);
      assert.deepEqual([...ofRow.dataSync()], [0, 2, 0]);
    });
  });

  it("operations on ragged tensors, whose parts come in lists", () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      // Rows [[.1, .2, .3]], [], [[.4, .5, .6], [.7, .8, .9]], as TensorFlow's documentation of ragged_gather has them.
      const splits = [tf.tensor1d([0, 1, 1, 3], "int32"), tf.tensor1d([0, 3, 6, 9], "int32")];
      const values = tf.tensor1d([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
      const rows = tf.raggedGather(splits, values, tf.tensor1d([2, 1, 0, 3].slice(0, 3), "int32"), 2);
      assert.deepEqual(
        rows.outputNestedSplits.map((one) => [...one.dataSync()]),
        [
          [0, 2, 2, 3],
          [0, 3, 6, 9],
        ],
      );
      const picked = [...rows.outputDenseValues.dataSync()].map((value) => Math.round(value * 10));
      assert.deepEqual(picked, [4, 5, 6, 7, 8, 9, 1, 2, 3]);
    });
    assert.equal(tf.memory().numTensors, before);
  });

  it("refuses to read or write where an index leads past the end", () => {
    tf.tidy(() => {
      const outside = tf.tensor2d([[1], [7]], [2, 1], "int32");
      const [row, rows] = [tf.ones([5]), tf.ones([2])];
      const invalid = /[Ii]nvalid indices/;
      assert.throws(() => tf.gatherND(row, outside).dataSync(), invalid);
      assert.throws(() => tf.scatterND(outside, rows, [5]).dataSync(), invalid);
      assert.throws(() => tf.tensorScatterUpdate(row, outside, rows).dataSync(), invalid);
      assert.throws(() => tf.sparseToDense(outside, rows, [5]).dataSync(), invalid);
      assert.deepEqual(
        [...tf.scatterND(tf.tensor2d([[1], [3]], [2, 1], "int32"), rows, [5]).dataSync()],
        [0, 1, 0, 1, 0],
      );
    });
  });

  it("refuses an index past the end in the words that TensorFlow.js has for it", () => {
    tf.tidy(() => {
      assert.throws(() => tf.gather(tf.tensor1d([1, 2]), tf.tensor1d([100], "int32")), {
        name: "ShapeError",
        message: /\(GatherV2: the index value 100 is not in \[0, 1\]\)$/,
      });
    });
  });

  it("slopes of PReLU along any axis, of which TensorFlow.js's kernel takes those of the last for granted", () => {
    tf.tidy(() => {
      const x = tf.fill([3, 2], -1);
      const slopes: [number[], number[], number[]][] = [
        [[1, 2, 3], [3, 1], [-1, -1, -2, -2, -3, -3]],
        [[1, 2], [2], [-1, -2, -1, -2, -1, -2]],
        [[1, 2], [1, 2], [-1, -2, -1, -2, -1, -2]],
        [[5], [], [-5, -5, -5, -5, -5, -5]],
        [[1, 2, 3, 4, 5, 6], [3, 2], [-1, -2, -3, -4, -5, -6]],
      ]; // prettier-ignore
      for (const [alpha, shape, expected] of slopes)
        assert.deepEqual([...tf.prelu(x, tf.tensor(alpha, shape)).dataSync()], expected, String(shape));
      const wide = tf.prelu(tf.tensor2d([-1, -2], [1, 2]), tf.tensor2d([1, 2, 3], [3, 1]));
      assert.deepEqual([...wide.dataSync()], [-1, -2, -2, -4, -3, -6]);
    });
  });

  it("indices of each example of a batch", () => {
    tf.tidy(() => {
      const indices = tf.tensor2d([[3, 1], [1, 0], [2, 2]], [3, 2], "int32"); // prettier-ignore
      const picked = tf.gather(tf.range(0, 12).reshape([3, 4]), indices, 1, 1);
      assert.deepEqual([...picked.dataSync()], [3, 1, 5, 4, 10, 10]);
      const pairs = tf.gather(tf.range(0, 30).reshape([3, 5, 2]), indices, 1, 1);
      assert.deepEqual([...pairs.dataSync()], [6, 7, 2, 3, 12, 13, 10, 11, 24, 25, 24, 25]);
    });
  });

  it("images moved and turned beyond their edge", () => {
    tf.tidy(() => {
      const row = tf.tensor4d([1, 2, 3], [1, 1, 3, 1]);
      // Three places to the left, reflected at the edges: c b a | a b c.
      const moved = tf.image.transform(row, tf.tensor2d([[1, 0, -3, 0, 1, 0, 0, 0]]), "nearest", "reflect");
      assert.deepEqual([...moved.dataSync()], [3, 2, 1]);
      const turned = tf.image.rotateWithOffset(tf.ones([1, 3, 3, 1]), Math.PI / 4, 0.25).dataSync();
      assert.deepEqual([turned[0], turned[4]], [0.25, 1]);
    });
  });

  it("depthwise convolutions whose size is worked out from the height of the filter", () => {
    tf.tidy(() => {
      const x = tf.ones<tf.Rank.R4>([1, 3, 4, 1]);
      // TensorFlow.js: as wide as with a filter of three columns, so that the last windows lack a column on the right.
      const y = tf.depthwiseConv2d(x, tf.ones([3, 2, 1, 2]), 1, 1);
      const after = tf.ones([64]);
      assert.deepEqual(y.shape, [1, 3, 4, 2]);
      assert.deepEqual([...y.dataSync()], [2, 2, 4, 4, 4, 4, 4, 4, 3, 3, 6, 6, 6, 6, 6, 6, 2, 2, 4, 4, 4, 4, 4, 4]);
      assert.deepEqual([...after.dataSync()], Array(64).fill(1));
    });
  });
});
