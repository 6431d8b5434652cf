import assert from "node:assert/strict";
import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { packageFolder } from "../../src/core/version.js";
import { generated } from "../../src/data/index.js";
import * as engine from "../../src/engine/index.js";
import type { ResNetConfig } from "../../src/models/index.js";
import { pretrainedFolder } from "../../src/pretrained/card.js";
import { createPretrained } from "../../src/pretrained/create.js";
import { create, pretrainedModels } from "../../src/pretrained/index.js";
import { packedWeights, writePretrained } from "../../src/pretrained/pack.js";
import { evaluate, train } from "../../src/training/index.js";
import { temporaryFolder } from "../training/tiny.js";

before(() => engine.start({ threads: 1 }));
after(() => engine.stop());

const model: ResNetConfig = {
  name: "small",
  stem: { kind: "convolution", filters: 4 },
  norm: "torch",
  stages: [{ blocks: 1, stride: 1, width: 4, filters: 8, operator: { kind: "axial", heads: 2 } }],
};

/** A net that was trained for a moment, packed into a folder, and what it says of an image. */
async function packedSmall(folder: string) {
  const data = generated({ classes: 3, trainCount: 21, validationCount: 7 });
  const net = create(model, { classes: 3, size: 20, seed: 1 });
  const { config } = await train({ model: net, data, size: 20, batchSize: 7, epochs: 1 });
  await data.close();
  await writePretrained(folder, await packedWeights(net), {
    name: "small-trained",
    summary: "for this test",
    model,
    classes: data.classes,
    size: 20,
    parameters: net.countParams(),
    data: "generated",
    recipe: { ...config },
    log: null,
    score: { measure: "top1", value: 0, of: "file" },
    licence: "MIT",
  });
  return net;
}

describe("a model with the package's weights", () => {
  it("says what it said before they were packed, within half floats, and leaves no tensors but its weights", async () => {
    const folder = temporaryFolder();
    const net = await packedSmall(folder);
    const tensors = tf.memory().numTensors;
    const again = createPretrained("small-trained", { pretrained: true }, folder);
    assert.equal(tf.memory().numTensors - tensors, again.weights.length);
    const image = tf.randomUniform([2, 20, 20, 3], -1, 1, "float32", 5);
    const [said, says] = [net, again].map((one) => one.predict(image) as tf.Tensor);
    const greatest = said.abs().max().dataSync()[0];
    assert.ok(greatest > 0);
    assert.ok(said.sub(says).abs().max().dataSync()[0] < 0.01 * greatest);
    // Kernels are half floats: the same after rounding, and so not the very numbers.
    const kernel = (of: tf.LayersModel) => of.getLayer("classifier").getWeights()[0].dataSync();
    assert.notDeepEqual(kernel(again), kernel(net));
  });

  it("takes images of another size, its position tables interpolated", async () => {
    const folder = temporaryFolder();
    await packedSmall(folder);
    const larger = createPretrained("small-trained", { pretrained: true, size: 40, classes: 3 }, folder);
    const rows = (of: tf.LayersModel) =>
      of.weights.find(({ originalName }) => originalName.endsWith("relative_query"))!.shape[0];
    assert.deepEqual([rows(createPretrained("small-trained", { pretrained: true }, folder)), rows(larger)], [9, 19]);
    assert.deepEqual((larger.predict(tf.zeros([1, 40, 40, 3])) as tf.Tensor).shape, [1, 3]);
  });

  it("is refused where there are none, where they are for other classes, and where the file is another", async () => {
    const folder = temporaryFolder();
    await packedSmall(folder);
    const make = (name: string | ResNetConfig, options: object = {}) =>
      createPretrained(name, { pretrained: true, ...options }, folder);
    assert.throws(() => make("small"), {
      name: "ConfigError",
      message:
        "models.create: pretrained must name weights that come with the package, got small; did you mean small-trained? " +
        "There are small-trained; train others, and read them with weights.load",
    });
    assert.throws(() => make("small-trained", { classes: 10 }), /small-trained are for 3 classes, got classes=10/);
    assert.throws(() => make("small-trained", { seed: 1 }), { name: "ConfigError", message: /seed/ });
    assert.throws(() => make(model), /goes by the name of the weights, got a configuration/);
    assert.throws(
      () => create(model, { classes: 3, pretrained: "yes" as unknown as false }),
      /pretrained must be true/,
    );
    copyFileSync(join(folder, "small-trained.json"), join(folder, "other.json"));
    assert.throws(() => make("other"), { name: "FileError", message: /card of other must say its name/ });
    const file = join(folder, "small-trained.safetensors");
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(file, bytes);
    assert.throws(() => make("small-trained"), { name: "FileError", message: /must have the sha256 of its card/ });
  });

  it("is built as ever without the option", () => {
    assert.equal(create("resnet-18", { classes: 3, size: 32, pretrained: false }).name, "resnet-18");
  });
});

describe("the weights of a model that are packed", () => {
  it("are refused where half floats cannot hold them", async () => {
    const net = create(model, { classes: 3, size: 20, seed: 1 });
    const bias = net.weights.find(({ originalName }) => originalName.endsWith("bias"))!;
    bias.write(tf.fill(bias.shape as number[], 7e4));
    await assert.rejects(packedWeights(net), {
      name: "ConfigError",
      message: /float16 must hold every number of \S*bias, got one beyond 65504/,
    });
  });
});

describe("the weights that come with the package", () => {
  const cards = pretrainedModels();

  it("are there, together below 10 MiB, and say where they come from", () => {
    assert.ok(cards.length > 0);
    const sizes = cards.map(({ name }) => statSync(join(pretrainedFolder, `${name}.safetensors`)).size);
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) < 10 * 2 ** 20);
    for (const { data, licence, summary, recipe, log } of cards) {
      assert.ok([data, licence, summary].every((text) => text.length > 0) && Object.keys(recipe).length > 0);
      if (log !== null) assert.ok(statSync(join(packageFolder, log)).isFile());
    }
  });

  for (const { name, data, size, score, parameters } of cards)
    it(`open as they are: ${name}`, async () => {
      const net = create(name, { pretrained: true });
      assert.equal(
        net.trainableWeights.reduce((sum, { shape }) => sum + tf.util.sizeFromShape(shape as number[]), 0),
        parameters,
      );
      if (!data.startsWith("generated")) return;
      const images = generated();
      const { top1 } = await evaluate(net, images, { size });
      await images.close();
      assert.ok(Math.abs(top1 - score.value) < 0.005, `${top1} for ${score.value}`);
    });
});
