import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs";
import { packageFolder } from "../../src/core/version.js";
import * as engine from "../../src/engine/index.js";
import { saveTfjs, tfjsModel } from "../../src/export/index.js";
import * as layers from "../../src/layers/index.js";
import { configuration, create } from "../../src/models/index.js";
import { shrunk, wirings } from "../models/shrunk.js";
import { randomWeights } from "./random-weights.js";
import { assertClose } from "../helpers/compare.js";

const outputsOf = (model: tf.LayersModel, x: tf.Tensor): Float32Array[] => {
  const outputs = [model.predict(x)].flat();
  const values = outputs.map((output) => output.dataSync<"float32">().slice());
  tf.dispose(outputs);
  return values;
};

/** A page or a process with plain TensorFlow.js: reads a folder, runs the model on each backend, prints its outputs. */
const plainProgram = `
  const [folder] = process.argv.slice(1);
  const { readFileSync } = require("node:fs");
  const tf = require("@tensorflow/tfjs");
  require("@tensorflow/tfjs-backend-wasm");
  const read = (file) => readFileSync(folder + "/" + file);
  const load = async () => {
    const { modelTopology, weightsManifest } = JSON.parse(read("model.json"));
    const bytes = Buffer.concat(weightsManifest.flatMap(({ paths }) => paths.map(read)));
    const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
    const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    return { modelTopology, weightSpecs, weightData };
  };
  (async () => {
    const { shape, values } = JSON.parse(read("image.json"));
    const all = {};
    for (const backend of ["cpu", "wasm"]) {
      await tf.setBackend(backend);
      const model = await tf.loadLayersModel({ load });
      const outputs = [model.predict(tf.tensor(values, shape))].flat();
      all[tf.getBackend()] = outputs.map((output) => [...output.dataSync()]);
    }
    console.log(JSON.stringify(all));
  })();
`;

describe("a network as a layers model of TensorFlow.js", () => {
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-tfjs-"));
  before(async () => void (await engine.start({ threads: 1 })));
  after(async () => {
    rmSync(folder, { recursive: true });
    await engine.stop();
  });

  for (const wiring of wirings())
    it(`equals ours, of layers that are all TensorFlow.js's: ${wiring.name}`, () => {
      const model = create(wiring, { classes: 3, size: 32, seed: 1 });
      randomWeights(model);
      const plain = tfjsModel(model, { size: [37, 29] });
      const own = new Set(Object.values(layers).map((one) => (one as { className?: string }).className));
      assert.deepEqual(plain.layers.filter((layer) => own.has(layer.getClassName())), []); // prettier-ignore
      const x = tf.randomNormal([2, 37, 29, 3], 0, 1, "float32", 3);
      const [actual, expected] = [outputsOf(plain, x), outputsOf(model, x)];
      assert.equal(actual.length, expected.length);
      actual.forEach((values, i) => assertClose(values, expected[i], 1e-4, `output ${i}`));
      tf.dispose([x]);
      plain.dispose();
      model.dispose();
    });

  for (const name of ["axial-resnet-26-s", "sasa-resnet-50", "ccnet-resnet-50"])
    it(`is loaded by TensorFlow.js alone, on its JavaScript and its WebAssembly backend: ${name}`, async () => {
      const model = create(shrunk(configuration(name)), { classes: 3, size: 32, seed: 1 });
      randomWeights(model);
      const place = join(folder, name);
      await saveTfjs(model, place, { size: 32, classes: ["a", "b", "c"] });
      const x = tf.randomNormal([2, 32, 32, 3], 0, 1, "float32", 3);
      writeFileSync(join(place, "image.json"), JSON.stringify({ shape: x.shape, values: [...x.dataSync()] }));
      const { stdout, stderr } = spawnSync(process.execPath, ["-e", plainProgram, place], {
        cwd: packageFolder,
        encoding: "utf8",
        maxBuffer: 2 ** 28,
      });
      assert.match(stdout, /\{/, stderr);
      const all = JSON.parse(stdout.slice(stdout.lastIndexOf("\n{") + 1)) as Record<string, number[][]>;
      assert.deepEqual(Object.keys(all), ["cpu", "wasm"]);
      const expected = outputsOf(model, x);
      for (const outputs of Object.values(all)) outputs.forEach((values, i) => assertClose(values, expected[i], 1e-4));
      x.dispose();
      model.dispose();
    });

  it("says how images are normalised and what the classes are, and names its input and output", () => {
    const place = join(folder, "axial-resnet-26-s");
    const json = JSON.parse(readFileSync(join(place, "model.json"), "utf8")) as {
      userDefinedMetadata: { classes: string[]; normalization: string };
      modelTopology: { config: { input_layers: unknown[][]; output_layers: unknown[][] } };
    };
    assert.deepEqual(json.userDefinedMetadata.classes, ["a", "b", "c"]);
    assert.match(json.userDefinedMetadata.normalization, /mean 0\.485 0\.456 0\.406/);
    const { input_layers, output_layers } = json.modelTopology.config;
    assert.deepEqual([input_layers[0][0], output_layers[0][0]], ["image", "logits"]);
  });

  it("writes its weights in files of 4 MiB at most", async () => {
    const model = create("resnet-18", { classes: 3, size: 32, seed: 1 });
    const place = join(folder, "large");
    await saveTfjs(model, place, { size: 32 });
    const files = readdirSync(place).filter((file) => file.endsWith(".bin"));
    const bytes = files.map((file) => readFileSync(join(place, file)).length);
    assert.ok(files.length > 5 && bytes.every((count) => count <= 4 * 2 ** 20));
    assert.ok(bytes.reduce((sum, count) => sum + count, 0) > 4 * 11e6);
    model.dispose();
  });

  it("that it cannot be is refused in one line, and nothing is written", async () => {
    const place = join(folder, "none");
    const image = tf.input({ shape: [8, 8, 3] });
    const turned = tf.layers.permute({ dims: [2, 1, 3], name: "turned" }).apply(image) as tf.SymbolicTensor;
    await assert.rejects(saveTfjs(tf.model({ inputs: image, outputs: turned }), place, { size: 8 }), {
      name: "UnsupportedError",
      message: "export to tfjs: every layer must have a form there, got turned (Permute); nothing was written",
    });
    const pooled = new layers.MaxPool({ name: "pool" }).apply(image) as tf.SymbolicTensor;
    await assert.rejects(saveTfjs(tf.model({ inputs: image, outputs: pooled }), place, { size: 8 }), {
      name: "UnsupportedError",
      message:
        /must be over values that are never negative, .* got pool without a ReLU before it; nothing was written$/,
    });
    const model = create("resnet-18", { classes: 3, size: 32 });
    await assert.rejects(saveTfjs(model, place, { size: 0.5 }), { name: "ConfigError", message: /got 0\.5; use 224$/ });
    assert.equal(existsSync(place), false);
  });

  it("leaves no tensors behind", () => {
    const model = create(shrunk(configuration("axial-resnet-26-s")), { classes: 3, size: 32, seed: 1 });
    const count = tf.memory().numTensors;
    tfjsModel(model, { size: 32 }).dispose();
    assert.equal(tf.memory().numTensors, count);
    model.dispose();
  });
});
