import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../../src/core/errors.js";
import { randomOf } from "../../src/core/random.js";
import * as engine from "../../src/engine/index.js";
import { orthogonalized } from "../../src/training/muon.js";
import { createOptimizer, resolveOptimizer, type MuonConfig, type Parameter } from "../../src/training/optimizers.js";
import { assertClose } from "../helpers/compare.js";

after(() => engine.stop());

/** Row-major, in double precision. */
interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: readonly number[];
}

const random = randomOf(23);
const normalish = (count: number): number[] => Array.from({ length: count }, () => random.between(-1, 1));
const drawn = (rows: number, columns: number): Matrix => ({ rows, columns, values: normalish(rows * columns) });

const transposed = ({ rows, columns, values }: Matrix): Matrix => ({
  rows: columns,
  columns: rows,
  values: Array.from({ length: values.length }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]),
});

const product = (a: Matrix, b: Matrix): Matrix => ({
  rows: a.rows,
  columns: b.columns,
  values: Array.from({ length: a.rows * b.columns }, (_, i) => {
    const [row, column] = [Math.floor(i / b.columns), i % b.columns];
    let sum = 0;
    for (let k = 0; k < a.columns; k++) sum += a.values[row * a.columns + k] * b.values[k * b.columns + column];
    return sum;
  }),
});

const combined = (a: Matrix, b: Matrix, ofA: number, ofB: number): Matrix => ({
  ...a,
  values: a.values.map((value, i) => ofA * value + ofB * b.values[i]),
});

/** The iteration as Jordan et al. print it, of a wide matrix; of a tall one by way of its transpose. */
function orthogonalizedInDouble(matrix: Matrix, steps: number): Matrix {
  if (matrix.rows > matrix.columns) return transposed(orthogonalizedInDouble(transposed(matrix), steps));
  const norm = Math.hypot(...matrix.values);
  let x: Matrix = { ...matrix, values: matrix.values.map((value) => value / norm) };
  for (let k = 0; k < steps; k++) {
    const squared = product(x, transposed(x));
    const polynomial = combined(squared, product(squared, squared), -4.775, 2.0315);
    x = combined(x, product(polynomial, x), 3.4445, 1);
  }
  return x;
}

/** Weights after the gradients, by the rule of the docblock. */
function trainedInDouble(
  weight: Matrix,
  gradients: readonly Matrix[],
  config: Required<MuonConfig>,
  rate: number,
): Matrix {
  const { momentum, nesterov, newtonSchulzSteps, weightDecay, decay } = config;
  let [w, m] = [weight, combined(weight, weight, 0, 0)];
  for (const gradient of gradients) {
    const g = combined(gradient, w, 1, decay === "l2" ? weightDecay : 0);
    m = combined(m, g, momentum, 1);
    const step = orthogonalizedInDouble(nesterov ? combined(g, m, 1, momentum) : m, newtonSchulzSteps);
    const size = rate * 0.2 * Math.sqrt(Math.max(w.rows, w.columns));
    w = combined(w, step, decay === "decoupled" ? 1 - rate * weightDecay : 1, -size);
  }
  return w;
}

const parameterOf = (values: readonly number[], shape: number[], rest: Partial<Parameter> = {}): Parameter => ({
  name: "layer/kernel",
  variable: tf.variable(tf.tensor([...values], shape)),
  decays: true,
  hidden: true,
  ...rest,
});

