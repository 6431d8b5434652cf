import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../../../src/core/errors.js";
import { randomOf } from "../../../src/core/random.js";
import { crossEntropy } from "../../../src/training/losses.js";
import { classification } from "../../../src/training/tasks/classification.js";
import { drawShare } from "../../../src/training/tasks/mixup.js";
import { assertClose } from "../../helpers/compare.js";

before(() => tf.setBackend("cpu"));

const batch = {
  images: Float32Array.from({ length: 3 * 2 * 1 * 3 }, (_, i) => i),
  labels: Int32Array.of(2, 0, 1),
  indices: Uint32Array.of(0, 1, 2),
  shape: [3, 2, 1, 3],
} as const;

describe("drawShare", () => {
  it("draws the larger share of a Beta distribution", () => {
    for (const alpha of [0.2, 0.5, 1]) {
      const random = randomOf(11);
      const shares = Array.from({ length: 4000 }, () => drawShare(alpha, random));
      assert.ok(shares.every((share) => share >= 0.5 && share <= 1));
      // Var Beta(a, a) = 1 / (4 (2 a + 1)), whichever of s and 1 - s is taken.
      const variance = shares.reduce((sum, share) => sum + (share - 0.5) ** 2, 0) / shares.length;
      assert.ok(Math.abs(variance * 4 * (2 * alpha + 1) - 1) < 0.05, `${alpha}: ${variance}`);
    }
  });
});

describe("classification with mixup", () => {
  const contextOf = (seed: number) => ({ progress: 0, random: randomOf(seed) });

  it("mixes each image and its target with the one as far from the other end", () => {
    const task = classification({ mixup: 0.5, labelSmoothing: 0.1 });
    const context = contextOf(3);
    const share = drawShare(0.5, randomOf(3));
    const inputs = (task.inputs!(batch, context) as tf.Tensor).dataSync<"float32">();
    const rows = [0, 1, 2].map((b) => batch.images.subarray(6 * b, 6 * b + 6));
    assertClose(
      inputs,
      rows.flatMap((row, b) => Array.from(row, (value, i) => share * value + (1 - share) * rows[2 - b][i])),
      1e-6,
    );
    const logits = tf.tensor2d([[1, -2, 0.5], [0.25, 3, -1], [0, 1, 2]]); // prettier-ignore
    const against = (labels: number[]) =>
      crossEntropy(logits, tf.tensor1d(labels, "int32"), { smoothing: 0.1 }).dataSync()[0];
    const { loss } = task.loss([logits], batch, [3], context);
    assertClose(loss.dataSync<"float32">(), [share * against([2, 0, 1]) + (1 - share) * against([1, 0, 2])], 1e-6);
    // Half of a batch of six counts for half.
    assertClose(task.loss([logits], batch, [6], context).loss, [loss.dataSync()[0] / 2], 1e-6);
  });

  it("leaves images as they are outside of training, and without it", () => {
    const plain = [classification({ mixup: 0.5 }).inputs!(batch, null), classification().inputs!(batch, contextOf(1))];
    for (const inputs of plain) assert.deepEqual((inputs as tf.Tensor).dataSync(), batch.images);
  });

  it("is kept in the configuration where there is any, and one without is as it was", () => {
    assert.deepEqual(classification({ mixup: 0.2 }).config, {
      kind: "classification",
      labelSmoothing: 0.1,
      mixup: 0.2,
    });
    assert.deepEqual(classification({ mixup: 0 }).config, { kind: "classification", labelSmoothing: 0.1 });
  });

  for (const mixup of [-0.1, 1.5, Number.NaN])
    it(`refuses ${mixup}`, () => {
      assert.throws(
        () => classification({ mixup }),
        new ConfigError(`classification: mixup must be between 0 and 1, got ${mixup}; use 0 for none, or 0.2`),
      );
    });
});
