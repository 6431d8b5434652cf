import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../../src/core/errors.js";
import { partsOf, type Batch, type Dataset } from "../../src/data/dataset.js";
import * as engine from "../../src/engine/index.js";
import { evaluate, readCheckpoint, restore, train, type Evaluation, type Task } from "../../src/training/index.js";
import { temporaryFolder, tinyData } from "./tiny.js";
import { assertClose } from "../helpers/compare.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

/** A task unlike those of the room: two inputs, two outputs, targets of two tensors, two losses, the lowest score best. */
interface PairBatch extends Batch {
  /** [B, 2] */
  readonly means: Float32Array;
  /** [B, H] */
  readonly rows: Float32Array;
}

interface PairEvaluation extends Evaluation {
  meanError: number;
}

const pairs = (): Dataset<PairBatch> => {
  const base = tinyData();
  return {
    ...base,
    name: "pairs",
    targets: "pairs",
    description: { name: "pairs" },
    async *batches(options) {
      for await (const { images, indices, shape } of base.batches(options)) {
        const [count, height, width] = shape;
        const rows = Float32Array.from({ length: count * height }, (_, r) => {
          const row = images.subarray(r * width * 3, (r + 1) * width * 3);
          return row.reduce((sum, value) => sum + value, 0) / row.length;
        });
        const means = Float32Array.from({ length: count * 2 }, (_, i) => {
          const own = rows.subarray((i >> 1) * height, ((i >> 1) + 1) * height);
          return (own.reduce((sum, value) => sum + value, 0) / height) * ((i & 1) + 1);
        });
        yield { images, indices, shape, rows, means };
      }
    },
  };
};

function pairTask(weight = 0.5): Task<PairBatch, PairEvaluation> {
  const errors = ([means, rows]: readonly tf.Tensor[], part: PairBatch) => [
    means
      .sub(tf.tensor2d(part.means, [part.shape[0], 2]))
      .square()
      .sum(),
    rows
      .sub(tf.tensor2d(part.rows, [part.shape[0], part.shape[1]]))
      .abs()
      .sum(),
  ];
  return {
    config: { kind: "pairs", weight },
    score: { measure: "meanError", best: "lowest" },
    assertData: () => undefined,
    create: (_, { size = 11, seed = 0 }) => pairModel(size, seed),
    assertConfig: () => undefined,
    assertModel: () => undefined,
    inputs: ({ images, shape }, context) => {
      // Training draws what part of the second input is seen; a resumed run draws the same.
      const seen = context === null ? 1 : 0.5 + 0.5 * context.random.uniform();
      const pixels = tf.tensor4d(images, [...shape]);
      return [pixels, tf.tidy(() => pixels.mul(seen))];
    },
    totals: ({ shape }) => [shape[0] * 2, shape[0] * shape[1]],
    loss(outputs, part, [ofMeans, ofRows]) {
      const [means, rows] = errors(outputs, part);
      const loss = means.div(ofMeans).add<tf.Scalar>(rows.div(ofRows).mul(weight));
      return { loss, kept: [means, rows] };
    },
    tally: ([means, rows], { shape }) => ({ images: shape[0], means: means[0], rows: rows[0] }),
    trainingMeasures: ({ images, means, rows }) => ({ means: means / images, rows: rows / images }),
    meter: () => {
      const sums = new Float64Array(2);
      return {
        sums: [sums],
        async add(outputs, batch) {
          const [error, other] = tf.tidy(() => errors(outputs, batch));
          sums[0] += batch.shape[0];
          sums[1] += (await error.data())[0];
          tf.dispose([error, other]);
        },
        result: () => ({ images: sums[0], loss: sums[1] / sums[0], meanError: sums[1] / sums[0] }),
      };
    },
    validationMeasures: ({ loss, meanError }) => ({ loss, meanError }),
  };
}

function pairModel(size: number, seed: number): tf.LayersModel {
  const inputs = [1, 2].map(() => tf.input({ shape: [size, size, 3] }));
  const flat = tf.layers
    .concatenate()
    .apply(inputs.map((input) => tf.layers.flatten().apply(input) as tf.SymbolicTensor)) as tf.SymbolicTensor;
  const dense = (units: number, k: number) =>
    tf.layers
      .dense({ units, kernelInitializer: tf.initializers.glorotNormal({ seed: seed + k + 1 }) })
      .apply(flat) as tf.SymbolicTensor;
  return tf.model({ inputs, outputs: [dense(2, 0), dense(size, 1)] });
}