for (const backend of ["cpu", "wasm"] as const) {
  describe(`muon on ${backend}`, () => {
    before(() => engine.start({ backend, threads: 2 }));

    const shapes = [[5, 7], [7, 5], [5, 5], [1, 11], [13, 1]] as const; // prettier-ignore
    for (const [rows, columns] of shapes) {
      it(`orthogonalises a matrix of ${rows} x ${columns} as in double precision`, () => {
        const matrix = drawn(rows, columns);
        const x = orthogonalized(tf.tensor2d([...matrix.values], [rows, columns]), 5);
        assertClose(x.dataSync<"float32">(), [...orthogonalizedInDouble(matrix, 5).values], 1e-4);
      });
    }

    it("brings singular values near 1 and keeps singular vectors", () => {
      // U diag(3, 0.5) V^T with rotations U by 0.3 and V by 1.1.
      const rotation = (angle: number) => [Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle)];
      const [u, v] = [rotation(0.3), rotation(1.1)].map((values): Matrix => ({ rows: 2, columns: 2, values }));
      const matrix = product(product(u, { rows: 2, columns: 2, values: [3, 0, 0, 0.5] }), transposed(v));
      const x = [...orthogonalized(tf.tensor2d([...matrix.values], [2, 2]), 5).dataSync<"float32">()];
      const diagonal = product(product(transposed(u), { rows: 2, columns: 2, values: x }), v).values;
      assertClose([diagonal[1], diagonal[2]], [0, 0], 1e-4);
      for (const value of [diagonal[0], diagonal[3]]) assert.ok(value > 0.65 && value < 1.25, String(value));
    });

    it("leaves a matrix of zeros at zero", () => {
      assert.deepEqual([...orthogonalized(tf.zeros([3, 2]), 5).dataSync()], [0, 0, 0, 0, 0, 0]);
    });

    const configs: MuonConfig[] = [
      { kind: "muon", weightDecay: 0.1 },
      { kind: "muon", momentum: 0.6, nesterov: false, newtonSchulzSteps: 3 },
      { kind: "muon", weightDecay: 0.1, decay: "l2" },
    ];
    for (const config of configs) {
      it(`takes the steps of a loop in double precision, ${JSON.stringify(config)}`, () => {
        // A kernel of a convolution: 3 x 1 places of 2 channels in are 6 rows, 11 channels out the columns.
        const weight = drawn(6, 11);
        const gradients = Array.from({ length: 4 }, () => drawn(6, 11));
        const parameter = parameterOf(weight.values, [3, 1, 2, 11]);
        const optimizer = createOptimizer(config, [parameter]);
        for (const { values } of gradients)
          optimizer.step([tf.tensor4d([...values], [3, 1, 2, 11])], { learningRate: 0.05 });
        const expected = trainedInDouble(weight, gradients, resolveOptimizer(config) as Required<MuonConfig>, 0.05);
        assertClose(parameter.variable.dataSync<"float32">(), [...expected.values], 1e-4);
      });
    }

    it("moves what is no hidden matrix as AdamW does, at a rate of its own, and spares what does not decay", () => {
      const weights = () => [
        parameterOf([1, 2, 3, 4, 5, 6], [2, 3]),
        parameterOf([0.5, -0.5], [2], { name: "layer/bias", decays: false }),
        parameterOf([1, -1, 2, -2], [2, 2], { name: "head/kernel", hidden: false }),
      ];
      const [mixed, plain] = [weights(), weights()];
      const moments = { beta1: 0.8, beta2: 0.9, weightDecay: 0.3 };
      const muon = createOptimizer({ kind: "muon", restRate: 0.5, ...moments }, mixed);
      const adam = createOptimizer({ kind: "adamw", ...moments }, plain);
      for (let t = 1; t <= 3; t++) {
        const gradients = [tf.ones([2, 3]), tf.tensor1d([t, -1]), tf.tensor2d([[0.1, t], [-1, 2]])]; // prettier-ignore
        muon.step(gradients, { learningRate: 0.1 });
        adam.step(gradients, { learningRate: 0.05 });
      }
      for (const i of [1, 2])
        assert.deepEqual(mixed[i].variable.dataSync(), plain[i].variable.dataSync(), mixed[i].name);
      assert.notDeepEqual(mixed[0].variable.dataSync(), plain[0].variable.dataSync());
    });

    it("does not care how large gradients are", () => {
      const gradient = drawn(3, 5);
      const after = [1, 1000].map((gradientScale) => {
        const parameter = parameterOf(normalish(15).fill(0.25), [3, 5]);
        const optimizer = createOptimizer({ kind: "muon" }, [parameter]);
        optimizer.step([tf.tensor2d([...gradient.values], [3, 5])], { learningRate: 0.1, gradientScale });
        return parameter.variable.dataSync<"float32">();
      });
      assertClose(after[1], after[0], 1e-5);
    });

    it("goes on from its saved state as if it had never stopped", () => {
      const both = () => [parameterOf([1, -2, 3, 4], [2, 2]), parameterOf([1, 2], [2], { name: "b", hidden: false })];
      const [whole, stopped] = [both(), both()];
      const gradients = [tf.tensor2d([[0.3, 0.2], [-0.1, 0.4]]), tf.tensor1d([0.3, -2])]; // prettier-ignore
      const step = { learningRate: 0.05 };
      const [a, b] = [whole, stopped].map((parameters) => createOptimizer({ kind: "muon" }, parameters));
      for (let t = 0; t < 4; t++) [a, b].forEach((optimizer) => optimizer.step(gradients, step));
      const c = createOptimizer({ kind: "muon" }, stopped);
      assert.deepEqual([...c.state.keys()], ["momentum/layer/kernel", "mean/b", "square/b"]);
      b.state.forEach((variable, name) => c.state.get(name)?.assign(variable));
      c.steps = b.steps;
      assert.equal(c.steps, 4);
      b.dispose();
      for (let t = 0; t < 5; t++) [a, c].forEach((optimizer) => optimizer.step(gradients, step));
      whole.forEach(({ variable }, i) => assert.deepEqual(stopped[i].variable.dataSync(), variable.dataSync()));
    });

    it("leaves a parameter without gradient as it is, and leaks no tensor", () => {
      const parameters = [parameterOf([1, 2], [2, 1]), parameterOf([3, 4], [1, 2], { name: "unused/kernel" })];
      const gradient = tf.ones([2, 1]);
      const before = tf.memory().numTensors;
      const optimizer = createOptimizer({ kind: "muon", weightDecay: 0.1 }, parameters);
      for (let t = 0; t < 3; t++) optimizer.step([gradient, null], { learningRate: 0.1 });
      assert.deepEqual([...parameters[1].variable.dataSync()], [3, 4]);
      assert.equal(tf.memory().numTensors, before + optimizer.state.size);
      optimizer.dispose();
      assert.equal(tf.memory().numTensors, before);
    });
  });
}

describe("resolveOptimizer of muon", () => {
  it("leaves nothing to defaults, and a resolved configuration as it is", () => {
    const resolved = resolveOptimizer({ kind: "muon" });
    assert.deepEqual(resolved, {
      kind: "muon",
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
      decay: "decoupled",
      momentum: 0.95,
      nesterov: true,
      newtonSchulzSteps: 5,
      restRate: 1,
    });
    assert.deepEqual(resolveOptimizer(resolved), resolved);
  });

  const wrong: [config: object, message: string][] = [
    [{ momentum: -1 }, "optimizer: momentum must be between 0 and 1, got -1; choose another, or leave it out"],
    [
      { newtonSchulzSteps: 2.5 },
      "optimizer: newtonSchulzSteps must be a whole number of at least 1, got 2.5; choose another, or leave it out",
    ],
    [{ restRate: -2 }, "optimizer: restRate must be at least 0, got -2; choose another, or leave it out"],
  ];
  for (const [options, message] of wrong) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(() => resolveOptimizer({ kind: "muon", ...options }), new ConfigError(message));
    });
  }
});
