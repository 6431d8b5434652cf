import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { generated } from "../../../src/data/index.js";
import { AxialAttention } from "../../../src/layers/index.js";
import { create, type ResNetConfig } from "../../../src/models/index.js";
import { train } from "../../../src/training/index.js";
import { load, readSafetensors, save } from "../../../src/weights/index.js";
import { sameLayout } from "../../../src/weights/correspondence.js";
import { placeAxis, resizedTable } from "../../../src/weights/position-tables.js";
import { assertClose } from "../../helpers/compare.js";

const folder = mkdtempSync(join(tmpdir(), "axial-lab-load-"));
const file = (name: string): string => join(folder, name);

const config: ResNetConfig = {
  name: "small",
  stem: { kind: "convolution", filters: 4 },
  norm: "torch",
  stages: [
    { blocks: 1, stride: 1, width: 8, filters: 16, operator: { kind: "axial", heads: 2 } },
    { blocks: 1, stride: 2, width: 16, filters: 32, operator: { kind: "axial", heads: 2 } },
  ],
};
const model = ({ size = 32, classes = 3, seed = 1 } = {}) => create(config, { classes, size, seed });
const read = (from: tf.LayersModel, name: string): number[] => [
  ...from.weights
    .find((weight) => weight.originalName === name)!
    .read()
    .dataSync(),
];

