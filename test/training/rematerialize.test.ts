import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { rematerialized } from "../../src/functions/rematerialize.js";
import { create, type ResNetConfig } from "../../src/models/index.js";
import { generatedPanoptic, panopticSegmentation } from "../../src/panoptic/index.js";
import { presets, train } from "../../src/training/index.js";
import { applyRematerialized } from "../../src/training/rematerialize.js";
import { small, tinyData, tinyModel, tinySettings, valuesOf } from "./tiny.js";
import { assertClose } from "../helpers/compare.js";

/** Weights, running statistics and losses of a few steps. */
async function course(model: ResNetConfig, rematerialize: boolean) {
  const data = tinyData();
  const tensors = tf.memory().numTensors;
  const result = await train({ ...tinySettings, epochs: 1, model, data, seed: 3, rematerialize });
  await data.close();
  const losses = result.events.flatMap((event) => (event.event === "step" ? [event.loss] : []));
  const values = valuesOf(result.model);
  result.model.dispose();
  assert.equal(tf.memory().numTensors, tensors);
  return { losses, values };
}

const deep: ResNetConfig = {
  ...small,
  stages: [
    { blocks: 3, stride: 1, width: 8, filters: 16, operator: { kind: "axial", heads: 2, striding: "slice" } },
    { blocks: 2, stride: 2, width: 8, filters: 24, operator: { kind: "axial", heads: 2, striding: "slice" } },
    { block: "basic", blocks: 2, stride: 1, width: 8, filters: 24, operator: { kind: "convolution" } },
  ],
};

describe("training with blocks that are rematerialized", () => {
  before(async () => void (await engine.start({ threads: 1 })));
  after(() => engine.stop());

  for (const [name, model] of Object.entries({ "two blocks": small, "blocks of several kinds": deep }))
    it(`takes the same steps to the bit: ${name}`, async () => {
      assert.deepEqual(await course(model, true), await course(model, false));
    });

  it("takes the same steps to rounding where later parts take what blocks give as well", async () => {
    const outcomes = [];
    for (const rematerialize of [true, false]) {
      const data = generatedPanoptic({ trainCount: 6, validationCount: 2, threads: 1 });
      const settings = { epochs: 1, batchSize: 2, size: 33, learningRate: 1e-4, seed: 2, rematerialize } as const;
      const model = presets["quick-start-panoptic"].model;
      const task = panopticSegmentation();
      const result = await train({ ...settings, optimizer: "sgd", task, model, data });
      await data.close();
      outcomes.push(valuesOf(result.model));
      result.model.dispose();
    }
    const [again, kept] = outcomes;
    assertClose(again, kept, 2e-6);
  });

  it("needs less memory for a deep network", () => {
    const stages = deep.stages.map((stage) => ({ ...stage, blocks: 6 }));
    const model = create({ ...deep, stages }, { classes: 3, size: 64, seed: 1 });
    const peaks = [true, false].map((rematerialize) => peakOfStep(model, rematerialize));
    assert.ok(peaks[0] < 0.5 * peaks[1], peaks.join(" of "));
    model.dispose();
  });

  it("draws the same random numbers in both passes", () => {
    const x = tf.tensor1d([1, 2, 3, 5, 7]);
    const [w] = [tf.variable(tf.scalar(2))];
    const numbers: number[] = [];
    const gradient = tf.tidy(() =>
      tf
        .grad((input) =>
          rematerialized(
            (inner) => {
              const number = Math.random();
              numbers.push(number);
              return inner.mul(number).mul(w);
            },
            input,
            [w],
          ).sum(),
        )(x)
        .dataSync(),
    );
    assert.equal(numbers.length, 2);
    assert.equal(numbers[0], numbers[1]);
    assert.deepEqual([...gradient], [...Float32Array.of(...Array<number>(5).fill(Math.fround(2 * numbers[0])))]);
    tf.dispose([x, w]);
  });

  it("refuses a model whose blocks cannot be told", async () => {
    const [model, data] = [tinyModel(), tinyData()];
    await assert.rejects(
      train({ ...tinySettings, model, data, rematerialize: true }),
      /^ConfigError: train: rematerialize needs layers that are named by their block, such as stage1.block1.expand, got none/,
    );
    await data.close();
    model.dispose();
  });
});

/** Bytes of the heap at most, images and weights among them. */
function peakOfStep(model: tf.LayersModel, rematerialize: boolean): number {
  const images = tf.randomNormal<tf.Rank.R4>([2, 64, 64, 3], 0, 1, "float32", 1);
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const apply = () =>
    rematerialize ? applyRematerialized(model, images)[0] : (model.apply(images, { training: true }) as tf.Tensor);
  const before = engine.memory().heap!.liveBytes;
  const peak = engine.peakHeapDuring(() => {
    const { value, grads } = engine.variableGrads(() => apply().square().mean<tf.Scalar>(), variables);
    tf.dispose([value, grads]);
  });
  images.dispose();
  return peak! - before;
}