describe("a task of one's own", () => {
  const settings = { batchSize: 7, size: 11, epochs: 3, model: "pair", learningRate: 0.01 };

  it("trains through the same loop: several inputs, outputs, targets and losses, the lowest score the best", async () => {
    const [task, data] = [pairTask(), pairs()];
    const { events, best, model } = await train({ ...settings, task, data });
    const scores = events.flatMap((event) => (event.event === "epoch" ? [event.validation.meanError] : []));
    assert.equal(best?.score, Math.min(...scores));
    assert.ok(scores[2] < scores[0]);
    const marks = events.flatMap((event) => (event.event === "epoch" ? [event.best] : []));
    assert.deepEqual(
      marks,
      scores.map((score, epoch) => scores.slice(0, epoch).every((earlier) => score < earlier)),
    );
    for (const event of events) {
      if (event.event === "epoch") assert.deepEqual(Object.keys(event.training), ["loss", "means", "rows"]);
    }
    const { meanError } = await evaluate(model, data, { task, size: 11, batchSize: 5 });
    assertClose([meanError], [scores[2]], 1e-6);
  });

  it("gives the same step in parts as in one", async () => {
    const task: Task<PairBatch, PairEvaluation> = { ...pairTask(), inputs: undefined };
    task.inputs = ({ images, shape }) => [1, 2].map(() => tf.tensor4d(images, [...shape]));
    const run = async (microBatch?: number) => {
      const { events, model } = await train({ ...settings, task, data: pairs(), microBatch });
      const losses = events.flatMap((event) => (event.event === "step" ? [event.loss] : []));
      return { losses, weights: model.getWeights().flatMap((weight) => [...weight.dataSync()]) };
    };
    const [whole, parts] = [await run(), await run(3)];
    assertClose(parts.losses, whole.losses, 2e-6, "losses");
    assertClose(parts.weights, whole.weights, 2e-6, "weights");
  });

  it("is kept in the checkpoint, resumes to the same losses, and is asked for where nobody knows its kind", async () => {
    const [task, data] = [pairTask(), pairs()];
    const [whole, out, controller] = [
      await train({ ...settings, task, data }),
      temporaryFolder(),
      new AbortController(),
    ];
    await train({
      ...settings,
      task,
      data,
      out,
      signal: controller.signal,
      onEvent: (event) => event.event === "step" && event.step === 8 && controller.abort(),
    });
    const { config } = await readCheckpoint(out);
    assert.deepEqual(config.task, { kind: "pairs", weight: 0.5 });
    const unknown = /^ConfigError: task: kind must be one of .*, got "pairs"; give any other as an object$/;
    await assert.rejects(train({ data, resume: out }), unknown);
    await assert.rejects(restore(out), unknown);
    await assert.rejects(
      train({ data, resume: out, task: pairTask(0.25) }),
      (error: Error) =>
        error instanceof ConfigError && /a resumed run keeps its configuration, got task=/.test(error.message),
    );
    const resumed = await train({ data, resume: out, task });
    const losses = (events: typeof whole.events) =>
      events.flatMap((event) => (event.event === "step" ? [event.loss] : []));
    assert.deepEqual(losses(resumed.events), losses(whole.events));
    const restored = await restore(out, { createTask: ({ weight }) => pairTask(weight as number) });
    assert.equal(restored.task.config.weight, 0.5);
  });

  it("leaves no tensor behind", async () => {
    const [task, data] = [pairTask(), pairs()];
    const model = pairModel(11, 3);
    const own = tf.memory().numTensors;
    await train({ ...settings, model, task, data, microBatch: 4 });
    assert.equal(tf.memory().numTensors, own);
  });
});

describe("partsOf", () => {
  it("cuts every array of a batch by its images", () => {
    const batch = {
      images: Float32Array.from({ length: 5 * 2 * 3 * 3 }, (_, i) => i),
      rows: Int32Array.from({ length: 5 * 2 }, (_, i) => i),
      indices: Uint32Array.of(11, 13, 17, 19, 23),
      shape: [5, 2, 3, 3],
      note: "kept",
    } as const;
    const parts = partsOf<typeof batch>(batch, 2);
    assert.deepEqual(
      parts.map(({ shape, rows, indices, images, note }) => [[...shape], [...rows], [...indices], images[0], note]),
      [
        [[2, 2, 3, 3], [0, 1, 2, 3], [11, 13], 0, "kept"],
        [[2, 2, 3, 3], [4, 5, 6, 7], [17, 19], 36, "kept"],
        [[1, 2, 3, 3], [8, 9], [23], 72, "kept"],
      ],
    );
    assert.equal(parts[1].images.buffer, batch.images.buffer);
  });
});
