import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../../src/engine/index.js";
import { UnsupportedError } from "../../../src/core/errors.js";
import { generated } from "../../../src/data/index.js";
import { create } from "../../../src/models/index.js";
import { evaluate, train } from "../../../src/training/index.js";
import { epochsOf, small, tinyData, tinyModel, tinySettings } from "../tiny.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

describe("the memory of training", () => {
  it("holds the same tensors and bytes through 1,000 steps, and leaves none but the model's", async () => {
    const model = tinyModel();
    const own = tf.memory().numTensors;
    const [seen, peaks] = [new Set<string>(), new Set<number | undefined>()];
    await train({
      model,
      data: tinyData(),
      batchSize: 1,
      size: 8,
      epochs: Math.ceil(1000 / 37),
      optimizer: "ranger",
      clipNorm: 1,
      onEvent: ({ event }) => {
        const { tensors, tensorBytes, heap } = engine.memory();
        if (event === "step") seen.add(`${tensors} ${tensorBytes} ${heap?.liveBytes} ${heap?.heapBytes}`);
        if (event === "epoch") peaks.add(heap?.peakBytes);
      },
    });
    assert.equal(seen.size, 1, [...seen].join(", "));
    assert.equal(peaks.size, 1, "the high water of the first epoch is that of all");
    assert.equal(tf.memory().numTensors, own);
  });

  it("says how many images fit when the engine's memory is full, holds none of the failed pass, and they do fit", async () => {
    await engine.start({ threads: 1, heapMebibytes: 48 });
    try {
      const count = 211;
      const data = generated({ classes: 3, trainCount: count, validationCount: 3 });
      const settings = { data, size: 80, batchSize: count, epochs: 1, seed: 1 };
      const model = create(small, { classes: 3, size: 80, seed: 1 });
      const own = tf.memory().numTensors;
      let message = "";
      await assert.rejects(train({ ...settings, model }), (error: Error) => {
        message = error.message;
        return error instanceof UnsupportedError;
      });
      const [rule, fit] =
        /^train: a pass must fit in the engine's memory, got 211 images of 80 px of .* MiB each; use microBatch=(\d+) or batchSize=\1 \(engine: tensors must fit in 48.0 MiB/.exec(
          message,
        ) ?? [];
      assert.ok(rule !== undefined, message);
      assert.equal(tf.memory().numTensors, own);
      const most = Number(fit);
      assert.ok(most > 8 && most < count, fit);
      const { events } = await train({ ...settings, model, microBatch: most });
      const [epoch] = epochsOf(events);
      assert.ok(epoch.peakHeapBytes! > 24 * 2 ** 20, "the batch named is not far too small");
      model.dispose();
    } finally {
      await engine.start({ threads: 1 });
    }
  });

  it("validates as many images at once as it trains on, and an evaluation of too many says how many fit", async () => {
    await engine.start({ threads: 1, heapMebibytes: 48 });
    try {
      const count = 701;
      const data = generated({ classes: 3, trainCount: 7, validationCount: count });
      const settings = { data, size: 80, batchSize: 7, microBatch: 3, epochs: 1, seed: 1 };
      const model = create(small, { classes: 3, size: 80, seed: 1 });
      const batches: number[] = [];
      await train({ ...settings, model, onValidation: (_, total) => batches.push(total) });
      assert.equal(batches[0], Math.ceil(count / 3));
      const own = tf.memory().numTensors;
      let message = "";
      await assert.rejects(evaluate(model, data, { size: 80, batchSize: count }), (error: Error) => {
        message = error.message;
        return error instanceof UnsupportedError;
      });
      const [rule, fit] =
        /^evaluate: a batch must fit in the engine's memory, got 701 images of 80 px of .* MiB each; use batchSize=(\d+) \(engine: tensors must fit in 48.0 MiB/.exec(
          message,
        ) ?? [];
      assert.ok(rule !== undefined, message);
      assert.equal(tf.memory().numTensors, own);
      const most = Number(fit);
      assert.ok(most > 8 && most < count, fit);
      await evaluate(model, data, { size: 80, batchSize: most });
      assert.ok(engine.memory().heap!.peakBytes > 24 * 2 ** 20, "the batch named is not far too small");
      model.dispose();
    } finally {
      await engine.start({ threads: 1 });
    }
  });

  it("says that not even one image fits", async () => {
    class Full extends tf.layers.Layer {
      static readonly className = "Full";
      override call(): tf.Tensor {
        throw new UnsupportedError("engine: full");
      }
    }
    const model = tf.sequential({
      layers: [
        tf.layers.flatten({ inputShape: [11, 11, 3] }),
        tf.layers.dense({ units: 3 }),
        new Full({ name: "full" }),
      ],
    });
    await assert.rejects(
      train({ ...tinySettings, model, data: tinyData() }),
      new UnsupportedError(
        "train: a pass must fit in the engine's memory, got 7 images of 11 px; use a smaller size or model (engine: full)",
      ),
    );
  });
});
