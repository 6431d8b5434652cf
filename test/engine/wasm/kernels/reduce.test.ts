import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";
import { viewReduced } from "../../../../src/engine/wasm/kernels/reduce.js";
import { assertClose, assertEqualsCpu, tensor } from "../../../helpers/compare.js";

const operations = { sum: tf.sum, mean: tf.mean, max: tf.max };
const axes = [[0], [1], [3], [0, 1], [1, 2], [2, 3], [0, 1, 2], [1, 2, 3], [0, 1, 2, 3], [0, 2], [1, 3], []];

describe("reductions", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  for (const [name, operation] of Object.entries(operations)) {
    it(`${name} equals the JavaScript backend over any axes`, async () => {
      for (const shape of [
        [2, 3, 5, 7],
        [11, 1, 1, 101],
        [1, 53, 1, 61],
        [7, 1, 13, 1],
      ]) {
        for (const axis of axes.filter((axis) => axis.length > 0)) {
          await assertEqualsCpu(() => operation(tensor(shape as [number], 1, { mean: 0.5 }), axis), 1e-6);
        }
        await assertEqualsCpu(() => operation(tensor(shape as [number], 1), [1, 2], true), 1e-6);
      }
    });

    it(`${name} shows NaN where one went in`, () => {
      const x = tf.tensor2d([
        [1, 2, 3],
        [4, NaN, 5],
      ]);
      assert.deepEqual([...operation(x, 0).isNaN().dataSync()], [0, 1, 0]);
      assert.deepEqual([...operation(x, 1).isNaN().dataSync()], [0, 1]);
      assert.deepEqual([...operation(x).isNaN().dataSync()], [1]);
    });

    it(`${name} has the gradient of the JavaScript backend`, () =>
      assertEqualsCpu(
        () =>
          [[0], [2], [1, 2], [0, 1, 2]].map((axis) =>
            tf.grad((x) => operation(x, axis).square().mul(x.size))(tensor([5, 7, 11], 2)),
          ),
        1e-6,
      ));
  }

  for (const name of ["sum", "mean"] as const)
    it(`the gradient of ${name} is repeated along any axes, by one thread and by all`, () => {
      for (const shape of [
        [3, 2, 5, 3, 7],
        [11, 13, 3, 17, 5],
      ])
        for (const over of [[0], [4], [1, 2], [0, 2], [1, 3], [0, 2, 4], [0, 1, 2, 3, 4]])
          tf.tidy(() => {
            const kept = shape.map((size, axis) => (over.includes(axis) ? 1 : size));
            const count = over.reduce((product, axis) => product * shape[axis], 1);
            const dy = tensor(kept as [number], 2);
            const gradient = tf.grad((x) => operations[name](x, over, true).mul(dy).sum())(
              tensor(shape as [number], 1),
            );
            assertClose(gradient, tf.broadcastTo(name === "sum" ? dy : dy.div(count), shape).dataSync(), 1e-6);
          });
      const whole = tf.grad((x: tf.Tensor) => operations[name](x))(tf.ones([31, 1009]));
      assertClose(whole.sub(name === "sum" ? 1 : 1 / (31 * 1009)).abs().max(), [0], 1e-7); // prettier-ignore
    });

  it("adds many values without losing digits", () => {
    const x = tf.fill([3_000_017], 0.1);
    assertClose(x.sum(), [300_001.7], 1e-6);
    assertClose(x.reshape([-1, 1]).sum(0), [300_001.7], 1e-6);
    x.dispose();
  });

  it("sees reduced axes that lie together as one", () => {
    assert.deepEqual(viewReduced([2, 3, 5, 7], [1, 2]), [2, 15, 7]);
    assert.deepEqual(viewReduced([2, 3, 1, 7], [1, 3]), [2, 21, 1]);
    assert.deepEqual(viewReduced([1, 1], [0]), [1, 1, 1]);
    assert.equal(viewReduced([2, 3, 5], [0, 2]), null);
  });

  it("leave other types to tfjs", () => {
    assert.deepEqual([...tf.sum(tf.tensor1d([1, 2, 4], "int32")).dataSync()], [7]);
  });

  it("of nothing are 0, NaN and -Infinity", () => {
    const nothing = tf.zeros([0, 3]);
    assert.deepEqual([...nothing.sum(0).dataSync()], [0, 0, 0]);
    assert.deepEqual([...nothing.mean(0).dataSync()], [NaN, NaN, NaN]);
    assert.deepEqual([...nothing.max(0).dataSync()], [-Infinity, -Infinity, -Infinity]);
  });
});
