import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { ConfigError } from "../../src/core/errors.js";
import { batchNormPresets } from "../../src/functions/batch-norm.js";
import { BatchNorm, type BatchNormArgs } from "../../src/layers/index.js";
import { assertClose } from "../helpers/compare.js";

/** Rows and channels. */
const [rows, channels] = [13, 5];

const weight = (layer: tf.layers.Layer, name: string) =>
  layer.weights.find(({ originalName }) => originalName.endsWith(name))!;

/** The definition in float64: statistics of each channel over all rows. */
function naive(x: ArrayLike<number>, epsilon: number) {
  const output = new Float64Array(x.length);
  const [mean, variance] = [new Float64Array(channels), new Float64Array(channels)];
  for (let c = 0; c < channels; c++) {
    const column = Array.from({ length: rows }, (_, row) => x[row * channels + c]);
    mean[c] = column.reduce((sum, value) => sum + value, 0) / rows;
    variance[c] = column.reduce((sum, value) => sum + (value - mean[c]) ** 2, 0) / rows;
    column.forEach((value, row) => (output[row * channels + c] = (value - mean[c]) / Math.sqrt(variance[c] + epsilon)));
  }
  return { output, mean, variance };
}

/** A layer with weights that are neither zero nor one, and an input that is far from normal already. */
function setUp(args: BatchNormArgs = {}) {
  const layer = new BatchNorm(args);
  const x = tf.randomNormal([rows, channels], 3, 2, "float32", 1);
  layer.build(x.shape);
  const gamma = tf.linspace(0.5, 1.5, channels);
  const beta = tf.linspace(-1, 1, channels);
  const movingMean = tf.linspace(0.2, 1, channels);
  const movingVariance = tf.linspace(2, 3, channels);
  layer.setWeights([gamma, beta, movingMean, movingVariance]);
  return { layer, x, gamma, beta, movingMean, movingVariance };
}

