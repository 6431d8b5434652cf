import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";
import { fusedBatchNormGiven } from "../../../../src/engine/ops/batch-norm.js";
import { groupedConvolution } from "../../../../src/engine/ops/convolution.js";
import { deferredConvolution } from "../../../../src/engine/ops/convolution.js";
import { foldedLinear, fusedLinear } from "../../../../src/engine/ops/linear.js";
import { fusedMomentumUpdate } from "../../../../src/engine/ops/optimizer-update.js";
import { BatchNorm, Convolution } from "../../../../src/layers/index.js";
import { createOptimizer } from "../../../../src/training/optimizers.js";
import { namedWeights, parametersOf } from "../../../../src/training/weights.js";
import { assertClose, evaluate, evaluateOnCpu, tensor } from "../../../helpers/compare.js";

const epsilon = 1e-5;

function norm(channels: number, seed = 1) {
  const [gamma, beta, mean] = [1, 2, 3].map((which) => tensor<tf.Rank.R1>([channels], seed + which, { mean: 1 }));
  return {
    gamma,
    beta,
    mean,
    variance: tensor<tf.Rank.R1>([channels], seed + 4)
      .square()
      .add<tf.Tensor1D>(0.1),
  };
}

/** Names of the kernels that ran. */
const kernelsOf = (run: () => void) => engine.profileStep(run).kernels.map(({ name }) => name);

/** Bytes on the heap, and tensors, that `run` leaves behind after it has run once. */
function leftBehind(run: () => void) {
  run();
  const use = () => [engine.memory().heap!.liveBytes, tf.memory().numTensors, tf.memory().numDataBuffers];
  const start = use();
  run();
  return use().map((value, index) => value - start[index]);
}

/** Convolution, norm and ReLU; convolution and norm; the sum of both, clamped. With weights of their own. */
function makeModel(): tf.LayersModel {
  const image = tf.input({ shape: [null, null, 5] });
  const convolution = (filters: number, kernelSize: number) => new Convolution({ filters, kernelSize, seed: filters });
  const apply = (layer: tf.layers.Layer, ...x: tf.SymbolicTensor[]) => layer.apply(x) as tf.SymbolicTensor;
  const x = apply(new BatchNorm({ activation: "relu" }), apply(convolution(7, 3), image));
  const shortcut = apply(new BatchNorm(), apply(convolution(11, 1), image));
  const y = apply(new BatchNorm({ activation: "relu" }), apply(convolution(11, 3), x), shortcut);
  const model = tf.model({ inputs: image, outputs: y });
  change(model, 1);
  return model;
}

/** Gives every weight other values of the same spread; variances stay positive. */
function change(model: tf.LayersModel, seed: number): void {
  tf.tidy(() => {
    model.setWeights(model.getWeights().map((weight, index) => tensor(weight.shape, 10 * seed + index).abs()));
  });
}

