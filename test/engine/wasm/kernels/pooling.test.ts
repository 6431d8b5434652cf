import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";
import { averagePool } from "../../../../src/functions/pooling.js";
import { assertClose, assertEqualsCpu, evaluate, tensor } from "../../../helpers/compare.js";

/** Windows, strides, padding. */
const cases: [number, number, "valid" | "same" | number][] = [
  [2, 2, "valid"],
  [3, 2, "same"],
  [3, 2, 1],
  [3, 1, "same"],
  [5, 3, 2],
  [1, 2, "valid"],
];

describe("gradients of pooling", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  for (const [window, stride, pad] of cases) {
    it(`of the maximum over ${window} x ${window} by ${stride}, ${pad}, equal the JavaScript backend`, async () => {
      for (const channels of [1, 3, 16, 19]) {
        await assertEqualsCpu(() => {
          const x = tensor<tf.Rank.R4>([2, 11, 13, channels], 1);
          const pool = (x: tf.Tensor): tf.Tensor => tf.maxPool(x as tf.Tensor4D, window, stride, pad);
          const dy = tf.tidy(() =>
            pool(x)
              .mul(0)
              .add(tensor(pool(x).shape as [number], 5)),
          );
          return tf.grad(pool)(x, dy);
        }, 5e-7);
      }
    });
  }

  it("of the average over whole windows equal the JavaScript backend", async () => {
    for (const channels of [1, 7, 16]) {
      await assertEqualsCpu(() => {
        const x = tensor<tf.Rank.R4>([2, 12, 6, channels], 1);
        return tf.grad((x) =>
          tf.avgPool(x as tf.Tensor4D, [3, 2], [3, 2], "valid").mul(tensor([2, 4, 3, channels], 2)),
        )(x);
      }, 5e-7);
    }
  });

  it("of the average are those of the forward pass also where windows reach beyond the edge", () => {
    // y is linear in x: the gradient of its sum against a weight is the weight pulled back, so that <dx, x> = <w, y>.
    for (const [window, stride, pad] of cases) {
      const x = tensor<tf.Rank.R4>([2, 7, 5, 3], 1);
      const pool = (x: tf.Tensor): tf.Tensor => tf.avgPool(x as tf.Tensor4D, window, stride, pad);
      const [left, right] = evaluate(() => {
        const y = pool(x);
        const weights = tensor(y.shape as [number], 2);
        return [tf.grad(pool)(x, weights).mul(x).sum(), weights.mul(y).sum()];
      });
      assertClose(left, right, 3e-6, `window ${String(window)}`);
    }
  });

  it("go to the first of equal maxima", () => {
    const dx = tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"))(tf.ones([1, 2, 2, 5]));
    assert.deepEqual([...dx.dataSync()], [...Array<number>(5).fill(1), ...Array<number>(15).fill(0)]);
  });
});

describe("averages over windows side by side", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  it("equal the composed form, with their gradient, whatever is left over", async () => {
    for (const remainder of ["drop", "keep"] as const)
      for (const [stride, channels] of [
        [2, 1],
        [2, 23],
        [3, 16],
        [5, 7],
      ])
        await assertEqualsCpu(() => {
          const x = tensor<tf.Rank.R4>([3, 13, 11, channels], 1);
          const pool = (x: tf.Tensor): tf.Tensor => averagePool(x as tf.Tensor4D, stride, remainder);
          const y = pool(x);
          return [y, tf.grad(pool)(x, tensor(y.shape as [number], 2))];
        }, 5e-7);
  });

  it("run as one operation", () => {
    const x = tensor<tf.Rank.R4>([2, 5, 7, 3], 1);
    const { kernels } = engine.profileStep(() => averagePool(x, 2, "keep").dispose());
    assert.deepEqual(
      kernels.map(({ name }) => name),
      ["AveragePool"],
    );
    x.dispose();
  });
});
