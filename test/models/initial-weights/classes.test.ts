import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { generated } from "../../../src/data/index.js";
import { create, type ResNetConfig } from "../../../src/models/index.js";
import { evaluate, restore, train } from "../../../src/training/index.js";
import { save } from "../../../src/weights/index.js";
import { assertClose } from "../../helpers/compare.js";

const config: ResNetConfig = {
  name: "small",
  stem: { kind: "convolution", filters: 4 },
  norm: "torch",
  stages: [{ blocks: 1, stride: 1, width: 8, filters: 16, operator: { kind: "axial", heads: 2 } }],
};

describe("a run that begins with given weights", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-init-"));
  before(() => tf.setBackend("cpu"));
  after(() => rmSync(folder, { recursive: true }));

  it("takes them for other classes and another size of image, and can be restored like any other", async () => {
    const source = create(config, { classes: 7, size: 64, seed: 5 });
    await save(source, join(folder, "source.safetensors"), { family: "csrhddlam" });
    const data = generated({ classes: 3, trainCount: 6, validationCount: 3 });
    const settings = {
      epochs: 1,
      size: 32,
      batchSize: 6,
      seed: 1,
      optimizer: { kind: "sgd" },
      learningRate: 1e-12,
    } as const;
    const out = join(folder, "run");
    const { model } = await train({ ...settings, model: config, data, out, init: join(folder, "source.safetensors") });
    await data.close();
    const restored = await restore(join(out, "last.safetensors"));
    const read = (from: tf.LayersModel, name: string) =>
      Array.from(
        from.weights
          .find((weight) => weight.originalName === name)!
          .read()
          .dataSync(),
      );
    assertClose(read(model, "stem.convolution/kernel"), read(source, "stem.convolution/kernel"), 1e-6);
    assertClose(read(restored.model, "stage1.block1.reduce/kernel"), read(source, "stage1.block1.reduce/kernel"), 1e-6);
    assert.equal(read(model, "classifier/bias").length, 3);
    const wrong = create({ ...config, stem: { kind: "convolution", filters: 8 } }, { classes: 3, size: 32 });
    await save(wrong, join(folder, "wrong.safetensors"), { family: "csrhddlam" });
    const other = generated({ classes: 3, trainCount: 6, validationCount: 3 });
    const init = join(folder, "wrong.safetensors");
    await assert.rejects(train({ ...settings, model: config, data: other, init }), {
      name: "FileError",
      message: /misshapen \(conv1/,
    });
    await other.close();
  });

  it("starts its outputs anew where the classes are others, keeps the file's name, and resumes and is evaluated like any other", async () => {
    const [path, out] = [join(folder, "three.safetensors"), join(folder, "tuned")];
    const source = create(config, { classes: 3, size: 32, seed: 7 });
    await save(source, path);
    const data = generated({ classes: 5, trainCount: 37, validationCount: 11 });
    const settings = {
      epochs: 1,
      size: 32,
      batchSize: 7,
      seed: 1,
      optimizer: { kind: "sgd" },
      learningRate: 0,
      average: null,
    } as const;
    const tuned = await train({ ...settings, model: config, data, init: path, out });
    assert.equal(tuned.config.init, path);
    const expected = new Map(source.weights.map((weight) => [weight.originalName, weight.read().dataSync()]));
    for (const weight of tuned.model.trainableWeights) {
      const [name, values] = [weight.originalName, weight.read().dataSync()];
      if (name.startsWith("classifier")) assert.notEqual(values.length, expected.get(name)?.length);
      else assert.deepEqual(values, expected.get(name), name);
    }
    const [restored, resumed] = [await restore(out), await train({ data, resume: out })];
    const measured = await evaluate(restored.model, data, { size: 32, batchSize: 7 });
    const last = resumed.events.filter((event) => event.event === "epoch").at(-1);
    assert.equal(last?.validation.loss, measured.loss);
    await data.close();
  });
});

describe("create with weights to begin with", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-from-"));
  before(() => tf.setBackend("cpu"));
  after(() => rmSync(folder, { recursive: true }));
  const valuesOf = (model: tf.LayersModel) =>
    new Map(model.weights.map((weight) => [weight.originalName, [...weight.read().dataSync()]]));

  it("takes them of a file or of a model, all but the layers whose classes are others and the tables' size", async () => {
    const source = create(config, { classes: 7, size: 64, seed: 5 });
    const path = join(folder, "seven.safetensors");
    await save(source, path);
    const expected = valuesOf(source);
    const tuned = [
      await create(config, { classes: 3, size: 32, seed: 2, from: path }),
      create(config, { classes: 3, size: 32, seed: 2, from: source }),
    ];
    for (const model of tuned) {
      const values = valuesOf(model);
      for (const [name, own] of values)
        if (name.startsWith("classifier")) assert.equal(own.length % 3, 0);
        else if (!name.includes("/relative_")) assert.deepEqual(own, expected.get(name), name);
      // 64 pixels are 16 places after the stem, 32 are 8: 31 and 15 offsets, of which the middle one stays itself.
      const [name, table] = [...values].find(([name]) => name.includes("/relative_query"))!;
      const depth = table.length / 15;
      assert.deepEqual(table.slice(7 * depth, 8 * depth), expected.get(name)!.slice(15 * depth, 16 * depth));
    }
    const whole = create(config, { classes: 7, size: 64, from: source });
    assert.deepEqual(valuesOf(whole), expected);
    for (const model of [source, whole, ...tuned]) model.dispose();
  });

  it("leaves nothing behind where they do not fit, and says what does not", async () => {
    const other = create({ ...config, stem: { kind: "convolution", filters: 8 } }, { classes: 3, size: 32 });
    const path = join(folder, "other.safetensors");
    await save(other, path);
    const before = tf.memory().numTensors;
    assert.throws(() => create(config, { classes: 3, size: 32, from: other }), { name: "ShapeError", message: /stem/ });
    await assert.rejects(create(config, { classes: 3, size: 32, from: path }), {
      name: "FileError",
      message: /misshapen/,
    });
    assert.equal(tf.memory().numTensors, before);
    assert.throws(() => create(config, { classes: 3, from: 7 as never }), {
      name: "ConfigError",
      message: /from must be the path of a file or a model, got 7/,
    });
    assert.throws(() => create(config, { classes: 3, form: path } as never), {
      message: /got form; did you mean from/,
    });
    assert.throws(() => create("resnet-26", undefined as never), { name: "ConfigError", message: /must be an object/ });
    other.dispose();
  });
});
