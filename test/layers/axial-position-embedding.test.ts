import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { axialPositionEmbedding } from "../../src/functions/axial-position-embedding.js";
import { AxialPositionEmbedding } from "../../src/layers/axial-position-embedding.js";
import { assertClose } from "../helpers/compare.js";

describe("the axial position embedding", () => {
  before(() => tf.setBackend("cpu"));

  it("adds to each place one row per coordinate", () => {
    const layer = new AxialPositionEmbedding({ filters: 2, shape: [3, 5] });
    const y = layer.apply(tf.zeros([1, 3, 5, 2])) as tf.Tensor4D;
    const [rows, columns] = layer.getWeights().map((table) => table.arraySync() as number[][]);
    const expected = rows.flatMap((row) => columns.flatMap((column) => row.map((value, c) => value + column[c])));
    assertClose(y, expected, 2e-7);
  });

  it("of a smaller image uses the first rows", () => {
    const tables = [tf.randomNormal([5, 2]), tf.randomNormal([7, 2])];
    const all = axialPositionEmbedding(tf.zeros<tf.Rank.R4>([1, 5, 7, 2]), tables);
    const some = axialPositionEmbedding(tf.zeros<tf.Rank.R4>([1, 3, 2, 2]), tables);
    assertClose(some, all.slice([0, 0, 0, 0], [1, 3, 2, 2]), 0);
  });

  it("says what is wrong with its arguments and its input", () => {
    assert.throws(
      () => new AxialPositionEmbedding({ filters: 2, shape: [] }),
      /shape must hold the longest length of each axis, got \[\]/,
    );
    assert.throws(
      () => new AxialPositionEmbedding({ filters: 2, shape: [3, 5], channelAxis: 4 }),
      /channelAxis must name an axis .* got 4/,
    );
    assert.throws(
      () => new AxialPositionEmbedding({ filters: 2, shape: [3, 5] }).apply(tf.zeros([1, 4, 5, 2])),
      /input must have 2 axes of at most \[3, 5\] and 2 channels at axis 3, got \[1, 4, 5, 2\]; build the layer with a larger shape/,
    );
  });
});
