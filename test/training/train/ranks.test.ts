import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../../../src/core/errors.js";
import * as engine from "../../../src/engine/index.js";
import { localExchange } from "../../../src/exchange/index.js";
import {
  evaluate,
  restore,
  train,
  type RunEvent,
  type TrainOptions,
  type TrainResult,
} from "../../../src/training/index.js";
import { assertSameOnAllRanks } from "../../../src/training/summed.js";
import { ranksOf } from "../../helpers/exchange.js";
import { temporaryFolder, tinyData, tinyModel, tinySettings } from "../tiny.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

/** No norm, whose statistics are those of a rank's images, and no drop-out. */
const linear = (seed = 5) =>
  tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [11, 11, 3] }),
      tf.layers.dense({ units: 3, kernelInitializer: tf.initializers.glorotNormal({ seed }) }),
    ],
  });
const valuesOf = (model: tf.LayersModel): number[] => model.getWeights().flatMap((weight) => [...weight.dataSync()]);
const lossesOf = ({ events }: TrainResult) => events.flatMap((event) => (event.event === "step" ? [event.loss] : []));
const validationsOf = ({ events }: TrainResult) =>
  events.flatMap((event) => (event.event === "epoch" ? [event.validation] : []));
const together = (size: number, options: (rank: number) => Partial<TrainOptions>) =>
  Promise.all(
    ranksOf(size).map((exchange, rank) =>
      train({ ...tinySettings, model: linear(5 + rank), data: tinyData(), exchange, ...options(rank) }),
    ),
  );

