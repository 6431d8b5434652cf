import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { fusedLinear, type LinearOptions } from "../../../src/engine/ops/index.js";
import { assertClose } from "../../helpers/compare.js";

/** What fusedLinear must equal, from single operations. */
function composed(x: tf.Tensor, w: tf.Tensor2D, { scale, shift, residual, relu }: LinearOptions): tf.Tensor {
  let y: tf.Tensor = x.reshape([-1, w.shape[0]]).matMul(w);
  if (scale) y = y.mul(scale);
  if (shift) y = y.add(shift);
  y = y.reshape([...x.shape.slice(0, -1), w.shape[1]]);
  if (residual) y = y.add(residual);
  return relu === true ? y.relu() : y;
}

describe("fusedLinear", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  // Neither 23 * 19 rows nor 13 columns fill whole tiles.
  const [shape, columns] = [[23, 19, 7], 13];
  const inputs = () => ({
    x: tf.randomNormal<tf.Rank.R3>(shape as [number, number, number], 0, 1, "float32", 1),
    w: tf.randomNormal<tf.Rank.R2>([7, columns], 0, 1, "float32", 2),
    scale: tf.randomNormal<tf.Rank.R1>([columns], 0, 1, "float32", 3),
    shift: tf.randomNormal<tf.Rank.R1>([columns], 0, 1, "float32", 4),
    residual: tf.randomNormal<tf.Rank.R3>([23, 19, columns], 0, 1, "float32", 5),
  });

  for (const names of [
    [],
    ["shift"],
    ["scale"],
    ["scale", "shift"],
    ["residual"],
    ["scale", "shift", "residual"],
  ] as const) {
    for (const relu of [false, true]) {
      const title = names.length === 0 ? "nothing" : names.join(", ");
      it(`with ${title}${relu ? " and relu" : ""} equals single operations, gradients too`, () => {
        const all = inputs();
        const given = ["x", "w", ...names] as const;
        const run = (linear: typeof composed) => {
          const apply = (...tensors: tf.Tensor[]) => {
            const named = Object.fromEntries(given.map((name, index) => [name, tensors[index]]));
            return linear(named["x"], named["w"] as tf.Tensor2D, { ...named, relu });
          };
          const tensors = given.map((name) => all[name]);
          const dy = tf.randomNormal([23, 19, columns], 0, 1, "float32", 6);
          return [apply(...tensors), ...tf.grads(apply)(tensors, dy)];
        };
        const actual = run((x, w, options) => fusedLinear(x, w, options)!);
        const expected = run(composed);
        actual.forEach((tensor, index) => {
          assert.deepEqual(tensor.shape, expected[index].shape);
          assertClose(tensor, expected[index], 1e-6);
        });
      });
    }
  }

  it("is null on other backends", async () => {
    await tf.setBackend("cpu");
    assert.equal(fusedLinear(tf.zeros([2, 3]), tf.zeros([3, 5])), null);
    await tf.setBackend("wasm");
  });

  it("leaves nothing behind but its results", () => {
    const { x, w, ...options } = inputs();
    const before = tf.memory().numTensors;
    tf.dispose(tf.grads((x, w) => fusedLinear(x, w as tf.Tensor2D, { ...options, relu: true })!)([x, w]));
    assert.equal(tf.memory().numTensors, before);
  });

  it("names the input whose shape is wrong", () => {
    assert.throws(() => fusedLinear(tf.zeros([2, 3]), tf.zeros([4, 5])), {
      message: "fusedLinear: w must be [3, 5], got x [2, 3], w [4, 5]; the kernel w is [K, N] for K channels of x",
    });
    assert.throws(() => fusedLinear(tf.zeros([2, 3]), tf.zeros([3, 5]), { shift: tf.zeros([4]) }), {
      message:
        "fusedLinear: shift must be [5], got x [2, 3], w [3, 5], shift [4]; the kernel w is [K, N] for K channels of x",
    });
  });
});
