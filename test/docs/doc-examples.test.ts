/** Every example of the API runs: what the pages show is what works. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import sharp from "sharp";
import * as axial from "../../src/index.js";
import { packageFolder } from "../../src/core/version.js";
import type { ResNetConfig } from "../../src/models/index.js";
import { writeSet } from "../panoptic/coco.js";
import { docExamples, packageScope, runExample, saidShapes, type Scope } from "./doc-examples.js";

const config: ResNetConfig = {
  name: "example",
  stem: { kind: "convolution", filters: 8 },
  norm: "torch",
  stages: [{ blocks: 1, stride: 1, width: 8, filters: 16, operator: { kind: "axial", heads: 2 } }],
};
const withoutKeys: ResNetConfig = {
  ...config,
  stages: [
    { ...config.stages[0], operator: { kind: "axial", heads: 2, position: { query: true, key: false, value: true } } },
  ],
};
const photo = { values: new Uint8Array(64 * 64 * 3).map((_, i) => (i * 31) % 256), shape: [64, 64, 3] as const };
const table = { values: new Float32Array(5 * 4).map((_, i) => Math.sin(i)), shape: [5, 4] as const };
const field = { values: new Float32Array(16).fill(1 / 16), shape: [4, 4] as const };
const little = { trainCount: 8, validationCount: 4 };
/** Examples train for long; here one epoch, of images as small as the network takes. */
const short = { epochs: 1, batchSize: 4 };
const shortly = (options: object) =>
  axial.training.train({ ...short, ...options } as Parameters<typeof axial.training.train>[0]);

const image = { height: 65, width: 65, bytes: new Uint8Array(65 * 65 * 3).fill(90) };
const large = { height: 260, width: 340, bytes: new Uint8Array(260 * 340 * 3).fill(90) };

let files: string;
let net: tf.LayersModel;
let events: readonly unknown[];

/** What examples speak of without saying what it is, and what is changed in them so that they take seconds. */
interface Setting {
  readonly scope?: () => Scope | Promise<Scope>;
  /** Of the text; each must be there. */
  readonly replace?: readonly (readonly [string, string])[];
}

const panopticNet = () => axial.models.axialDeepLabConfig("s");
/** One image of 33 pixels a step, on a network of one block a stage. */
const panopticTraining = {
  train: (options: object) => shortly({ ...options, batchSize: 1, size: 33 }),
  axialDeepLabConfig: () => ({
    ...panopticNet(),
    stages: panopticNet().stages.map((stage) => ({ ...stage, blocks: 1 })),
  }),
  generatedPanoptic: () => axial.panoptic.generatedPanoptic({ trainCount: 1, validationCount: 1 }),
};

const settings: Readonly<Record<string, Setting>> = {
  ".inspect": { scope: () => ({ model: net, image: new Float32Array(64 * 64 * 3) }) },
  ".largestDifference": {
    scope: () => ({
      layer: new axial.layers.GlobalAttention({ filters: 8, heads: 2 }),
      x: tf.ones([1, 7, 11, 8]),
      byHand: tf.ones([1, 7, 11, 8]),
    }),
  },
  ".seenPlaces": {
    scope: () => ({ layer: new axial.layers.GlobalAttention({ filters: 8, heads: 2 }), x: tf.ones([1, 7, 11, 8]) }),
  },
  "data.imagenette": {
    scope: () => ({ imagenette: ({ from }: { from: string }) => axial.data.imageFolder(from.replace(/\.tgz$/, "")) }),
  },
  "data.readImage": { scope: () => ({ model: axial.models.create(config, { classes: 3, size: 128 }) }) },
  "data.samples": { scope: () => ({ data: axial.data.generated(little) }) },
  "engine.fastestRun": { scope: () => ({ a: tf.ones([5, 7]), b: tf.ones([7, 3]) }) },
  "models.ccnetConfig": {
    scope: () => ({ images: tf.zeros([1, 97, 97, 3]) }),
    replace: [
      ["101", "50"],
      ["size: 769", "size: 97"],
      ["769, 769", "97, 97"],
      ["97, 97, 19", "13, 13, 19"],
    ],
  },
  "models.copyWeights": {
    scope: () => ({ small: axial.models.create("axial-resnet-26-s", { classes: 10, size: 128 }) }),
  },
  "models.create": { scope: () => ({ images: tf.zeros([1, 64, 64, 3]) }) },
  "models.AutoregressiveAxialTransformer": {
    scope: () => ({ images: tf.zeros([1, 7, 5, 1]) }),
    replace: [["[28, 28, 1]", "[7, 5, 1]"]],
  },
  "notebook.progress": { scope: () => ({ epochs: 3, loss: 0.5 }) },
  "panoptic.generatedPanoptic": { scope: () => panopticTraining },
  "panoptic.panopticSegmentation": { scope: () => panopticTraining },
  "panoptic.segment": {
    scope: () => {
      const { axialDeepLabConfig } = panopticTraining;
      const model = axial.models.create(axialDeepLabConfig(), { classes: 3, size: 65 });
      return { model, image, large, classes: ["road", "car", "sky"], things: [1] };
    },
  },
  "training.classification": {
    scope: () => ({ train: shortly, model: config, data: axial.data.generated(little) }),
  },
  "training.semanticSegmentation": {
    scope: () => ({
      train: (options: object) => shortly({ ...options, batchSize: 1, size: 33 }),
      generatedLabelMaps: () => axial.data.generatedLabelMaps({ trainCount: 1, validationCount: 1 }),
    }),
  },
  "training.sweep": {
    scope: () => ({ config, withoutKeys, data: axial.data.generated(little) }),
    replace: [
      ["epochs: 5", "epochs: 1, batchSize: 4"],
      ["[1, 2, 3]", "[1]"],
    ],
  },
  "weights.load": {
    scope: async () => {
      const model = axial.models.create("axial-resnet-26-s", { classes: 10, size: 64 });
      await axial.weights.save(model, "axial26s.safetensors", { family: "csrhddlam" });
      await axial.weights.save(model, "timm.safetensors");
      return { model };
    },
    // Files of PyTorch are read in the tests of weights; none can be written here, nor one with an average beside the weights.
    replace: [
      ["axial26s.pth", "axial26s.safetensors"],
      ['"timm.pth.tar", { weights: "ema" }', '"timm.safetensors"'],
    ],
  },
  "weights.save": {
    scope: () => ({ model: axial.models.create("axial-resnet-26-s", { classes: 10, size: 64 }) }),
  },
  "widgets.attentionExplorer": {
    scope: async () => {
      const data = axial.data.generated(little);
      const [sample] = await axial.data.samples(data, { size: 64 });
      await data.close();
      return { model: net, sample };
    },
  },
  "widgets.attentionMap": { scope: () => ({ image: photo, receptiveField: field }) },
  "widgets.attentionRows": {
    scope: () => ({ image: photo, weightsDown: [[0.25, 0.25, 0.25, 0.25]], weightsAcross: [[0.1, 0.2, 0.3, 0.4]] }),
  },
  "widgets.confusionMatrix": {
    scope: () => ({
      data: axial.data.generated(little),
      model: axial.models.create(config, { classes: 4, size: 32 }),
      size: 32,
    }),
  },
  "widgets.encodingExplorer": { scope: () => ({ before: { query: table }, after: { query: table } }) },
  "widgets.imageGrid": { scope: () => ({ bytes: photo.values }) },
  "widgets.liveTrainingCurves": {
    scope: () => ({ model: config, data: axial.data.generated(little) }),
    replace: [["onEvent: curves.onEvent", "onEvent: curves.onEvent, epochs: 1, batchSize: 4"]],
  },
  "widgets.panopticOverlay": {
    scope: () => ({
      image: { values: new Uint8Array(240 * 320 * 3), shape: [240, 320, 3] },
      ids: new Int32Array(240 * 320).fill(1),
    }),
  },
  "widgets.relativeEncodings": { scope: () => ({ before: { query: table }, after: { query: table } }) },
  "widgets.show": { scope: () => ({ events }) },
  "widgets.trainingMonitor": {
    scope: () => ({ model: config, data: axial.data.generated(little) }),
    replace: [["signal: monitor.signal", "signal: monitor.signal, epochs: 1, batchSize: 4"]],
  },
};

