import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../../src/engine/index.js";
import { fusedBatchNorm } from "../../../../src/engine/ops/batch-norm.js";
import { wasmContext } from "../../../../src/engine/wasm/install.js";
import { convolution } from "../../../../src/functions/convolution.js";
import { linear } from "../../../../src/functions/linear.js";
import { assertEqualsCpu, evaluate, tensor } from "../../../helpers/compare.js";

/** Rows, and channels before and after the product: enough of them for a gradient to wait. */
const [shape, depth, columns] = [[5, 43, 47], 11, 7] as const;
const epsilon = 1e-3;

interface Norm {
  readonly gamma: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
  readonly residual: tf.Tensor | null;
}

function normalize(x: tf.Tensor, { gamma, beta, residual }: Norm, relu: boolean): tf.Tensor {
  const fused = fusedBatchNorm({ x, gamma, beta, residual }, { epsilon, relu });
  if (fused !== null) return fused.output;
  const rows = [...x.shape.keys()].slice(0, -1);
  const centred = x.sub(x.mean(rows));
  const y = centred.div(centred.square().mean(rows).add(epsilon).sqrt()).mul(gamma).add(beta);
  const sum = residual === null ? y : y.add(residual);
  return relu ? sum.relu() : sum;
}

type Product = (x: tf.Tensor, w: tf.Tensor) => tf.Tensor;
const products: Readonly<Record<string, Product>> = {
  "convolution of single pixels": (x, w) => convolution(x as tf.Tensor4D, w.reshape([1, 1, depth, columns])),
  "convolution of tf.layers": (x, w) => tf.conv2d(x as tf.Tensor4D, w.reshape([1, 1, depth, columns]), 1, "same"),
  projection: (x, w) => linear(x.reshape([-1, depth]), w as tf.Tensor2D, null).reshape([...shape, columns]),
  "projection with a bias": (x, w) =>
    linear(x.reshape([-1, depth]), w as tf.Tensor2D, tensor([columns], 9)).reshape([...shape, columns]),
};

/** Of both kinds of kernel one. */
const twoProducts = ["convolution of single pixels", "projection"].map((name) => products[name]);

const operands = () => {
  const spread = { mean: 1, deviation: 0.3 };
  return [
    tensor([...shape, depth], 1),
    tensor([depth, columns], 2),
    tensor([columns], 3, spread),
    tensor([columns], 4),
    tensor([...shape, columns], 5),
  ];
};

interface Forms {
  readonly relu: boolean;
  readonly residual: boolean;
}

/** What is differentiated, made of the norm's result, the product and x; the sum of each is of the loss. */
type Outputs = (y: tf.Tensor, a: tf.Tensor, x: tf.Tensor) => tf.Tensor[];

/** The gradients of relu?(norm(x w) + residual?), or of other outputs, with respect to the operands of these indices. */
function gradients(
  product: Product,
  { relu, residual }: Forms,
  of: readonly number[] = [0, 1, 2, 3, 4],
  outputs: Outputs = (y) => [y],
): tf.Tensor[] {
  const all = operands();
  const wanted = of.filter((index) => residual || index < 4);
  const f = (...given: tf.Tensor[]): tf.Tensor => {
    const [x, w, gamma, beta, other] = all.map((tensor, index) => given[wanted.indexOf(index)] ?? tensor);
    const a = product(x, w);
    const norm = { gamma: gamma as tf.Tensor1D, beta: beta as tf.Tensor1D, residual: residual ? other : null };
    return outputs(normalize(a, norm, relu), a, x)
      .map((output) => output.mul(tensor(output.shape, 6)).sum())
      .reduce((sum, term) => sum.add(term));
  };
  return tf.grads(f)(wanted.map((index) => all[index]));
}

const read = (run: () => tf.Tensor[]): void => void evaluate(run);

/** How often both gradients were computed at once. */
const callsOf = ({ kernels }: engine.StepProfile): number =>
  kernels.find(({ name }) => name === "NormedProductGrad")?.calls ?? 0;

describe("a norm's gradient that waits for a product", () => {
  let native = false;
  before(async () => {
    await engine.start({ threads: 3 });
    native = wasmContext()!.pool.isNative("normedProductGrad");
  });
  after(() => engine.stop());

  for (const relu of [false, true])
    for (const residual of [false, true]) {
      const what = `${residual ? " with a residual" : ""}${relu ? " and ReLU" : ""}`;
      it(`behind a projection${what} gives what single operations give`, () =>
        assertEqualsCpu(() => gradients(products["projection"], { relu, residual }), 1e-5));
    }
  for (const [name, product] of Object.entries(products).filter(([name]) => name !== "projection"))
    it(`behind a ${name} gives what single operations give`, () =>
      assertEqualsCpu(() => gradients(product, { relu: true, residual: true }), 1e-5));

  it("goes into both gradients of the product at once, and is counted where it is computed", () => {
    for (const [name, product] of Object.entries(products)) {
      const profile = engine.profileStep(() => read(() => gradients(product, { relu: true, residual: true })));
      // TensorFlow.js asks for the gradient of its own convolution's input first.
      const together = native && name !== "convolution of tf.layers";
      assert.equal(callsOf(profile), together ? 1 : 0, name);
      const work = profile.kernels.reduce((sum, { multiplyAdds }) => sum + (multiplyAdds ?? 0), 0);
      assert.equal(work, 3 * tf.util.sizeFromShape([...shape]) * depth * columns, name);
    }
  });

  it("takes in the other gradient of a tensor that is read twice, and no sum is computed behind it", async () => {
    for (const product of twoProducts) {
      // As in a residual block: x goes into the product, and past it.
      const run = () => gradients(product, { relu: false, residual: false }, [0, 1, 2, 3], (y, _, x) => [y, x]);
      await assertEqualsCpu(run, 1e-5);
      const profile = engine.profileStep(() => read(run));
      assert.equal(callsOf(profile), native ? 1 : 0);
    }
  });

  for (const [what, of] of [
    ["the filter's gradient alone", [1]],
    ["the input's gradient alone", [0]],
    ["neither", [2, 3]],
  ] as const)
    it(`is computed by itself where ${what} is asked for`, async () => {
      for (const product of twoProducts) {
        const run = () => gradients(product, { relu: true, residual: false }, of);
        await assertEqualsCpu(run, 1e-5);
        assert.equal(callsOf(engine.profileStep(() => read(run))), 0);
      }
    });

  it("is computed by itself where the product has another reader", async () => {
    for (const product of twoProducts) {
      const run = () => gradients(product, { relu: false, residual: false }, undefined, (y, a) => [y.mul(a)]);
      await assertEqualsCpu(run, 1e-5);
      assert.equal(callsOf(engine.profileStep(() => read(run))), 0);
    }
  });

  it("leaves no memory behind, whoever asks for what", () => {
    const use = () => [engine.memory().heap!.liveBytes, tf.memory().numTensors, tf.memory().numDataBuffers];
    for (const product of twoProducts)
      for (const of of [[0, 1, 2, 3, 4], [1], [0], [3]]) {
        const all = () => gradients(product, { relu: true, residual: true }, of);
        for (const run of [() => read(all), () => void tf.tidy(() => void all())]) {
          run();
          const start = use();
          run();
          assert.deepEqual(use(), start);
        }
      }
  });
});
