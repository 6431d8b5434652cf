import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";
import { ShapeError } from "../../../../src/core/errors.js";
import { assertEqualsCpu, evaluate, tensor } from "../../../helpers/compare.js";

/** All orders of the numbers below `count`. */
function permutations(count: number): number[][] {
  if (count === 0) return [[]];
  return permutations(count - 1).flatMap((order) =>
    Array.from({ length: count }, (_, at) => [...order.slice(0, at), count - 1, ...order.slice(at)]),
  );
}

describe("data movement", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  it("slices any part, as the JavaScript backend does", async () => {
    const cases: [number[], number[], number[]][] = [
      [[10_007], [5], [9001]],
      [
        [7, 11],
        [2, 3],
        [5, 6],
      ],
      [
        [5, 7, 11, 13],
        [1, 2, 3, 4],
        [3, 4, 5, 6],
      ],
      [
        [5, 7, 11, 13],
        [0, 2, 0, 0],
        [5, 3, 11, 13],
      ],
      [
        [3, 5, 2, 7, 11],
        [0, 1, 0, 2, 3],
        [3, 3, 1, 4, 5],
      ],
      [
        [2, 3, 2, 3, 2, 3],
        [1, 1, 1, 1, 1, 1],
        [1, 2, 1, 2, 1, 2],
      ],
      [
        [5, 7],
        [1, 1],
        [0, 3],
      ],
    ];
    for (const [shape, begin, size] of cases) {
      await assertEqualsCpu(() => tensor(shape as [number], 1).slice(begin, size), 0);
    }
    assert.deepEqual([...tf.tensor1d([true, false, true], "bool").slice(1).dataSync()], [0, 1]);
    assert.deepEqual(tf.tensor1d(["a", "b"]).slice(1).dataSync<"string">(), ["b"]);
  });

  it("splits and concatenates along every axis, with gradients", () =>
    assertEqualsCpu(() => {
      const x = tensor([4, 6, 10], 1);
      return [0, 1, 2].flatMap((axis) => {
        const pieces = tf.split(x, 2, axis);
        const joined = tf.concat([pieces[1], x, pieces[0]], axis);
        const gradient = tf.grad((x) => {
          const [first, ...others] = tf.split(x, axis === 2 ? [3, 2, 5] : 2, axis);
          return tf.concat([...others, first, first], axis).square();
        });
        return [...pieces, joined, gradient(x)];
      });
    }, 1e-6));

  it("stacks and unstacks along every axis, with gradients", () =>
    assertEqualsCpu(() => {
      const x = tensor([4, 3, 5], 1);
      const shuffle = (x: tf.Tensor, axis: number): tf.Tensor => {
        const pieces = tf.unstack(x, axis);
        return tf.stack([...pieces.slice(1), pieces[0], pieces[1]], (axis + 1) % 3);
      };
      return [0, 1, 2].flatMap((axis) => [shuffle(x, axis), tf.grad((x) => shuffle(x, axis).square())(x)]);
    }, 1e-6));

  it("stacks along an axis counted from the end, and other types", () =>
    assertEqualsCpu(() => {
      const x = tensor([4, 3, 5], 1, { deviation: 9 });
      const stacked = [-1, -2, -3, -4, 3].map((axis) => tf.stack([x, x.neg(), x], axis));
      return [...stacked, tf.stack(tf.unstack(x.cast("int32"), -2), 1), tf.stack(tf.unstack(x.greater(0)), -1)];
    }, 0));

  it("concatenates other types, and tensors without elements", () => {
    const joined = tf.concat([tf.tensor1d([1, 2], "int32"), tf.tensor1d([], "int32"), tf.tensor1d([3], "int32")]);
    assert.deepEqual([joined.dtype, ...joined.dataSync()], ["int32", 1, 2, 3]);
  });

  it("pads, with its gradient", async () => {
    for (const paddings of [
      [
        [0, 0],
        [1, 2],
        [3, 0],
        [0, 0],
      ],
      [
        [2, 1],
        [0, 0],
        [0, 0],
        [0, 5],
      ],
      [
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    ]) {
      await assertEqualsCpu(() => {
        const pad = (x: tf.Tensor): tf.Tensor => tf.pad(x, paddings as [number, number][], 2.5);
        return [pad(tensor([3, 5, 7, 11], 1)), tf.grad((x) => pad(x).square())(tensor([3, 5, 7, 11], 1))];
      }, 1e-6);
    }
  });

  it("cuts off where a padding is below zero, in every type, and writes nothing beyond", () => {
    tf.tidy(() => {
      const x = tf.range(0, 4 * 5 * 3).reshape([4, 5, 3]);
      for (const dtype of ["float32", "int32"] as const) {
        const cut = x.cast(dtype).pad([[-1, 2], [0, -2], [1, -1]], 7); // prettier-ignore
        const expected = x.slice([1, 0, 0], [3, 3, 2]).pad([[0, 2], [0, 0], [1, 0]], 7); // prettier-ignore
        assert.deepEqual(cut.shape, [5, 3, 3]);
        assert.deepEqual([...cut.dataSync()], [...expected.dataSync()]);
      }
      assert.deepEqual([...tf.tensor1d([5, 6, 7, 8]).pad([[0, -1]]).dataSync()], [5, 6, 7]); // prettier-ignore
      assert.throws(() => tf.tensor1d([5, 6]).pad([[-1, -2]]), { name: "ShapeError", message: /must leave something/ }); // prettier-ignore
    });
  });

  it("tiles, with its gradient", () =>
    assertEqualsCpu(
      () => [
        tensor([1, 67], 1).tile([1009, 1]),
        tensor([5, 7], 1).tile([2, 3]),
        tensor([3, 5, 7], 1).tile([2, 3, 2]),
        tf.broadcastTo(tensor([3, 1, 7], 1), [3, 5, 7]),
        tf.grad((x) => x.tile([3, 2]).square())(tensor([5, 7], 1)),
      ],
      1e-6,
    ));

  it("transposes in every order", async () => {
    for (const permutation of permutations(4)) {
      await assertEqualsCpu(() => tensor([3, 5, 7, 2], 1).transpose(permutation), 0);
      await assertEqualsCpu(() => tensor([3, 1, 37, 41], 1).transpose(permutation), 0);
    }
    await assertEqualsCpu(() => tensor([131, 173], 1).transpose(), 0);
    assert.deepEqual(
      [
        ...tf
          .tensor2d(
            [
              [1, 0],
              [1, 1],
            ],
            [2, 2],
            "bool",
          )
          .transpose()
          .dataSync(),
      ],
      [1, 1, 0, 1],
    );
  });

  it("gathers rows and gives each row the sum of what was made of it", () =>
    assertEqualsCpu(() => {
      const indices = tf.tensor2d(
        [
          [3, 0, 3],
          [1, 3, 0],
        ],
        [2, 3],
        "int32",
      );
      const [table, weights] = [tensor([5, 7], 1), tensor([2, 3, 7], 2)];
      return [
        table.gather(indices),
        tf.grad((table) => table.gather(indices).mul(weights))(table),
        table.gather(tf.tensor1d([2, 2], "int32"), 1),
        tf.unsortedSegmentSum(tensor([6, 5], 3), tf.tensor1d([4, 0, -1, 4, 4, 9], "int32"), 7),
      ];
    }, 1e-6));

  it("refuses an index that is not in the table", () => {
    const error =
      "gather: indices must be rows from 0 to 1, got 2; check where they come from " +
      "(GatherV2: the index value 2 is not in [0, 1])";
    const gather = (): unknown => evaluate(() => tf.ones([2, 3]).gather(tf.tensor1d([1, 2], "int32")));
    assert.throws(gather, (thrown) => thrown instanceof ShapeError && thrown.message === error);
  });
});