/** What the files are that examples read. */
async function writeFiles(): Promise<void> {
  const results = join(packageFolder, "notebooks", "results", "imagenette-64");
  mkdirSync("results/imagenette-64", { recursive: true });
  for (const name of ["plan.json", "axial-resnet-26-s.seed-1.jsonl", "resnet-26.seed-1.jsonl"])
    copyFileSync(join(results, name), join("results", "imagenette-64", name));
  const picture = await sharp(Buffer.from(photo.values), { raw: { width: 64, height: 64, channels: 3 } })
    .jpeg()
    .toBuffer();
  writeFileSync("dog.jpg", picture);
  for (const split of ["train", "val"]) {
    mkdirSync(`imagenette2-320/${split}/dog`, { recursive: true });
    writeFileSync(`imagenette2-320/${split}/dog/1.jpg`, picture);
  }
  await writeSet("camvid");
  await axial.training.train({ model: config, data: axial.data.generated(little), ...short, out: "runs/quick-start" });
  copyFileSync("runs/quick-start/log.jsonl", "runs/first.jsonl");
  mkdirSync("runs/mine");
  await axial.weights.save(
    axial.models.create("axial-resnet-26-s", { classes: 10, size: 64 }),
    "runs/mine/best.safetensors",
  );
  events = axial.training.readRunLog("runs/first.jsonl");
}

describe("the examples of the API", () => {
  const own = process.cwd();
  const log = console.log;
  before(async () => {
    await axial.engine.start({ threads: 1 });
    files = mkdtempSync(join(tmpdir(), "axial-examples-"));
    process.chdir(files);
    net = axial.models.create(config, { classes: 3, size: 64, seed: 1 });
    await writeFiles();
    console.log = () => undefined;
  });
  after(async () => {
    console.log = log;
    process.chdir(own);
    rmSync(files, { recursive: true, force: true, maxRetries: 5 });
    await axial.engine.stop();
  });

  // Those of axial-lab/web run in a browser: test/browser/live.test.ts.
  const examples = docExamples().filter(({ room }) => room !== "web");

  it("are many, and each that needs a setting has one that is used", () => {
    assert.ok(examples.length > 45, `${examples.length} examples`);
    const names = new Set(examples.map(({ name }) => name));
    assert.deepEqual(Object.keys(settings).filter((name) => !names.has(name)), []); // prettier-ignore
  });

  for (const { name, room, code } of examples)
    it(`${name}: ${code.split("\n")[0].slice(0, 60)}`, async () => {
      const { scope, replace = [] } = settings[name] ?? {};
      const text = replace.reduce((all, [from, to]) => {
        assert.ok(all.includes(from), `the example has no ${from}`);
        return all.replaceAll(from, to);
      }, code);
      const said = /^layers\.|ccnetConfig/.test(name) ? saidShapes(text) : null;
      const x = said === null || !name.startsWith("layers.") ? null : tf.zeros(said.input);
      const value = await runExample(text, {
        ...packageScope(room),
        ...(x === null ? {} : { x, video: x }),
        ...(await scope?.()),
      });
      if (said !== null) assert.deepEqual((value as tf.Tensor).shape, said.output);
    });
});
