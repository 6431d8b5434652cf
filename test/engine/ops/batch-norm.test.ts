import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import {
  fusedBatchNorm,
  fusedBatchNormGiven,
  fusedBatchNormPair,
  fusedBatchNormPairGiven,
  type BatchNormInputs,
  type NormalizedInput,
  type Statistics,
} from "../../../src/engine/ops/batch-norm.js";
import { assertClose, assertEqualsCpu, evaluate, tensor } from "../../helpers/compare.js";

const epsilon = 1e-3;

/** Batch norm from single operations that all have gradients in TensorFlow.js. */
function composed({ x, gamma, beta }: NormalizedInput, given?: Statistics): Statistics & { y: tf.Tensor2D } {
  const mean = given?.mean ?? x.mean<tf.Tensor1D>(0);
  const variance = given?.variance ?? x.sub(mean).square().mean<tf.Tensor1D>(0);
  return { mean, variance, y: x.sub(mean).div(variance.add(epsilon).sqrt()).mul(gamma).add(beta) };
}

const clamp = (y: tf.Tensor, relu: boolean): tf.Tensor2D => (relu ? y.relu() : y) as tf.Tensor2D;

function single(inputs: BatchNormInputs, relu: boolean): { output: tf.Tensor2D } & Statistics {
  const fused = fusedBatchNorm(inputs, { epsilon, relu });
  if (fused !== null) return fused;
  const { y, mean, variance } = composed(inputs);
  return { output: clamp(inputs.residual === null ? y : y.add(inputs.residual), relu), mean, variance };
}

const inputOf = (rows: number, channels: number, seed: number, mean = 1): tf.Tensor[] => [
  tensor<tf.Rank.R2>([rows, channels], seed, { mean, deviation: 2 }),
  tensor<tf.Rank.R1>([channels], seed + 1, { mean: 1, deviation: 0.3 }),
  tensor<tf.Rank.R1>([channels], seed + 2),
];
const named = ([x, gamma, beta]: tf.Tensor[]): NormalizedInput => ({
  x: x as tf.Tensor2D,
  gamma: gamma as tf.Tensor1D,
  beta: beta as tf.Tensor1D,
});

