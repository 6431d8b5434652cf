import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { create } from "../../src/models/index.js";
import { generatedPanoptic, panopticSegmentation, segment } from "../../src/panoptic/index.js";
import { panopticMeter } from "../../src/panoptic/meter.js";
import { presets, train } from "../../src/training/index.js";

const model = presets["quick-start-panoptic"].model;

describe("panoptic segmentation", () => {
  before(async () => void (await engine.start()));
  after(() => engine.stop());

  it("is trained by the loop that trains classifiers, on generated images, and leaves no tensor behind", async () => {
    const data = generatedPanoptic({ trainCount: 24, validationCount: 5, threads: 1 });
    const tensors = tf.memory().numTensors;
    const result = await train({
      task: panopticSegmentation(),
      model,
      data,
      epochs: 2,
      batchSize: 3,
      microBatch: 2,
      size: 33,
      learningRate: 0.003,
      seed: 1,
    });
    await data.close();
    const epochs = result.events.filter((event) => event.event === "epoch");
    assert.deepEqual(Object.keys(epochs[0].validation).sort(), [
      "averagePrecision",
      "loss",
      "meanIou",
      "panopticQuality",
      "stuffQuality",
      "thingQuality",
    ]);
    assert.ok(epochs[1].training.semanticLoss < epochs[0].training.semanticLoss);
    result.model.dispose();
    assert.equal(tf.memory().numTensors, tensors);
  });

  it("measures 1 where the outputs are the truth", async () => {
    const data = generatedPanoptic({ validationCount: 3, threads: 1 });
    for await (const batch of data.batches({ split: "validation", batchSize: 3, size: 33, seed: 0, epoch: 0 })) {
      const meter = panopticMeter(data, () => tf.scalar(0), { threshold: 0.9, keep: 0 });
      const [B, H, W] = batch.shape;
      const outputs = tf.tidy(() => [
        tf.oneHot(tf.tensor1d(batch.semantic, "int32"), data.classes.length).reshape([B, H, W, -1]).mul(9),
        tf.tensor4d(batch.center, [B, H, W, 1]),
        tf.tensor4d(batch.offset, [B, H, W, 2]),
      ]);
      await meter.add(outputs, batch);
      tf.dispose(outputs);
      const { all, meanIou, pixelAccuracy } = meter.result();
      assert.deepEqual([meanIou, pixelAccuracy], [1, 1]);
      // Objects of one class whose centres are hidden or fall together cannot be told apart again.
      assert.ok(all!.pq > 0.9, String(all!.pq));
    }
    await data.close();
  });

  it("segments an image of any size into segments that cover what is not void", async () => {
    const data = generatedPanoptic();
    const { bytes, map } = data.image("validation", 0, 49);
    const net = create(model, { classes: data.classes.length, size: 49, seed: 2 });
    const tensors = tf.memory().numTensors;
    const found = await segment(net, { ...map, bytes }, { classes: data.classes, things: data.things });
    assert.equal(tf.memory().numTensors, tensors);
    const covered = found.segments.reduce((sum, { area }) => sum + area, 0);
    assert.equal(covered, found.map.values.filter((label) => label !== 255000).length);
    await assert.rejects(
      segment(net, { height: 3, width: 5, bytes: bytes.slice(1) }, { classes: [], things: [] }),
      /an image must have 3 x 5 x 3 bytes/,
    );
    net.dispose();
    await data.close();
  });

  it("refuses data, models and options of another kind", () => {
    const task = panopticSegmentation();
    const data = generatedPanoptic();
    assert.throws(() => task.assertData({ ...data, targets: "classes" }), /must hold panoptic maps, got classes/);
    const classifier = create("resnet-18", { classes: 7, size: 32 });
    assert.throws(
      () => task.assertModel(classifier, data),
      /outputs must be logits, heat map and offsets with 7, 1 and 2 channels/,
    );
    classifier.dispose();
    assert.throws(() => panopticSegmentation({ topk: 0.1 } as object), /options must be known, got topk; it has topK/);
  });
});
