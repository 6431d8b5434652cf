import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { assertClose, evaluateOnCpu, tensor } from "../../helpers/compare.js";

const sizes: Readonly<Record<string, number>> = { b: 2, h: 3, i: 5, j: 7, d: 4 };
const equations = ["ij,jd->id", "bhid,bhjd->bhij", "ij,ij->", "i,j->ji", "bij,jd->bdi", "bij->jb", "ij->", "bi,bi->b"];

describe("einsum", () => {
  before(() => engine.start({ threads: 2 }));
  after(() => engine.stop());

  const operandsOf = (equation: string): tf.Tensor[] =>
    equation
      .split("->")[0]
      .split(",")
      .map((letters, index) => tensor([...letters].map((letter) => sizes[letter]) as [number], index + 1));

  for (const equation of equations)
    it(`${equation} equals TensorFlow.js's, and its gradients central differences`, async () => {
      const operands = operandsOf(equation);
      const compute = () => tf.einsum(equation, ...operands);
      const actual = tf.tidy(() => compute().dataSync<"float32">());
      assertClose(actual, (await evaluateOnCpu(compute))[0], 2e-6);
      tf.tidy(() => {
        const weights = tensor(compute().shape as [number], 9);
        const loss = (...given: tf.Tensor[]) => tf.einsum(equation, ...given).mul(weights).sum<tf.Scalar>(); // prettier-ignore
        const gradients = tf.grads(loss)(operands);
        gradients.forEach((gradient, operand) => {
          assert.deepEqual(gradient.shape, operands[operand].shape);
          // Linear in each operand: the difference along any direction is exact.
          const direction = tensor(gradient.shape as [number], 11);
          const moved = operands.map((tensor, index) => (index === operand ? tensor.add(direction) : tensor));
          const difference = loss(...moved).sub(loss(...operands)).dataSync(); // prettier-ignore
          assertClose(gradient.mul(direction).sum().dataSync(), difference, 5e-6);
        });
      });
      tf.dispose(operands);
    });

  it("refuses what TensorFlow.js refuses", () => {
    tf.tidy(() => {
      const [a, b] = [tf.ones([2, 3]), tf.ones([4, 2])];
      assert.throws(() => tf.einsum("ij,jk->ik", a, b), /dimension|Expected/i);
      assert.throws(() => tf.einsum("ii->i", tf.ones([2, 2])), /duplicate axes/);
      assert.throws(() => tf.einsum("ij,jk,kl->il", a, b, b), /more than 2/);
    });
  });
});