describe("training on several ranks", () => {
  for (const size of [2, 3]) {
    it(`takes the steps of one rank on ${size}, which share 7 images a batch unevenly`, async () => {
      const options = { clipNorm: 0.5, microBatch: 2 };
      const alone = await train({ ...tinySettings, ...options, model: linear(), data: tinyData() });
      // Each has drawn other initial weights: those of rank 0 are taken.
      const ranks = await together(size, () => options);
      for (const rank of ranks) {
        lossesOf(rank).forEach((loss, i) => {
          const expected = lossesOf(alone)[i];
          assert.ok(Math.abs(loss - expected) <= 1e-5 * expected, `step ${i + 1}: ${loss}, ${expected}`);
        });
        assert.deepEqual(valuesOf(rank.model), valuesOf(ranks[0].model), "bit for bit");
        assert.deepEqual(validationsOf(rank), validationsOf(ranks[0]));
        const [own, whole] = [validationsOf(rank), validationsOf(alone)];
        assert.deepEqual(
          own.map(({ top1, top5 }) => [top1, top5]),
          whole.map(({ top1, top5 }) => [top1, top5]),
        );
        own.forEach(({ loss }, i) => assert.ok(Math.abs(loss - whole[i].loss) < 1e-5 * loss));
      }
    });
  }

  it("repeats bit for bit, with norms, drop-out and averages, and ends with the same weights everywhere", async () => {
    const run = async () => {
      const ranks = await together(2, () => ({ model: tinyModel() }));
      return ranks.map(({ model }) => valuesOf(model));
    };
    const [first, second] = [await run(), await run()];
    assert.deepEqual(first, second);
    assert.deepEqual(first[0], first[1]);
  });

  it("logs how long a rank stood in the exchange, and what share of the gradient came back in the pass; one rank neither", async () => {
    const steps = ({ events }: TrainResult) => events.filter((event) => event.event === "step");
    const [first] = await together(2, () => ({}));
    for (const { exchanging, overlapped, imagesPerSecond } of steps(first)) {
      assert.ok(exchanging! > 0 && exchanging! < 7 / imagesPerSecond, `${exchanging} s of ${7 / imagesPerSecond}`);
      assert.ok(overlapped! >= 0 && overlapped! <= 1);
    }
    const alone = await train({ ...tinySettings, model: linear(), data: tinyData() });
    for (const step of steps(alone)) assert.ok(!("exchanging" in step || "overlapped" in step));
  });

  it("lets rank 0 alone write, and any rank's signal end all after the step, to be resumed on one", async () => {
    const out = temporaryFolder();
    const controller = new AbortController();
    const stopAt = (event: RunEvent) => event.event === "step" && event.step === 6 && controller.abort();
    const ranks = await together(2, (rank) => ({
      out: rank === 0 ? out : join(out, "never"),
      ...(rank === 1 && { signal: controller.signal, onEvent: stopAt }),
    }));
    assert.ok(ranks.every(({ interrupted }) => interrupted));
    assert.equal(lossesOf(ranks[0]).length, lossesOf(ranks[1]).length);
    assert.ok(!existsSync(join(out, "never")));
    assert.ok((await readdir(out)).includes("last.safetensors"));
    const resumed = await train({ model: linear(), data: tinyData(), resume: out });
    assert.equal(lossesOf(resumed).length, 15);
  });

  it("saves the mean of the ranks' running statistics in mid-epoch, and leaves each its own", async () => {
    const out = temporaryFolder();
    const controller = new AbortController();
    const ranks = await together(2, (rank) => ({
      model: tinyModel(),
      average: null,
      out: rank === 0 ? out : join(out, "never"),
      signal: controller.signal,
      onEvent: (event: RunEvent) => event.event === "step" && event.step === 3 && controller.abort(),
    }));
    const { model: saved } = await restore(out, { model: tinyModel(), weights: "raw" });
    const running = (model: tf.LayersModel) =>
      model.weights
        .filter((weight) => weight.originalName.includes("moving"))
        .flatMap((weight) => [...weight.read().dataSync()]);
    const [first, second] = ranks.map(({ model }) => running(model));
    assert.notDeepEqual(first, second);
    running(saved).forEach((value, i) => assert.equal(value, Math.fround((first[i] + second[i]) / 2)));
  });

  it("stops all where one has other weights than rank 0", async () => {
    const [same, other] = [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.tensor1d([1, 2.0000002]))];
    const checks = ranksOf(3).map((exchange, rank) =>
      assertSameOnAllRanks(exchange, [same, rank === 2 ? other : same], "weights after epoch 4"),
    );
    for (const { status, ...rest } of await Promise.allSettled(checks)) {
      assert.equal(status, "rejected");
      const { reason } = rest as { reason: Error };
      assert.match(
        reason.message,
        /^train: weights after epoch 4 must be the same on all ranks, got others than rank 0's on 2; start all with/,
      );
    }
    await Promise.all(ranksOf(2).map((exchange) => assertSameOnAllRanks(exchange, [same], "weights")));
    tf.dispose([same, other]);
  });

  it("refuses a batch that does not hold an image for each", async () => {
    const [exchange] = ranksOf(8);
    await assert.rejects(
      train({ ...tinySettings, model: linear(), data: tinyData(), exchange }),
      new ConfigError(
        "train: a batch must hold an image for each process, got batchSize=7 for 8; use batchSize=8 or more",
      ),
    );
  });
});

describe("evaluate on several ranks", () => {
  it("counts every image once and gives each rank the result of all", async () => {
    const [model, data] = [linear(), tinyData()];
    const whole = await evaluate(model, data, { size: 11 });
    const shared = await Promise.all(
      ranksOf(3).map((exchange) => evaluate(model, data, { size: 11, batchSize: 5, exchange })),
    );
    for (const { images, top1, confusion } of shared) {
      assert.deepEqual([images, top1, confusion], [whole.images, whole.top1, whole.confusion]);
    }
  });
});

describe("the local exchange", () => {
  it("is one rank that leaves everything as it is", async () => {
    const values = Float32Array.of(1, 2, 3);
    await localExchange.sum([values]);
    await localExchange.broadcast([values]);
    await localExchange.barrier();
    assert.deepEqual([localExchange.rank, localExchange.size, [...values]], [0, 1, [1, 2, 3]]);
  });
});
