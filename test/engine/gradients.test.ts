import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { assertClose, tensor } from "../helpers/compare.js";

/** The gradients of `loss` by TensorFlow.js and by the engine, as arrays. */
function both(loss: () => tf.Scalar, variables: tf.Variable[]): [Float32Array[], Float32Array[]] {
  const arrays = (variableGrads: typeof tf.variableGrads): Float32Array[] =>
    tf.tidy(() => {
      const { value, grads } = variableGrads(loss, variables);
      return [value, ...variables.map(({ name }) => grads[name])].map((result) => result.dataSync<"float32">());
    });
  return [arrays(tf.variableGrads), arrays(engine.variableGrads as typeof tf.variableGrads)];
}

for (const backend of ["wasm", "cpu"] as const) {
  describe(`variableGrads on ${backend}`, () => {
    let variables: tf.Variable[];
    before(() => engine.start({ backend, threads: 2 }));
    after(() => engine.stop());
    beforeEach(() => {
      variables = [tensor([5, 5], 1), tensor([5], 2), tensor([7, 5], 3)].map((value) => tf.variable(value));
    });
    afterEach(() => tf.dispose(variables));

    it("equals TensorFlow.js's bit for bit, and leaks nothing", () => {
      const loss = (): tf.Scalar => {
        const [kernel, bias, x] = variables;
        const hidden = tf.softmax(x.matMul(kernel).add(bias).relu());
        const [left, right] = tf.split(hidden.concat(hidden.square(), 1), 2, 1);
        return left.mul(right).add(x).mean().add(bias.sum().mul(0.1));
      };
      const before = tf.memory();
      const [expected, actual] = both(loss, variables);
      assert.deepEqual(actual, expected);
      assert.deepEqual(tf.memory().numTensors, before.numTensors);
      assert.deepEqual(tf.memory().numBytes, before.numBytes);
    });

    it("copes with gradients that hand on what they were given, what they saved, or one tensor twice", () => {
      const add = tf.customGrad((...args) => {
        const [a, b] = args as tf.Tensor[];
        return { value: a.add(b), gradFunc: (dy: tf.Tensor) => [dy, dy] };
      });
      const halfSquares = tf.customGrad((...args) => {
        const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
        save([x]);
        return { value: x.square().sum().mul(0.5), gradFunc: (_: tf.Tensor, [x]: tf.Tensor[]) => x };
      });
      const [, bias, x] = variables;
      const before = tf.memory().numTensors;
      const actual = engine.variableGrads(() => halfSquares(add(add(x, x), add(x, x.mul(bias)))) as tf.Scalar, [
        bias,
        x,
      ] as tf.Variable[]);
      const expected = tf.variableGrads(() => x.mul(3).add(x.mul(bias)).square().sum<tf.Scalar>().mul(0.5), [bias, x]);
      for (const { name } of [bias, x]) {
        assertClose(actual.grads[name].dataSync(), expected.grads[name].dataSync(), 1e-6, name);
      }
      tf.dispose([actual, expected]);
      assert.equal(tf.memory().numTensors, before);
    });

    it("differentiates a loss that has a gradient inside", () => {
      const loss = (): tf.Scalar =>
        tf
          .grad((bias) => bias.pow(3).sum())(variables[1])
          .mul(variables[2])
          .sum();
      const [expected, actual] = both(loss, variables.slice(1));
      assert.deepEqual(actual, expected);
    });

    it("hands on a gradient as it is made: parts that add up to it, the last layer's first", () => {
      const [kernel, bias, x] = variables;
      const idle = tf.variable(tf.zeros([3]));
      const loss = (): tf.Scalar => {
        idle.mul(2).add(bias.sum()); // The loss does not depend on it.
        return tf
          .softmax(x.matMul(kernel).add(bias))
          .square()
          .sum<tf.Scalar>()
          .mul<tf.Scalar>(0.5)
          .add<tf.Scalar>(bias.square().sum().mul(0.1));
      };
      const all = [kernel, bias, x, idle];
      const parts = all.map((): Float32Array[] => []);
      const whole: number[] = [];
      const { value, grads } = engine.variableGrads(loss, all, (place, part, last) => {
        assert.ok(!whole.includes(place), "nothing follows the last part");
        if (part === null) assert.deepEqual([place, whole], [3, []], "first of all, what has no gradient");
        else parts[place].push(part.dataSync<"float32">().slice());
        if (last) whole.push(place);
      });
      assert.deepEqual(
        parts.map(({ length }) => length),
        [1, 2, 1, 0],
      );
      assert.deepEqual([...whole.slice(0, 2), ...whole.slice(2).sort()], [3, 1, 0, 2], "bias is taken last");
      for (const place of whole.slice(1)) {
        const sum = parts[place].reduce((a, b) => a.map((value, i) => value + b[i]));
        assert.deepEqual(sum, grads[all[place].name].dataSync<"float32">());
      }
      tf.dispose([value, grads, idle]);
    });

    it("frees activations and their gradients on the way", () => {
      const steps = 16;
      let mostBytes = 0;
      const watched = tf.customGrad((x) => ({
        value: (x as tf.Tensor).clone(),
        gradFunc: (dy: tf.Tensor) => {
          mostBytes = Math.max(mostBytes, tf.memory().numBytes);
          return dy.clone();
        },
      }));
      const peak = (variableGrads: typeof tf.variableGrads): number => {
        mostBytes = 0;
        const loss = (): tf.Scalar => {
          let y = watched(tf.ones([100, 1000]).mul(variables[1].mean()));
          for (let step = 0; step < steps; step++) y = watched(y.sin());
          return y.sum();
        };
        tf.tidy(() => void variableGrads(loss, [variables[1]]));
        return mostBytes / 400_000;
      };
      // TensorFlow.js: at the end one activation and one gradient a step. Here: activations at first, and little more.
      assert.ok(peak(tf.variableGrads) > 1.8 * steps);
      assert.ok(peak(engine.variableGrads as typeof tf.variableGrads) < 1.3 * steps);
    });

    it("frees a second gradient of a tensor once it has been added to the first", () => {
      const uses = 17;
      /** Gradients of x that are still there when the last of them is made. */
      const left = (variableGrads: typeof tf.variableGrads): number => {
        const made: tf.Tensor[] = [];
        let living = 0;
        const scaled = tf.customGrad((x) => ({
          value: (x as tf.Tensor).mul(0.5),
          gradFunc: (dy: tf.Tensor) => {
            living = made.filter(({ isDisposed }) => !isDisposed).length;
            made.push(dy.mul(0.5));
            return made[made.length - 1];
          },
        }));
        const loss = (): tf.Scalar => {
          const x = variables[1].mul(2);
          const terms = Array.from({ length: uses }, () => scaled(x).sum<tf.Scalar>());
          return terms.reduce((sum, term) => sum.add(term));
        };
        tf.tidy(() => void variableGrads(loss, [variables[1]]));
        return living;
      };
      assert.equal(left(tf.variableGrads), uses - 2);
      assert.equal(left(engine.variableGrads as typeof tf.variableGrads), 0);
    });
  });
}