describe("fused batch norm", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  for (const [rows, channels] of [
    [1, 1],
    [5, 2],
    [7, 5],
    [101, 13],
    [67, 37],
    [311, 64],
  ]) {
    for (const relu of [false, true]) {
      for (const withResidual of [false, true]) {
        const what = `${withResidual ? " with a residual" : ""}${relu ? " and ReLU" : ""}`;
        it(`of ${rows} x ${channels}${what} equals single operations, with all gradients`, () =>
          assertEqualsCpu(() => {
            const arguments_ = inputOf(rows, channels, 1);
            if (withResidual) arguments_.push(tensor([rows, channels], 5));
            const weights = tensor([rows, channels], 7);
            const residual = (arguments_[3] ?? null) as tf.Tensor2D | null;
            const { mean, variance } = single({ ...named(arguments_), residual }, relu);
            const { value, grads } = tf.valueAndGrads((...args: tf.Tensor[]) => {
              const residual = (args[3] ?? null) as tf.Tensor2D | null;
              const { output } = single({ ...named(args), residual }, relu);
              return output.mul(weights).sum<tf.Scalar>();
            })(arguments_);
            return [value, mean, variance, ...grads];
          }, 3e-6));
      }
    }
  }

  for (const relu of [false, true]) {
    it(`of a pair${relu ? " with ReLU" : ""} equals the sum of two, with all gradients`, () =>
      assertEqualsCpu(() => {
        const weights = tensor([103, 37], 7);
        const { value, grads } = tf.valueAndGrads((...args: tf.Tensor[]) => {
          const [a, b] = [named(args.slice(0, 3)), named(args.slice(3))];
          const output =
            fusedBatchNormPair(a, b, { epsilon, relu })?.output ?? clamp(composed(a).y.add(composed(b).y), relu);
          return output.mul(weights).sum<tf.Scalar>();
        })([...inputOf(103, 37, 1), ...inputOf(103, 37, 17, -3)]);
        return [value, ...grads];
      }, 3e-6));

    it(`with given statistics${relu ? " and ReLU" : ""} equals single operations, with all gradients`, () =>
      assertEqualsCpu(() => {
        const given = (seed: number): Statistics => ({
          mean: tensor<tf.Rank.R1>([37], seed),
          variance: tensor<tf.Rank.R1>([37], seed + 1, { mean: 3, deviation: 0.5 }),
        });
        const [first, second] = [given(31), given(41)];
        const weights = tensor([103, 37], 7);
        const one = tf.valueAndGrads((...args: tf.Tensor[]) => {
          const a = { ...named(args), residual: args[3] as tf.Tensor2D };
          const output =
            fusedBatchNormGiven(a, first, { epsilon, relu }) ?? clamp(composed(a, first).y.add(a.residual), relu);
          return output.mul(weights).sum<tf.Scalar>();
        })([...inputOf(103, 37, 1), tensor([103, 37], 5)]);
        const two = tf.valueAndGrads((...args: tf.Tensor[]) => {
          const [a, b] = [
            { ...named(args.slice(0, 3)), ...first },
            { ...named(args.slice(3)), ...second },
          ];
          const output =
            fusedBatchNormPairGiven(a, b, { epsilon, relu }) ??
            clamp(composed(a, first).y.add(composed(b, second).y), relu);
          return output.mul(weights).sum<tf.Scalar>();
        })([...inputOf(103, 37, 1), ...inputOf(103, 37, 17)]);
        return [one.value, ...one.grads, two.value, ...two.grads];
      }, 3e-6));
  }

  it("keeps its digits when the mean is far from zero", () => {
    const x = tensor<tf.Rank.R2>([997, 7], 3);
    const [gamma, beta] = [tf.ones([7]), tf.zeros([7])] as tf.Tensor1D[];
    const run = (offset: number): Float32Array =>
      fusedBatchNorm(
        { x: x.add(offset).sub(offset).add(offset), gamma, beta, residual: null },
        { epsilon, relu: false },
      )!.variance.dataSync<"float32">();
    // 4096 leaves 37 of the 24 bits of each value; the variance of what is left must come out of them.
    assertClose(run(4096), run(0), 1e-3);
  });

  it("lets NaN through, forward and backward, in its channel only", () => {
    const data = tensor<tf.Rank.R2>([29, 5], 1).arraySync();
    data[13][2] = NaN;
    const [, gamma, beta] = inputOf(29, 5, 1) as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D];
    const [y, dx] = evaluate(() => {
      const gradient = tf.valueAndGrad((x) => {
        const { output } = fusedBatchNorm(
          { x: x as tf.Tensor2D, gamma, beta, residual: null },
          { epsilon, relu: true },
        )!;
        return output;
      })(tf.tensor2d(data), tf.ones([29, 5]));
      return [gradient.value, gradient.grad];
    });
    for (const result of [y, dx]) {
      result.forEach((value, index) => assert.equal(Number.isNaN(value), index % 5 === 2, `value ${index}`));
    }
  });

  it("is what tf.batchNorm computes with vectors, and leaves other cases to tfjs; with gradients and no memory kept", async () => {
    const [channels, x] = [7, tensor<tf.Rank.R4>([3, 11, 13, 7], 1)];
    const [mean, beta] = [2, 3].map((seed) => tensor([channels], seed));
    const [variance, gamma] = [tensor([channels], 4).square().add(0.1), tensor([channels], 5, { mean: 1 })];
    const run = (x: tf.Tensor, ...[scale, shift]: (tf.Tensor | undefined)[]) =>
      tf.batchNorm(x, mean, variance, shift, scale, epsilon);
    const rows = x.reshape([-1, channels]);
    await assertEqualsCpu(() => [run(x, gamma, beta), run(rows, gamma, beta), run(x.slice(0, 0), gamma, beta)], 1e-6);
    await assertEqualsCpu(() => [run(x), run(x, gamma), run(x, undefined, beta)], 1e-6);
    const full = (tensor: tf.Tensor) => tensor.mul<tf.Tensor4D>(tf.ones(x.shape));
    await assertEqualsCpu(() => tf.batchNorm4d(x, full(mean), full(variance), full(beta), full(gamma), epsilon), 1e-6);
    await assertEqualsCpu(() => {
      const loss = (...[x, gamma, beta]: tf.Tensor[]) => run(x, gamma, beta).mul(tensor(x.shape, 9));
      return tf.grads(loss)([x, gamma, beta]);
    }, 1e-5);
    const evaluated = () => tf.tidy(() => void run(x, gamma, beta).dataSync());
    evaluated();
    const { liveBytes } = engine.memory().heap!;
    evaluated();
    assert.equal(engine.memory().heap!.liveBytes, liveBytes);
    tf.dispose([x, rows, mean, variance, beta, gamma]);
  });

  it("is null on other backends", async () => {
    await tf.setBackend("cpu");
    const inputs = { ...named(inputOf(3, 5, 1)), residual: null };
    assert.equal(fusedBatchNorm(inputs, { epsilon, relu: false }), null);
    await tf.setBackend("wasm");
  });
});
