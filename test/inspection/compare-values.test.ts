import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { correlation, largestDifference } from "../../src/inspection/index.js";

before(() => engine.start({ threads: 2 }));
after(() => engine.stop());

describe("the largest difference of two tensors", () => {
  it("is that of one place, whichever of the two is larger there, and leaves no tensor behind", () => {
    const [a, b] = [tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), tf.tensor2d([1, 2.5, 3, 1, 5, 6], [2, 3])];
    const kept = tf.memory().numTensors;
    assert.deepEqual([largestDifference(a, b), largestDifference(b, a), largestDifference(a, a)], [3, 3, 0]);
    assert.equal(tf.memory().numTensors, kept);
    tf.dispose([a, b]);
  });

  it("is not-a-number where one of them has one, so that no bound holds", () => {
    const [a, b] = [tf.tensor1d([NaN, 1, 7]), tf.tensor1d([0, 1, 5])];
    assert.ok(Number.isNaN(largestDifference(a, b)) && Number.isNaN(largestDifference(b, a)));
    tf.dispose([a, b]);
  });

  it("is refused for two shapes, also of one size", () => {
    const [a, b] = [tf.zeros([2, 3]), tf.zeros([3, 2])];
    assert.throws(() => largestDifference(a, b), {
      name: "ShapeError",
      message: "largestDifference: tensors must have one shape, got [2, 3] and [3, 2]; reshape one of them",
    });
    tf.dispose([a, b]);
  });
});

describe("the correlation of two fields", () => {
  it("sees neither scale nor shift", () => {
    const field = [0.1, 0.5, 0.3, 0.7, 0.2];
    const near = (value: number, expected: number) => assert.ok(Math.abs(value - expected) < 1e-12, String(value));
    near(
      correlation(
        field,
        Float64Array.from(field, (v) => 3 * v - 2),
      ),
      1,
    );
    near(
      correlation(
        field,
        field.map((v) => -v),
      ),
      -1,
    );
    // By hand: deviations (-1, 0, 1) and (1, -2, 1).
    near(correlation([1, 2, 3], [1, -2, 1]), 0);
    // (-1.5, -0.5, 0.5, 1.5) and (-1.5, 0.5, -0.5, 1.5): 4 / 5.
    near(correlation([1, 2, 3, 4], [1, 3, 2, 4]), 0.8);
  });

  it("is not-a-number for a constant field and refused for two lengths", () => {
    assert.ok(Number.isNaN(correlation([1, 1, 1], [1, 2, 3])));
    assert.throws(() => correlation([1, 2], [1, 2, 3]), {
      name: "ShapeError",
      message: "correlation: lists must have one length, got 2 and 3; compare fields of one map",
    });
  });
});