for (const backend of ["wasm", "cpu"] as const)
  describe(`BatchNorm on ${backend}`, () => {
    before(async () => void (await engine.start({ backend })));
    after(() => engine.stop());

    for (const preset of ["torch", "tf"] as const)
      it(`in training normalises with the statistics of the batch, as ${preset} does`, () =>
        tf.tidy(() => {
          const { layer, x, gamma, beta, movingMean, movingVariance } = setUp({ constants: preset });
          const { rate, epsilon, unbiased } = batchNormPresets[preset];
          const { output, mean, variance } = naive(x.dataSync(), epsilon);
          const y = layer.apply(x, { training: true }) as tf.Tensor;
          assertClose(y, tf.tensor(Array.from(output), [rows, channels]).mul(gamma).add(beta));
          const moved = (before: tf.Tensor, batch: Float64Array, factor: number) =>
            before.mul(1 - rate).add(tf.tensor(Array.from(batch)).mul(rate * factor));
          assertClose(weight(layer, "moving_mean").read(), moved(movingMean, mean, 1), 1e-6);
          assertClose(
            weight(layer, "moving_variance").read(),
            moved(movingVariance, variance, unbiased ? rows / (rows - 1) : 1),
            1e-6,
          );
        }));

    it("otherwise normalises with the running statistics, and leaves them alone", () =>
      tf.tidy(() => {
        const { layer, x, gamma, beta, movingMean, movingVariance } = setUp();
        const expected = x.sub(movingMean).div(movingVariance.add(1e-5).sqrt()).mul(gamma).add(beta);
        assertClose(layer.apply(x) as tf.Tensor, expected);
        assertClose(weight(layer, "moving_mean").read(), movingMean, 0);
      }));

    it("computes the same in evaluation as in training once the running statistics are those of the batch", () =>
      tf.tidy(() => {
        const { layer, x } = setUp({ constants: { rate: 1, epsilon: 1e-5, unbiased: false } });
        const trained = layer.apply(x, { training: true }) as tf.Tensor;
        assertClose(layer.apply(x) as tf.Tensor, trained, 1e-6);
      }));

    it("adds a residual, then clamps at zero", () =>
      tf.tidy(() => {
        for (const training of [true, false]) {
          const { layer, x } = setUp({ activation: "relu" });
          const { layer: plain } = setUp();
          const residual = tf.randomNormal([rows, channels], 0, 1, "float32", 2);
          const y = layer.apply([x, residual], { training }) as tf.Tensor;
          assertClose(y, (plain.apply(x, { training }) as tf.Tensor).add(residual).relu(), 1e-6);
          assert.ok(y.min().dataSync()[0] === 0 && y.max().dataSync()[0] > 1);
        }
      }));

    it("has the gradients that finite differences have, residual and ReLU included", () => {
      const { layer, x } = setUp({ activation: "relu" });
      const residual = tf.randomNormal([rows, channels], 0, 1, "float32", 3);
      const cotangent = tf.randomNormal([rows, channels], 0, 1, "float32", 4);
      const [gamma, beta] = [weight(layer, "gamma"), weight(layer, "beta")].map((w) => w.read() as tf.Variable);
      const inputs = [x, residual].map((tensor) => tf.variable(tensor));
      const variables = [...inputs, gamma, beta];
      const loss = () =>
        (layer.apply(inputs as tf.Tensor[], { training: true }) as tf.Tensor).mul(cotangent).sum<tf.Scalar>();
      const { grads, value } = tf.variableGrads(loss, variables);
      variables.forEach((variable, index) => {
        const direction = tf.randomNormal(variable.shape, 0, 1, "float32", 40 + index);
        const origin = variable.clone();
        const at = (step: number) =>
          tf.tidy(() => {
            variable.assign(origin.add(direction.mul(step)));
            return loss().dataSync()[0];
          });
        const numeric = (at(2e-3) - at(-2e-3)) / 4e-3;
        const analytic = tf.tidy(() => grads[variable.name].mul(direction).sum().dataSync()[0]);
        at(0);
        assertClose([analytic], [numeric], 5e-3);
      });
      tf.dispose([value, grads]);
    });

    it("normalises the last axis of any tensor", () =>
      tf.tidy(() => {
        const { layer, x } = setUp();
        const flat = layer.apply(x, { training: true }) as tf.Tensor;
        const { layer: other } = setUp();
        const image = other.apply(x.reshape([1, 13, 1, 5]), { training: true }) as tf.Tensor;
        assert.deepEqual(image.shape, [1, 13, 1, 5]);
        assertClose(image, flat, 0);
      }));

    it("starts with gamma one, or zero where asked", () => {
      for (const zeroGamma of [false, true])
        tf.tidy(() => {
          const layer = new BatchNorm({ zeroGamma });
          layer.build([null, 3]);
          assertClose(weight(layer, "gamma").read(), zeroGamma ? [0, 0, 0] : [1, 1, 1]);
          assertClose(weight(layer, "moving_variance").read(), [1, 1, 1]);
          assert.equal(layer.trainableWeights.length, 2);
        });
    });

    it("is rebuilt from its configuration", () => {
      const args: BatchNormArgs = { constants: "tf", zeroGamma: true, activation: "relu", name: "norm" };
      const config = new BatchNorm(args).getConfig();
      const copy = BatchNorm.fromConfig(BatchNorm, JSON.parse(JSON.stringify(config)) as tf.serialization.ConfigDict);
      assert.deepEqual(copy.getConfig(), config);
      assert.equal(config.constants, "tf");
    });

    it("leaves no tensor behind", () => {
      const { layer, x } = setUp();
      const before = tf.memory().numTensors;
      for (const training of [true, false]) tf.dispose(layer.apply(x, { training }) as tf.Tensor);
      assert.equal(tf.memory().numTensors, before);
    });

    it("refuses constants and activations that it does not know", () => {
      assert.throws(
        () => new BatchNorm({ constants: "keras" as "tf" }),
        /constants must be "torch", "tf" .* got keras/,
      );
      assert.throws(
        () => new BatchNorm({ activation: "gelu" as "relu" }),
        /activation must be "relu" or null, got gelu/,
      );
      assert.throws(() => new BatchNorm().build([null, null]), ConfigError);
    });
  });
