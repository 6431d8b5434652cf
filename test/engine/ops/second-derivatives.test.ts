import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { fusedBatchNorm, fusedBatchNormPair } from "../../../src/engine/ops/batch-norm.js";
import { fusedAxialAttention, fusedLinear, groupedConvolution } from "../../../src/engine/ops/index.js";
import { fusedNormFactors } from "../../../src/engine/ops/norm-factors.js";
import { fusedAveragePool } from "../../../src/engine/ops/pooling.js";
import { assertClose, tensor } from "../../helpers/compare.js";

type Function = (...inputs: tf.Tensor[]) => tf.Tensor;

/** The gradients of the sum of the squared gradients of sum(f(inputs)^2), an expression that mixes all second derivatives. */
const second = (f: Function, inputs: tf.Tensor[]): Float32Array[] =>
  tf.tidy(() => {
    const squares: Function = (...xs) => f(...xs).square().sum(); // prettier-ignore
    const outer = tf.grads((...xs: tf.Tensor[]) =>
      tf.addN(
        tf
          .grads(squares)(xs)
          .map((d) => d.square().sum()),
      ),
    );
    return outer(inputs).map((gradient) => gradient.dataSync<"float32">());
  });

/** The same of operations of TensorFlow.js, on its JavaScript backend. */
async function assertSecond(f: Function, composed: Function, inputs: tf.Tensor[], tolerance = 2e-5): Promise<void> {
  const actual = second(f, inputs);
  await tf.setBackend("cpu");
  const expected = second(composed, inputs);
  await tf.setBackend("wasm");
  actual.forEach((gradient, index) => assertClose(gradient, expected[index], tolerance, `input ${index}`));
}

const row = (length: number, seed: number) => tensor<tf.Rank.R1>([length], seed);