describe("norms folded into products", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  it("equal convolution and norm, with stride, dilation, groups, a residual and ReLU", () => {
    const shapes = [
      { filter: [1, 1, 6, 10] },
      { filter: [1, 1, 6, 10], stride: 2 },
      { filter: [3, 3, 6, 10], padding: 1 },
      { filter: [3, 5, 2, 21], padding: 2, stride: 2 },
      { filter: [3, 3, 3, 14], padding: 2, dilation: 2 },
    ];
    for (const { filter: filterShape, ...options } of shapes)
      for (const relu of [false, true])
        for (const summed of [false, true])
          tf.tidy(() => {
            const x = tensor<tf.Rank.R4>([3, 11, 13, 6], 1);
            const filter = tensor<tf.Rank.R4>(filterShape as [number, number, number, number], 2);
            const given = norm(filterShape[3]);
            const plain = groupedConvolution(x, filter, options)!;
            const rows = (y: tf.Tensor) => y.reshape<tf.Tensor2D>([-1, filterShape[3]]);
            const residual = summed ? tensor<tf.Rank.R2>(rows(plain).shape, 7) : null;
            const apply = (y: tf.Tensor) =>
              fusedBatchNormGiven({ x: rows(y), ...given, residual }, given, { epsilon, relu })!;
            const expected = apply(plain).dataSync();
            let folded: tf.Tensor2D | undefined;
            const kernels = kernelsOf(() => (folded = apply(deferredConvolution(x, filter, options)!)));
            assert.ok(kernels.includes("FoldedConv2D"));
            assert.ok(!kernels.includes("GroupedConv2D"), "the convolution's own result is not computed");
            assertClose(folded!.dataSync(), expected, 2e-6, `${filterShape.join("x")} ${relu} ${summed}`);
          });
  });

  it("equal projection and norm, with and without a bias", () => {
    tf.tidy(() => {
      const [x, w, bias] = [tensor([5, 17, 7], 1), tensor<tf.Rank.R2>([7, 11], 2), tensor<tf.Rank.R1>([11], 3)];
      const given = norm(11);
      for (const added of [bias, null]) {
        const plain = fusedLinear(x, w, { shift: added })!;
        const rows = { x: plain.reshape<tf.Tensor2D>([-1, 11]), ...given, residual: null };
        const expected = fusedBatchNormGiven(rows, given, { epsilon, relu: false })!;
        const folded = foldedLinear(x, w, given, { bias: added, epsilon })!;
        assert.deepEqual(folded.shape, [5, 17, 11]);
        assertClose(folded.dataSync(), expected.dataSync(), 2e-6);
      }
    });
  });

  it("follow every change of what they are made of: another value, another epsilon, and one written in place", () => {
    tf.tidy(() => {
      const x = tensor([13, 7], 1);
      const weights = { w: tensor([7, 11], 2), ...norm(11) };
      const variables = Object.fromEntries(Object.entries(weights).map(([name, value]) => [name, tf.variable(value)]));
      const compare = (epsilon: number) => {
        const { w, gamma, beta, mean, variance } = variables as Record<string, tf.Tensor>;
        const scale = gamma.div(variance.add(epsilon).sqrt());
        const expected = x.matMul(w).sub(mean).mul(scale).add(beta);
        const given = { gamma, beta, mean, variance } as ReturnType<typeof norm>;
        assertClose(foldedLinear(x, w as tf.Tensor2D, given, { epsilon })!.dataSync(), expected.dataSync(), 2e-6);
      };
      compare(epsilon);
      compare(1e-1);
      for (const variable of Object.values(variables)) {
        tf.tidy(() => variable.assign(variable.add(0.5)));
        compare(epsilon);
        const update = { weight: variable, gradient: tf.onesLike(variable), mean: tf.variable(tf.zerosLike(variable)) };
        const { dataId } = variable;
        const rule = { gradientScale: 1, momentum: 0, rate: -0.25, nesterov: false };
        fusedMomentumUpdate([{ ...update, addedDecay: 0, shrink: 0 }], rule);
        assert.equal(variable.dataId, dataId, "written in place");
        compare(epsilon);
        update.mean.dispose();
      }
      // Other weights for a while, in which something else changes.
      const { w, gamma } = variables;
      const [original, running] = [w.clone(), tf.variable(tf.zerosLike(gamma))];
      compare(epsilon);
      w.assign(w.neg());
      compare(epsilon);
      const update = { weight: gamma, gradient: tf.onesLike(gamma), mean: running, addedDecay: 0, shrink: 0 };
      fusedMomentumUpdate([update], { gradientScale: 1, momentum: 0, rate: -0.25, nesterov: false });
      w.assign(original);
      compare(epsilon);
      running.dispose();
      Object.values(variables).forEach((variable) => variable.dispose());
    });
  });

  it("leave nothing behind, whether a convolution's result is read, folded, both or neither", () => {
    const run = (use: (y: tf.Tensor, fold: () => tf.Tensor) => void) => () =>
      tf.tidy(() => {
        const [x, filter] = [tensor<tf.Rank.R4>([2, 5, 7, 3], 1), tensor<tf.Rank.R4>([3, 3, 3, 11], 2)];
        const given = norm(11);
        const y = deferredConvolution(x, filter, { padding: 1 })!;
        const rows = { x: y.reshape<tf.Tensor2D>([-1, 11]), ...given, residual: null };
        use(y, () => fusedBatchNormGiven(rows, given, { epsilon, relu: true })!);
      });
    const uses = [
      run(() => undefined),
      run((y) => y.add(1)),
      run((_, fold) => fold()),
      run((y, fold) => [fold(), y.dataSync(), fold()]),
      run((y, fold) => [y.dispose(), fold()]),
    ];
    for (const use of uses) assert.deepEqual(leftBehind(use), [0, 0, 0]);
  });

  it("hand a convolution's values to whatever else reads them, after its operands are gone", () => {
    tf.tidy(() => {
      const [x, filter] = [tensor<tf.Rank.R4>([2, 5, 7, 3], 1), tensor<tf.Rank.R4>([3, 3, 3, 11], 2)];
      const expected = groupedConvolution(x, filter, { padding: 1 })!.dataSync();
      const deferred = () => {
        const operands = [x.add<tf.Tensor4D>(0), filter.add<tf.Tensor4D>(0)] as const;
        const y = deferredConvolution(...operands, { padding: 1 })!;
        tf.dispose([...operands]);
        return y;
      };
      assert.deepEqual(deferred().dataSync(), expected);
      assert.deepEqual(deferred().clone().dataSync(), expected);
      assert.deepEqual(deferred().add(0).dataSync(), expected); // a kernel of ours
      assert.deepEqual(deferred().floor().dataSync(), expected.map(Math.floor)); // a kernel of tfjs's
      const variable = tf.variable(deferred());
      const update = { weight: variable, gradient: tf.onesLike(variable), mean: tf.variable(tf.zerosLike(variable)) };
      const rule = { gradientScale: 1, momentum: 0, rate: 1, nesterov: false };
      fusedMomentumUpdate([{ ...update, addedDecay: 0, shrink: 0 }], rule);
      assertClose(
        variable.dataSync(),
        expected.map((value) => value - 1),
        1e-6,
      );
      tf.dispose([variable, update.mean]);
    });
  });

  it("are what models evaluate by, while training, gradients and the convolutions' own outputs stay as they are", async () => {
    const model = makeModel();
    const raw = tf.model({ inputs: model.inputs, outputs: model.layers[1].output });
    const x = tensor([2, 5, 7, 5], 3);
    const results = [
      () => model.predict(x) as tf.Tensor,
      () => model.apply(x) as tf.Tensor,
      () => raw.predict(x) as tf.Tensor,
      () => tf.grad((x: tf.Tensor) => (model.apply(x) as tf.Tensor).square())(x),
    ];
    for (const result of results) {
      const [expected] = await evaluateOnCpu(result);
      for (let time = 0; time < 2; time++) assertClose(evaluate(result)[0], expected, 1e-5);
    }
    const kernels = kernelsOf(() => tf.dispose(model.predict(x)));
    assert.ok(kernels.includes("FoldedConv2D"));
    assert.ok(!kernels.includes("GroupedConv2D") && !kernels.includes("Conv2D"), kernels.join());
    const training = kernelsOf(() => tf.tidy(() => void model.apply(x, { training: true })));
    assert.ok(!training.includes("FoldedConv2D") && training.includes("BatchNormRelu"));
    tf.dispose(x);
    model.dispose();
  });

  it("are made anew after a step of training or other weights, and go with the model", () => {
    const everything = () => {
      const model = makeModel();
      const parameters = parametersOf(namedWeights(model), "all");
      tf.tidy(() => {
        const x = tensor([2, 5, 7, 5], 3);
        const check = () => {
          const folded = model.predict(x) as tf.Tensor;
          const { value } = tf.valueAndGrad((x: tf.Tensor) => (model.apply(x) as tf.Tensor).sum())(x); // not folded
          assertClose(folded.sum().dataSync(), value.dataSync(), 1e-5);
          return folded.dataSync();
        };
        const seen = [check()];
        change(model, 2);
        seen.push(check());
        const optimizer = createOptimizer({ kind: "sgd", momentum: 0.9 }, parameters);
        const { grads } = tf.variableGrads(() =>
          (model.apply(x, { training: true }) as tf.Tensor).square().mean<tf.Scalar>(),
        );
        optimizer.step(
          parameters.map(({ variable }) => grads[variable.name]),
          { learningRate: 0.1 },
        );
        seen.push(check());
        optimizer.dispose();
        for (const [a, b] of [
          [0, 1],
          [1, 2],
        ])
          assert.notDeepEqual(seen[a], seen[b]);
      });
      model.dispose();
    };
    assert.deepEqual(leftBehind(everything), [0, 0, 0]);
  });
});
