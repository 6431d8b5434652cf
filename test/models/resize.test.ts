import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { configuration, copyWeights, create } from "../../src/models/index.js";
import { assertClose } from "../helpers/compare.js";
import { shrunk } from "./shrunk.js";

const config = shrunk(configuration("axial-resnet-26-s"));
const make = (size: number, seed: number) => create(config, { classes: 5, size, seed });
const images = (size: number) => tf.randomNormal([2, size, size, 3], 0, 1, "float32", 7);
const predict = (model: tf.LayersModel, x: tf.Tensor) => model.predict(x) as tf.Tensor;

describe("copyWeights", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  it("between models of one size makes them the same function", () => {
    const [from, to] = [make(32, 1), make(32, 2)];
    copyWeights(from, to);
    tf.tidy(() => assertClose(predict(to, images(32)), predict(from, images(32)), 0));
    from.dispose();
    to.dispose();
  });

  it("to a larger reach keeps what the model says of images of the old size", () => {
    const [from, to] = [make(32, 1), make(64, 2)];
    const tensors = tf.memory().numTensors;
    copyWeights(from, to, { tables: "extend" });
    assert.equal(tf.memory().numTensors, tensors);
    tf.tidy(() => assertClose(predict(to, images(32)), predict(from, images(32)), 1e-6));
    from.dispose();
    to.dispose();
  });

  it("to a higher resolution stretches the tables: the outermost offset stays the outermost", () => {
    const [from, to] = [make(32, 1), make(64, 2)];
    copyWeights(from, to);
    const table = (model: tf.LayersModel) =>
      model.weights.find(({ originalName }) => originalName === "stage1.block1.height/relative_query")!.read();
    const [old, stretched] = [table(from), table(to)];
    assert.deepEqual([old.shape[0], stretched.shape[0]], [15, 31]);
    tf.tidy(() => {
      for (const [there, here] of [
        [0, 0],
        [7, 15],
        [14, 30],
      ])
        // prettier-ignore
        assertClose(stretched.slice([here, 0], [1, -1]), old.slice([there, 0], [1, -1]), 1e-6);
    });
    from.dispose();
    to.dispose();
  });

  it("refuses models of other classes, and copies nothing then", () => {
    const from = make(32, 1);
    const to = create(config, { classes: 3, size: 32, seed: 2 });
    const before = to.getWeights()[0].dataSync();
    assert.throws(
      () => copyWeights(from, to),
      /classifier\/kernel must be in both models with one shape, got \[\d+, 5\] for \[\d+, 3\]/,
    );
    assert.deepEqual(to.getWeights()[0].dataSync(), before);
    from.dispose();
    to.dispose();
  });
});