describe("gradients of gradients", () => {
  before(() => engine.start({ threads: 2 }));
  after(() => engine.stop());

  it("of relu(x)^2 are [0, 16, 24] at [-1, 2, 3]", () => {
    const gradients = tf.tidy(() => {
      const inner = tf.grad((x: tf.Tensor) => x.relu().square());
      return [
        ...tf
          .grad((x: tf.Tensor) => inner(x).square())(tf.tensor1d([-1, 2, 3]))
          .dataSync(),
      ];
    });
    assert.deepEqual(gradients, [0, 16, 24]);
  });

  it("pass through activations", async () => {
    const x = tensor([3, 7], 1);
    await assertSecond((x) => x.relu().mul(x.sin()), (x) => x.relu().mul(x.sin()), [x]); // prettier-ignore
    const leaky: Function = (x) => x.mul(x).leakyRelu(0.3).add(x.leakyRelu(0.3).mul(x));
    const asRelu = (x: tf.Tensor) => x.relu().mul(0.7).add(x.mul(0.3)); // prettier-ignore
    const composed: Function = (x) => asRelu(x.mul(x)).add(asRelu(x).mul(x));
    await assertSecond(leaky, composed, [x]);
  });

  it("pass through convolutions, plain and in groups", async () => {
    const x = tensor<tf.Rank.R4>([2, 5, 4, 2], 1);
    const filter = tensor<tf.Rank.R4>([3, 2, 2, 3], 2);
    const plain: Function = (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, "same");
    const grouped: Function = (x, w) =>
      groupedConvolution(x as tf.Tensor4D, w as tf.Tensor4D, { stride: 2, padding: 1 })!;
    await assertSecond(plain, composedConvolution([[1, 1], [0, 0]], 2), [x, filter]); // prettier-ignore
    await assertSecond(grouped, composedConvolution([[1, 1], [1, 1]], 2), [x, filter]); // prettier-ignore
  });

  it("pass through projections", async () => {
    const [x, w, shift] = [tensor([5, 3], 1), tensor<tf.Rank.R2>([3, 7], 2), row(7, 3)];
    const fused: Function = (x, w, shift) =>
      fusedLinear(x, w as tf.Tensor2D, { shift: shift as tf.Tensor1D, relu: true })!;
    await assertSecond(fused, (x, w, shift) => x.matMul(w).add(shift).relu(), [x, w, shift]);
  });

  for (const relu of [false, true])
    it(`pass through batch norms${relu ? " with a ReLU" : ""}, alone and in pairs`, async () => {
      const options = { epsilon: 1e-2, relu };
      const normalise = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor => {
        const mean = x.mean(0);
        const variance = x.sub(mean).square().mean(0);
        return x.sub(mean).mul(gamma).div(variance.add(1e-2).sqrt()).add(beta);
      };
      const end = (y: tf.Tensor): tf.Tensor => (relu ? y.relu() : y);
      const norm = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
        ({ x, gamma, beta }) as { x: tf.Tensor2D; gamma: tf.Tensor1D; beta: tf.Tensor1D };
      const inputs = [tensor([11, 3], 1), row(3, 2), row(3, 3)];
      const more = [tensor([11, 3], 4), row(3, 5), row(3, 6)];
      await assertSecond(
        (x, g, b) => fusedBatchNorm({ ...norm(x, g, b), residual: null }, options)!.output,
        (x, g, b) => end(normalise(x, g, b)),
        inputs,
        1e-4,
      );
      await assertSecond(
        (x, g, b, r) => fusedBatchNorm({ ...norm(x, g, b), residual: r as tf.Tensor2D }, options)!.output,
        (x, g, b, r) => end(normalise(x, g, b).add(r)),
        [...inputs, more[0]],
        1e-4,
      );
      await assertSecond(
        (x, g, b, y, h, c) => fusedBatchNormPair(norm(x, g, b), norm(y, h, c), options)!.output,
        (x, g, b, y, h, c) => end(normalise(x, g, b).add(normalise(y, h, c))),
        [...inputs, ...more],
        1e-4,
      );
    });

  it("pass through norms' factors and averages over windows", async () => {
    const variance = tf.tidy(() => row(5, 2).square());
    await assertSecond(
      (gamma, variance) => fusedNormFactors(gamma, variance, 1e-2)!,
      (gamma, variance) => gamma.div(variance.add(1e-2).sqrt()),
      [row(5, 1), variance],
    );
    const x = tensor<tf.Rank.R4>([1, 4, 6, 3], 7);
    await assertSecond(
      (x) => fusedAveragePool(x.square() as tf.Tensor4D, { stride: 2, rows: 2, columns: 3 })!,
      (x) => x.square().reshape([1, 2, 2, 3, 2, 3]).mean([2, 4]),
      [x],
    );
  });

  it("of fused attention are refused in a clear line", () => {
    const geometry = { heads: 2, keyDepth: 2, valueDepth: 3, window: { before: 4, after: 4 } };
    const attend: Function = (qkv) =>
      fusedAxialAttention(
        { qkv: qkv as tf.Tensor4D, scales: tf.ones([3, 2]), relative: { query: null, key: null, value: null } },
        geometry,
      )!.content;
    tf.tidy(() => {
      const qkv = tensor<tf.Rank.R4>([1, 5, 1, 14], 1);
      assert.throws(
        () => second(attend, [qkv]),
        /AxialAttention: fused attention has first derivatives only, got .*cpu/,
      );
    });
  });
});

/** A convolution in operations that TensorFlow.js differentiates as often as one likes. */
const composedConvolution =
  (padding: [[number, number], [number, number]], stride: number): Function =>
  (x, filter) => {
    const [rows, columns, channels, filters] = filter.shape;
    const padded = x.pad([[0, 0], ...padding, [0, 0]]);
    const [, height, width] = padded.shape;
    const outputRows = Math.floor((height - rows) / stride) + 1;
    const outputColumns = Math.floor((width - columns) / stride) + 1;
    const picked = (from: number, count: number) =>
      tf.range(from, from + count * stride, stride, "int32").slice(0, count);
    const taps = Array.from({ length: rows * columns }, (_, tap) => {
      const [r, c] = [Math.floor(tap / columns), tap % columns];
      const seen = padded.gather(picked(r, outputRows), 1).gather(picked(c, outputColumns), 2);
      return seen
        .reshape([-1, channels])
        .matMul(filter.slice([r, c, 0, 0], [1, 1, channels, filters]).reshape([channels, filters]));
    });
    return tf.addN(taps).reshape([x.shape[0], outputRows, outputColumns, filters]);
  };
