import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "../../../src/core/errors.js";
import { generatedLabelMaps, type LabelMapBatch } from "../../../src/data/index.js";
import * as engine from "../../../src/engine/index.js";
import type { ResNetConfig } from "../../../src/models/index.js";
import {
  evaluate,
  restore,
  semanticSegmentation,
  train,
  type EpochDone,
  type RunEvent,
  type Task,
} from "../../../src/training/index.js";
import { temporaryFolder, tinyData } from "../tiny.js";
import { assertClose } from "../../helpers/compare.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

const ccnet: ResNetConfig = {
  name: "ccnet-tiny",
  stem: {
    kind: "convolution",
    filters: 8,
    convolutions: [{ kernelSize: 3, filters: 8, stride: 2 }],
    maxPool: false,
  },
  norm: "torch",
  stages: [
    { blocks: 1, stride: 1, width: 4, filters: 8, operator: { kind: "convolution" } },
    { blocks: 1, stride: 1, width: 4, filters: 8, operator: { kind: "convolution", dilation: 2 } },
  ],
  head: { kind: "crissCross", filters: 8, auxiliary: true },
};
const settings = { model: ccnet, batchSize: 7, size: 13, epochs: 2 };
const scenes = () => generatedLabelMaps({ trainCount: 23, validationCount: 11 });
const epochsOf = (events: RunEvent[]): EpochDone[] => events.filter((event) => event.event === "epoch");
const lossesOf = (events: RunEvent[]) => events.flatMap((event) => (event.event === "step" ? [event.loss] : []));

/** A model of one pixel's brightness that knows nothing else. */
const linear = (classes: number) =>
  tf.sequential({
    layers: [
      tf.layers.conv2d({
        filters: classes,
        kernelSize: 1,
        inputShape: [null, null, 3],
        kernelInitializer: tf.initializers.glorotNormal({ seed: 7 }),
      }),
    ],
  });

