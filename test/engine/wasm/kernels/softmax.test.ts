import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";
import { assertEqualsCpu, evaluate, tensor } from "../../../helpers/compare.js";

describe("softmax", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  it("equals the JavaScript backend for rows of any length, with its gradient", async () => {
    for (const columns of [1, 2, 3, 4, 5, 7, 8, 67, 1009]) {
      await assertEqualsCpu(() => {
        const [x, weights] = [tensor([3, 11, columns], 1, { deviation: 4 }), tensor([3, 11, columns], 2)];
        return [tf.softmax(x), tf.grad((x) => tf.softmax(x).mul(weights))(x)];
      }, 6e-7);
    }
  });

  it("does not overflow, leaves out what is minus infinity, and shows NaN in its row", () => {
    const [y] = evaluate(() =>
      tf.softmax([
        [1e30, 1e30, -1e30, 0, 0],
        [-Infinity, 3, -Infinity, -Infinity, 3],
        [1, 2, 3, 4, NaN],
      ]),
    );
    assert.deepEqual([...y], [0.5, 0.5, 0, 0, 0, 0, 0.5, 0, 0, 0.5, NaN, NaN, NaN, NaN, NaN]);
  });
});