describe("loading weights", () => {
  before(() => tf.setBackend("cpu"));
  after(() => rmSync(folder, { recursive: true }));

  it("of images of another size resamples every table of positions, and nothing else", async () => {
    const large = model({ size: 64 });
    await save(large, file("large.safetensors"), { family: "csrhddlam" });
    const small = model({ size: 32, seed: 2 });
    await assert.rejects(load(small, file("large.safetensors")), {
      message: /got 4 misshapen \(layer1\.0\.hight_block\.relative \[8, 31\] for \[8, 15\], .*or, for images of another size, with positions: "resize"$/, // prettier-ignore
    });
    const report = await load(small, file("large.safetensors"), { positions: "resize" });
    assert.deepEqual(report.misshapen, []);
    const blocks = ["layer1.0", "layer2.0"];
    const tables = blocks.flatMap((block) => ["hight", "width"].map((axis) => `${block}.${axis}_block.relative`));
    assert.deepEqual(report.resized, tables);
    const name = "stage1.block1.height/relative_key";
    const [before, after] = [read(large, name), read(small, name)]; // [31, 2] and [15, 2]
    assert.deepEqual(after.slice(7 * 2, 8 * 2), before.slice(15 * 2, 16 * 2)); // Offset 0 stays offset 0.
    assert.deepEqual([after.slice(0, 2), after.slice(-2)], [before.slice(0, 2), before.slice(-2)]);
    // Offset 3 of 7 there is offset 3 / 7 * 15 = 6 + 3 / 7.
    const [low, high] = [before[(15 + 6) * 2], before[(15 + 7) * 2]];
    assertClose([after[(7 + 3) * 2]], [low + (3 / 7) * (high - low)], 2e-7);
    assert.deepEqual(read(small, "classifier/kernel"), read(large, "classifier/kernel"));
  });

  it("into a model with another number of classes leaves the layers that it is told to", async () => {
    const source = model({ classes: 5 });
    await save(source, file("five.safetensors"), { family: "csrhddlam" });
    const target = model({ seed: 2 });
    const head = read(target, "classifier/kernel");
    const report = await load(target, file("five.safetensors"), { leave: ["classifier"] });
    assert.deepEqual([report.missing, report.unexpected, report.misshapen], [[], [], []]);
    assert.deepEqual(read(target, "classifier/kernel"), head);
    assert.deepEqual(read(target, "stem.convolution/kernel"), read(source, "stem.convolution/kernel"));
    await assert.rejects(load(target, file("five.safetensors"), { leave: ["fc"] }), {
      name: "ConfigError",
      message: /leave must name layers or weights of the model, got fc; it has .*, classifier$/,
    });
  });

  it("of a run of ours takes what validation measured, and names `restore` where the model is another", async () => {
    const data = generated({ classes: 4, trainCount: 8, validationCount: 4 });
    const settings = { epochs: 1, size: 32, batchSize: 8, seed: 3, average: { decay: 0.5 } };
    const { model: trained } = await train({ ...settings, model: config, data, out: file("run") });
    await data.close();
    const best = file("run/best.safetensors");
    const target = model({ classes: 4, seed: 9 });
    const report = await load(target, best);
    assert.deepEqual([report.family, report.place, report.otherPlaces], ["axial-lab", "average", ["model"]]);
    const { tensors } = await readSafetensors(best);
    const stored = (section: string) => [...(tensors.get(`${section}/classifier/kernel`)!.data as Float32Array)];
    assert.deepEqual(read(target, "classifier/kernel"), stored("average"));
    await load(target, best, { weights: "trained" });
    assert.deepEqual(read(target, "classifier/kernel"), stored("model"));
    await assert.rejects(
      load(model(), best),
      /it is a run of axial-lab train: axial\.training\.restore builds its model/,
    );
    await assert.rejects(
      load(model(), file("run")),
      /got the folder .*; it is a run of axial-lab train: give .*best\./,
    );
    trained.dispose();
  });

  it("refuses a layer that is not built, a folder, an option that does not exist, by what to do instead", async () => {
    const layer = new AxialAttention({ axis: "height", filters: 16, maxDistance: 6, name: "attention" });
    await assert.rejects(load(layer, file("x")), {
      name: "ConfigError",
      message: "weights.load: attention must be built, got a layer without weights; call it once, or layer.build(inputShape)", // prettier-ignore
    });
    await assert.rejects(save(layer, file("x")), {
      name: "ConfigError",
      message: /^weights\.save: attention must be built/,
    });
    mkdirSync(file("empty"));
    await assert.rejects(load(model(), file("empty")), /a file must be given, got the folder .*; give a file in it/);
    writeFileSync(file("zero.pth"), "");
    await assert.rejects(load(model(), file("zero.pth")), { name: "FileError" });
    const misspelt = { position: "resize" } as object;
    await assert.rejects(
      load(model(), file("x"), misspelt),
      /there is no option of this name, got position; did you mean positions\? Known are .*positions/,
    );
    await assert.rejects(
      load(model(), file("x"), { positions: "crop" as "exact" }),
      /positions must be "exact" or "resize"/,
    );
  });
});

describe("a table of positions", () => {
  it("resampled to as many places is the same, from one place is constant, to one is the middle", () => {
    const tensor = (shape: number[], data: number[]) =>
      ({ dtype: "F32", shape, data: Float32Array.from(data) }) as const;
    const table = tensor([2, 3], [1, 2, 4, 8, 16, 32]);
    assert.deepEqual([...resizedTable(table, 1, 3)], [1, 2, 4, 8, 16, 32]);
    assert.deepEqual([...resizedTable(table, 1, 5)], [1, 1.5, 2, 3, 4, 8, 12, 16, 24, 32]);
    assert.deepEqual([...resizedTable(table, 1, 1)], [2, 16]);
    assert.deepEqual([...resizedTable(tensor([1, 2], [5, 7]), 0, 3)], [5, 7, 5, 7, 5, 7]);
  });

  it("is told by our weight's name, and by a difference in one axis", () => {
    const link = sameLayout("relative", "layer/relative_key", [15, 4]);
    assert.equal(placeAxis(link, [31, 4]), 0);
    assert.equal(placeAxis(link, [31, 8]), null);
    assert.equal(placeAxis(link, [15, 4]), null);
    assert.equal(placeAxis(sameLayout("w", "layer/kernel", [15, 4]), [31, 4]), null);
  });
});
