import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { assertClose, tensor } from "../../helpers/compare.js";

type Name = "maximum" | "minimum" | "squaredDifference";
const rules: Readonly<Record<Name, (a: number, b: number) => [number, number]>> = {
  maximum: (a, b) => (a >= b ? [1, 0] : [0, 1]),
  minimum: (a, b) => (a <= b ? [1, 0] : [0, 1]),
  squaredDifference: (a, b) => [2 * (a - b), 2 * (b - a)],
};

describe("gradients of operations with operands of different shapes", () => {
  before(() => engine.start({ threads: 2 }));
  after(() => engine.stop());

  for (const backend of ["wasm", "cpu"])
    for (const name of Object.keys(rules) as Name[])
      it(`of ${name} have the operands' shapes, and sum what each operand went into, on ${backend}`, async () => {
        await tf.setBackend(backend);
        tf.tidy(() => {
          const [rows, columns] = [3, 5];
          const weights = tensor([rows, columns], 3);
          for (const [aShape, bShape] of [
            [[rows, columns], [columns]],
            [
              [rows, 1],
              [rows, columns],
            ],
            [[], [rows, columns]],
          ]) {
            // prettier-ignore
            const [a, b] = [tensor(aShape as [number], 1), tensor(bShape as [number], 2)];
            const [da, db] = tf.grads((a, b) => tf[name](a, b).mul(weights).sum())([a, b]);
            const [wholeA, wholeB] = [a, b].map((x) => x.add(tf.zeros([rows, columns])).dataSync());
            const factors = weights
              .dataSync()
              .map((weight, index) => weight * rules[name](wholeA[index], wholeB[index])[0]);
            const others = weights
              .dataSync()
              .map((weight, index) => weight * rules[name](wholeA[index], wholeB[index])[1]);
            for (const [gradient, operand, all] of [
              [da, a, factors],
              [db, b, others],
            ] as const) {
              // prettier-ignore
              assert.deepEqual(gradient.shape, operand.shape);
              const expected = tf.grad((x: tf.Tensor) => x.add(tf.zeros([rows, columns])).mul(tf.tensor(all, [rows, columns])).sum())(operand); // prettier-ignore
              assertClose(gradient.dataSync(), expected.dataSync(), 1e-6);
            }
          }
        });
        await tf.setBackend("wasm");
      });
});