describe("semantic segmentation", () => {
  it("trains CCNet with its auxiliary output, and validates what evaluate measures", async () => {
    const [data, out] = [scenes(), temporaryFolder()];
    const { events, model, best, config } = await train({ ...settings, data, out });
    assert.deepEqual(config.task, { kind: "semantic-segmentation", auxiliaryWeight: 0.4 });
    const [start] = events;
    assert.ok(start.event === "start" && start.score.measure === "meanIou");
    const epochs = epochsOf(events);
    assert.deepEqual(Object.keys(epochs[0].training), ["loss", "pixelAccuracy"]);
    assert.deepEqual(Object.keys(epochs[0].validation), ["loss", "meanIou", "pixelAccuracy"]);
    assert.equal(best?.score, Math.max(...epochs.map(({ validation }) => validation.meanIou)));

    const restored = await restore(join(out, "last.safetensors"));
    const task = restored.task as Task<LabelMapBatch>;
    const evaluation = await evaluate(restored.model, data, { task, size: 13, batchSize: 7 });
    assert.deepEqual(task.validationMeasures(evaluation), epochs[1].validation);
    model.dispose();
    restored.model.dispose();
    await data.close();
  });

  it("ends with the same losses where it is resumed", async () => {
    const data = scenes();
    const whole = await train({ ...settings, data });
    const [out, controller] = [temporaryFolder(), new AbortController()];
    const onEvent = (event: RunEvent) => event.event === "step" && event.step === 4 && controller.abort();
    await train({ ...settings, data, out, signal: controller.signal, onEvent });
    const resumed = await train({ data, resume: out });
    assert.deepEqual(lossesOf(resumed.events), lossesOf(whole.events));
    assert.deepEqual(
      epochsOf(resumed.events).map(({ training, validation }) => [training, validation]),
      epochsOf(whole.events).map(({ training, validation }) => [training, validation]),
    );
  });

  it("learns from brightness what brightness tells", async () => {
    const data = scenes();
    const model = linear(4);
    const { best } = await train({ model, data, batchSize: 7, size: 31, epochs: 30, learningRate: 0.05 });
    const { pixels, perClass } = await evaluate(model, data, { task: semanticSegmentation(), size: 31 });
    // Who says background everywhere has its share of the pixels for one class of four, and nothing for the others.
    const trivial = perClass[0].pixels / pixels / 4;
    assert.ok(best !== null && best.score > 1.4 * trivial, `${best?.score}, ${trivial}`);
    assert.ok((perClass[1].iou ?? 0) > 0.2, "discs are brighter than the background");
  });

  it("takes the step of the whole batch where it goes through the model in parts with unequal numbers of labels", async () => {
    const data = scenes();
    // An image without any label, and one half without.
    const holes: typeof data = {
      ...data,
      async *batches(options) {
        for await (const batch of data.batches(options)) {
          const labelMaps = batch.labelMaps.map((label, i) => (i < 13 * 13 * 1.5 ? -1 : label));
          yield { ...batch, labelMaps };
        }
      },
    };
    const run = async (microBatch?: number) => {
      const model = linear(4);
      const { events } = await train({ ...settings, model, data: holes, clipNorm: 0.5, microBatch });
      const weights = model.getWeights().flatMap((weight) => [...weight.dataSync()]);
      return { weights, losses: lossesOf(events), epochs: epochsOf(events) };
    };
    const [whole, parts] = [await run(), await run(2)];
    assertClose(parts.weights, whole.weights, 2e-6, "weights");
    assertClose(parts.losses, whole.losses, 2e-6, "losses");
    assert.equal(whole.epochs[0].training.pixelAccuracy, parts.epochs[0].training.pixelAccuracy);
  });

  it("adds a second output's loss with its weight", () => {
    const batch: LabelMapBatch = {
      images: new Float32Array(5 * 3 * 3),
      labelMaps: Int32Array.of(0, 1, 2, -1, 1, 0, 2, 2, -1, 0, 1, 1, 0, 2, 0),
      indices: Uint32Array.of(0),
      shape: [1, 5, 3, 3],
    };
    const logits = (seed: number) => tf.randomNormal([1, 5, 3, 3], 0, 1, "float32", seed);
    const context = { progress: 0, random: null as never };
    const value = (outputs: tf.Tensor[], auxiliaryWeight: number) => {
      const task = semanticSegmentation({ auxiliaryWeight });
      const { loss, kept } = task.loss(outputs, batch, task.totals(batch), context);
      return { loss: loss.dataSync()[0], right: kept[0].dataSync()[0] };
    };
    const [a, b] = [logits(1), logits(2)];
    const [first, second] = [value([a], 0.3), value([b], 0.3)];
    const both = value([a, b], 0.3);
    assertClose([both.loss], [first.loss + 0.3 * second.loss], 3e-7);
    assert.equal(both.right, first.right);
    assertClose([value([a, b], 0).loss], [first.loss], 3e-7);
  });

  it("refuses a model without a head for places, more outputs than two, data of classes, and options that make no sense", async () => {
    const classifier = { ...ccnet, head: undefined };
    await assert.rejects(train({ ...settings, model: classifier, data: scenes() }), (error: Error) => {
      assert.ok(error instanceof ShapeError);
      assert.match(
        error.message,
        /^ccnet-tiny: logits must be \[B, h, w, 4\] for 4 classes of pixels, got \[\?, 4\]; use/,
      );
      return true;
    });
    await assert.rejects(
      train({ ...settings, data: tinyData(), task: "semantic-segmentation" }),
      new ConfigError(
        "semantic-segmentation: the data set must hold images with label maps, got classes in generated; use another",
      ),
    );
    await assert.rejects(
      train({ ...settings, data: scenes(), task: "classification" }),
      /^ConfigError: classification: the data set must hold images with classes, got label maps in generatedLabelMaps/,
    );
    assert.throws(() => semanticSegmentation({ auxiliaryWeight: -1 }), ConfigError);
    assert.throws(() => semanticSegmentation({ auxiliaryWeight: NaN }), ConfigError);
  });
});
