import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import * as engine from "../../src/engine/index.js";
import { AxialError, ConfigError, ShapeError } from "../../src/core/errors.js";
import { evaluate, readRunLog, train, type RunEvent } from "../../src/training/index.js";
import { epochsOf, small, stepsOf, temporaryFolder, tinyData, tinyModel, tinySettings, valuesOf } from "./tiny.js";
import { assertClose } from "../helpers/compare.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

describe("train", () => {
  it("reports each step and epoch, and keeps the same events as lines of its log", async () => {
    const [data, out] = [tinyData(), temporaryFolder()];
    const heard: RunEvent[] = [];
    const { events, best, checkpoint, interrupted, config } = await train({
      ...tinySettings,
      model: tinyModel(),
      data,
      out,
      clipNorm: 1,
      onEvent: (event) => heard.push(event),
    });

    assert.deepEqual(heard, events);
    assert.deepEqual(readRunLog(join(out, "log.jsonl")), events);
    assert.deepEqual(
      events.map(({ event }) => event),
      ["start", ...[0, 1, 2].flatMap(() => [...Array<string>(5).fill("step"), "epoch"]), "end"],
    );
    const [start, end] = [events[0], events[events.length - 1]];
    assert.ok(start.event === "start" && start.steps === 15 && start.stepsPerEpoch === 5);
    assert.equal(start.parameters, 5 * 27 + 5 + 2 * 5 + 3 * 5 + 3);
    assert.deepEqual(start.config, config);
    assert.ok(end.event === "end" && end.reason === "done" && end.bestScore === best?.score);
    assert.deepEqual(
      stepsOf(events).map(({ step }) => step),
      Array.from({ length: 15 }, (_, i) => i + 1),
    );
    for (const { gradientNorm } of stepsOf(events)) assert.ok(Number.isFinite(gradientNorm));
    for (const epoch of epochsOf(events)) {
      assert.ok(epoch.validation.top5 === 1 && epoch.validation.top1 * 11 === Math.round(epoch.validation.top1 * 11));
    }
    assert.equal(best?.score, Math.max(...epochsOf(events).map(({ validation }) => validation.top1)));
    assert.ok(!interrupted && checkpoint === join(out, "last.safetensors"));
    assert.ok(existsSync(checkpoint) && existsSync(join(out, "best.safetensors")));
  });

  it("learns", async () => {
    // Which of two flat colours: brightness alone tells.
    const data = { ...tinyData(), classes: ["dark", "bright"], batches: brightness };
    const model = tf.sequential({
      layers: [tf.layers.flatten({ inputShape: [8, 8, 3] }), tf.layers.dense({ units: 2 })],
    });
    const { best } = await train({ model, data, batchSize: 8, size: 8, epochs: 4, learningRate: 0.02 });
    assert.equal(best?.score, 1);
  });

  it("repeats a run from its seed, and differs with another", async () => {
    const run = async (seed: number) => {
      const model = tinyModel();
      await train({ ...tinySettings, model, data: tinyData(), seed });
      return valuesOf(model);
    };
    const first = await run(3);
    assert.deepEqual(await run(3), first);
    assert.notDeepEqual(await run(4), first);
  });

  it("builds a configured model from the seed", async () => {
    const model = small;
    const run = async (seed: number) => {
      const settings = { ...tinySettings, epochs: 1, learningRate: 0, optimizer: "sgd", average: null } as const;
      const trained = await train({ ...settings, model, data: tinyData(), seed });
      assert.deepEqual(trained.config.model, model);
      const values = trained.model.trainableWeights.flatMap((weight) => [...weight.read().dataSync()]);
      trained.model.dispose();
      return values;
    };
    const first = await run(0);
    assert.deepEqual(await run(0), first);
    assert.notDeepEqual(await run(1), first);
  });

  it("takes the step of the whole batch where it goes through the model in parts", async () => {
    // No norm, whose statistics would be those of the parts, and no drop-out.
    const linear = () =>
      tf.sequential({
        layers: [
          tf.layers.flatten({ inputShape: [11, 11, 3] }),
          tf.layers.dense({ units: 3, kernelInitializer: tf.initializers.glorotNormal({ seed: 5 }) }),
        ],
      });
    const run = async (microBatch?: number) => {
      const model = linear();
      const { events } = await train({ ...tinySettings, model, data: tinyData(), clipNorm: 0.5, microBatch });
      return { values: valuesOf(model), steps: stepsOf(events) };
    };
    const [whole, parts] = [await run(), await run(3)]; // 7 images: 3, 3, 1
    assertClose(parts.values, whole.values, 2e-6, "weights");
    for (const name of ["loss", "gradientNorm"] as const) {
      const [ours, expected] = [parts, whole].map(({ steps }) => steps.map((step) => step[name]!));
      assertClose(ours, expected, 3e-6, name);
    }
  });

  it("leaves Math.random as it found it", async () => {
    const original = Math.random;
    await train({ ...tinySettings, epochs: 1, model: tinyModel(), data: tinyData() });
    assert.equal(Math.random, original);
  });

  it("validates the averaged weights and ends with them", async () => {
    const [plain, averaged, data] = [tinyModel(), tinyModel(), tinyData()];
    const settings = { ...tinySettings, data };
    await train({ ...settings, model: plain, average: null });
    const { events } = await train({ ...settings, model: averaged, average: { decay: 0.9 } });
    assert.notDeepEqual(valuesOf(averaged), valuesOf(plain));
    const last = epochsOf(events)[2];
    const { loss, top1 } = await evaluate(averaged, data, { size: tinySettings.size, batchSize: 7 });
    assert.deepEqual([loss, top1], [last.validation.loss, last.validation.top1]);
  });

  it("asks the data set for images that grow with the epochs, in training and in validation", async () => {
    const data = tinyData();
    const asked: string[] = [];
    const spied: typeof data = {
      ...data,
      batches: (options) => {
        asked.push(`${options.split} ${options.size}`);
        return data.batches(options);
      },
    };
    const size = { from: 8, to: 24, until: 0.8, multiple: 8 };
    const { events } = await train({ ...tinySettings, epochs: 5, model: tinyModel(), data: spied, size });
    assert.deepEqual(
      asked.filter((line, i) => line !== asked[i - 1]),
      [8, 16, 16, 24, 24].flatMap((side) => [`train ${side}`, `validation ${side}`]),
    );
    assert.deepEqual(
      epochsOf(events).map((epoch) => epoch.size),
      [8, 16, 16, 24, 24],
    );
  });

  it("validates the last epoch at full size, even where its training is not", async () => {
    const size = { from: 8, to: 24, until: 1, multiple: 8 };
    const data = tinyData();
    const asked: number[] = [];
    const spied: typeof data = {
      ...data,
      batches: (options) => {
        if (options.split === "validation") asked.push(options.size);
        return data.batches(options);
      },
    };
    await train({ ...tinySettings, epochs: 2, model: tinyModel(), data: spied, size });
    assert.deepEqual([...new Set(asked)], [8, 24]);
  });

  it("stops early after epochs without a new best", async () => {
    const settings = { ...tinySettings, epochs: 50, learningRate: 0, patience: 2 };
    const { events, interrupted } = await train({ ...settings, model: tinyModel(), data: tinyData(), average: null });
    const end = events[events.length - 1];
    assert.ok(end.event === "end" && end.reason === "early stop" && !interrupted);
    assert.ok(epochsOf(events).length < 50);
  });

  it("stops with the step and the rate when the loss is no number", async () => {
    await assert.rejects(
      train({ ...tinySettings, model: tinyModel(), data: tinyData(), optimizer: "sgd", learningRate: 1e30 }),
      (error: Error) =>
        error instanceof AxialError &&
        /^train: the loss must stay finite, got (NaN|Infinity) in step \d+ at learning rate .*lower/.test(
          error.message,
        ),
    );
  });

  it("refuses a model whose logits do not fit the classes, and leaves no tensor behind", async () => {
    const model = tinyModel(5);
    const own = tf.memory().numTensors;
    await assert.rejects(
      train({ ...tinySettings, model, data: tinyData() }),
      (error: Error) =>
        error instanceof ShapeError && /logits must be \[B, 3\] for 3 classes, got \[B, 5\]/.test(error.message),
    );
    assert.equal(tf.memory().numTensors, own);
  });

  it("names an option that there is not, and the nearest one, and asks for data where there are none", async () => {
    const settings = { ...tinySettings, model: tinyModel(), data: tinyData() };
    for (const [options, message] of [
      [{ lr: 0.1 }, /^ConfigError: train: there is no option of this name, got lr; did you mean /],
      [{ learningrate: 0.1 }, /got learningrate; did you mean learningRate\?/],
      [{ size: { from: 8, too: 16 } }, /got size.too; did you mean to\?/],
      [{ data: undefined }, /^ConfigError: train: data must be a data set, got none/],
    ] as const) {
      await assert.rejects(train({ ...settings, ...options } as never), message);
    }
    await assert.rejects(
      evaluate(settings.model, settings.data, { size: 11, batch: 3 } as never),
      /^ConfigError: evaluate: there is no option of this name, got batch; did you mean batchSize\?/,
    );
  });

  it("starts the engine where nobody has", async () => {
    await engine.stop();
    await tf.setBackend("cpu");
    try {
      await train({ ...tinySettings, epochs: 1, model: tinyModel(), data: tinyData() });
      assert.equal(engine.report()?.backend, "wasm");
    } finally {
      await engine.start({ threads: 1 });
    }
  });

  it("refuses a folder that holds a run, and a batch larger than the data set", async () => {
    const [out, data] = [temporaryFolder(), tinyData()];
    const settings = { ...tinySettings, epochs: 1, model: tinyModel(), data };
    await train({ ...settings, out });
    await assert.rejects(train({ ...settings, out }), /out must hold no earlier run, got .*; resume that one/);
    await assert.rejects(
      train({ ...settings, batchSize: 38 }),
      new ConfigError("train: an epoch must hold a batch, got 37 images, batchSize=38; use batchSize=37 or less"),
    );
  });
});

/** Images of one random brightness; the class is whether it is positive. */
async function* brightness({ batchSize, size }: { batchSize: number; size: number }) {
  for (let batch = 0; batch < 4; batch++) {
    await Promise.resolve();
    const labels = Int32Array.from({ length: batchSize }, (_, i) => i % 2);
    const images = new Float32Array(batchSize * size * size * 3).map((_, i) =>
      labels[Math.floor(i / (size * size * 3))] === 1 ? 1 : -1,
    );
    yield {
      images,
      labels,
      indices: new Uint32Array(batchSize),
      shape: [batchSize, size, size, 3] as [number, number, number, 3],
    };
  }
}
