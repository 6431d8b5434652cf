import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { fusedNormFactors } from "../../../src/engine/ops/norm-factors.js";
import { assertClose, numbers } from "../../helpers/compare.js";

const epsilon = 0.01;
const composed = (gamma: tf.Tensor, variance: tf.Tensor): tf.Tensor => gamma.mul(variance.add(epsilon).rsqrt());
const fused = (gamma: tf.Tensor, variance: tf.Tensor): tf.Tensor => fusedNormFactors(gamma, variance, epsilon)!;

describe("fusedNormFactors", () => {
  before(() => engine.start({ threads: 3 }));
  after(() => engine.stop());

  const inputs = () => ({
    gamma: tf.randomNormal([3, 7], 0, 1, "float32", 1),
    variance: tf.randomUniform([3, 7], 0, 2, "float32", 2),
    dy: tf.randomNormal([3, 7], 0, 1, "float32", 3),
  });

  it("equals single operations, gradients too", () => {
    const { gamma, variance, dy } = inputs();
    const run = (factors: typeof composed) => [factors(gamma, variance), ...tf.grads(factors)([gamma, variance], dy)];
    const expected = run(composed);
    run(fused).forEach((tensor, index) => {
      assert.deepEqual(tensor.shape, [3, 7]);
      assertClose(tensor, expected[index], 5e-7);
    });
  });

  it("shows NaN, and no gradient with respect to a variance of infinity", () => {
    const [gamma, variance] = [tf.tensor1d([NaN, 2, 3]), tf.tensor1d([1, NaN, Infinity])];
    assert.deepEqual([...numbers(fused(gamma, variance))], [NaN, NaN, 0]);
    const [dGamma, dVariance] = tf.grads(fused)([gamma, variance], tf.ones([3]));
    assert.deepEqual([...numbers(dGamma).slice(1)], [NaN, 0]);
    assert.deepEqual([...numbers(dVariance)], [NaN, NaN, -0]);
  });

  it("is null on other backends", async () => {
    await tf.setBackend("cpu");
    assert.equal(fusedNormFactors(tf.ones([5]), tf.ones([5]), epsilon), null);
    await tf.setBackend("wasm");
  });

  it("leaves nothing behind but its results", () => {
    const { gamma, variance, dy } = inputs();
    const before = tf.memory().numTensors;
    const results = [fused(gamma, variance), ...tf.grads(fused)([gamma, variance], dy)];
    assert.equal(tf.memory().numTensors, before + results.length);
  });
});
