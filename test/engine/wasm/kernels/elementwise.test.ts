import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";
import { collapseAxes } from "../../../../src/engine/wasm/kernels/elementwise.js";
import { assertClose, assertEqualsCpu, evaluate, tensor } from "../../../helpers/compare.js";

const binary = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  maximum: tf.maximum,
  minimum: tf.minimum,
  squaredDifference: tf.squaredDifference,
};
const unary = { relu: tf.relu, relu6: tf.relu6, square: tf.square, neg: tf.neg, abs: tf.abs };

/** Equal shapes; scalars; a vector along the last axis; a value a row; repeated in the middle; four axes in turn (tfjs's). */
const shapes: [number[], number[]][] = [
  [[], []],
  [[37], []],
  [[], [37]],
  [
    [101, 173],
    [101, 173],
  ],
  [[11, 7, 13], [13]],
  [[13], [11, 7, 13]],
  [
    [11, 7, 13],
    [11, 7, 1],
  ],
  [
    [5, 1, 1, 13],
    [5, 7, 3, 13],
  ],
  [
    [5, 7, 1],
    [1, 1, 11],
  ],
  [
    [5, 1, 3, 1, 2],
    [1, 7, 1, 11, 2],
  ],
  [[0, 3], [3]],
];

describe("elementwise kernels", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  for (const [name, operation] of Object.entries(binary)) {
    it(`${name} equals the JavaScript backend for every kind of broadcasting`, async () => {
      for (const [a, b] of shapes) {
        await assertEqualsCpu(() => operation(tensor(a as [number], 1), tensor(b as [number], 2, { mean: 5 })), 5e-7);
      }
    });
  }

  for (const [name, operation] of Object.entries(unary)) {
    it(`${name} equals the JavaScript backend`, async () => {
      for (const count of [1, 3, 4, 17, 20_011])
        await assertEqualsCpu(() => operation(tensor([count], 3, { deviation: 4 })), 0);
    });
  }

  it("sqrt and rsqrt equal the JavaScript backend", () =>
    assertEqualsCpu(() => {
      const x = tensor([20_011], 3, { mean: 5 }).abs();
      return [x.sqrt(), x.rsqrt()];
    }, 5e-7));

  it("leakyRelu equals the JavaScript backend, with its gradient", () =>
    assertEqualsCpu(() => {
      const [x, weights] = [tensor([101, 173], 3), tensor([101, 173], 4)];
      return [0.01, 0.3, 0].flatMap((alpha) => [
        tf.leakyRelu(x, alpha),
        tf.grad((x) => tf.leakyRelu(x, alpha).mul(weights))(x),
      ]);
    }, 5e-7));

  it("exp is right over the whole range", () => {
    const x = Float32Array.from({ length: 20_011 }, (_, index) => (index - 10_000) * 0.0085);
    const [y] = evaluate(() => tf.exp(tf.tensor1d(x)));
    // Each beside its own size, whatever the others'.
    const ratios = y.map((value, index) => value / Math.exp(x[index]));
    assertClose(ratios, new Float32Array(x.length).fill(1), 3e-7);
    const [edges] = evaluate(() => tf.exp(tf.tensor1d([0, Infinity, -Infinity, NaN, 89, -104, 88.7])));
    assert.deepEqual([...edges.slice(0, 6)], [1, Infinity, 0, NaN, Infinity, 0]);
    assert.ok(Number.isFinite(edges[6]));
    const [denormal] = evaluate(() => tf.exp(tf.tensor1d([-100])));
    assert.ok(Math.abs(denormal[0] / Math.exp(-100) - 1) < 0.02);
  });

  it("cast whole numbers and truth values to real ones", () =>
    assertEqualsCpu(() => {
      const x = tensor([20_011], 3, { deviation: 9 });
      return [x.cast("int32").cast("float32"), x.greater(0).cast("float32")];
    }, 0));

  it("addN adds any number of tensors", async () => {
    for (const count of [1, 2, 5]) {
      await assertEqualsCpu(() => tf.addN(Array.from({ length: count }, (_, seed) => tensor([7, 11], seed))), 5e-7);
    }
  });

  it("keep NaN", () => {
    const nan = tf.tensor1d([NaN, 1, NaN, 2, NaN]);
    for (const operation of Object.values(unary)) {
      assert.deepEqual([...operation(nan).isNaN().dataSync()], [1, 0, 1, 0, 1]);
    }
    for (const operation of Object.values(binary)) {
      assert.deepEqual(
        [
          ...operation(nan, tf.ones([5]))
            .isNaN()
            .dataSync(),
        ],
        [1, 0, 1, 0, 1],
      );
      assert.deepEqual(
        [
          ...operation(tf.ones([5]), nan)
            .isNaN()
            .dataSync(),
        ],
        [1, 0, 1, 0, 1],
      );
    }
  });

  it("differentiate relu as the JavaScript backend does, and let NaN through", async () => {
    await assertEqualsCpu(() => tf.grad((x) => x.relu().mul(tensor([101, 17], 9)))(tensor([101, 17], 4)), 1e-6);
    assert.deepEqual(
      [
        ...tf
          .grad(tf.relu)(tf.tensor1d([-1, 0, 2, NaN]))
          .dataSync(),
      ],
      [0, 0, 1, NaN],
    );
  });

  it("differentiate broadcasting", () =>
    assertEqualsCpu(() => {
      const weights = tensor([7, 5, 13], 9);
      const loss = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor): tf.Tensor => a.mul(b).add(c).mul(weights).sum();
      return tf.grads(loss)([tensor([7, 5, 13], 1), tensor([13], 2), tensor([7, 1, 1], 3)]);
    }, 1e-5));

  it("leave other types to tfjs", () => {
    assert.deepEqual([...tf.add(tf.tensor1d([1, 2], "int32"), tf.tensor1d([3, 5], "int32")).dataSync()], [4, 7]);
    const [sum] = evaluate(() => tf.add(tf.tensor1d([1.5, 2]), tf.tensor1d([3, 5], "int32")));
    assert.deepEqual([...sum], [4.5, 7]);
  });

  it("see neighbouring axes that are repeated alike as one", () => {
    const { sizes, strides } = collapseAxes([2, 3, 5, 7], [7], [2, 3, 5, 7])!;
    assert.deepEqual(
      [sizes, strides],
      [
        [1, 30, 7],
        [
          [0, 28, 4],
          [0, 0, 4],
        ],
      ],
    );
    assert.equal(collapseAxes([2, 1, 3, 1], [1, 5, 1, 7], [2, 5, 3, 7]), null);
  });
});
