/**
 * Compares exported networks with ours in onnxruntime, which the suite does without: for each, `onnx.checker` and the outputs on
 * two sizes of batch and image, and on a picture.
 *
 *     node dist/test/export/onnx-peer.js PYTHON [WORD ...]
 *
 * PYTHON has onnx, onnxruntime, numpy and safetensors; WORDs choose networks by name ("small": those of `wirings`).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { packageFolder } from "../../src/core/version.js";
import { readImage } from "../../src/data/index.js";
import * as engine from "../../src/engine/index.js";
import { saveOnnx } from "../../src/export/index.js";
import { configuration, create, names } from "../../src/models/index.js";
import { writeSafetensors, type StoredTensor } from "../../src/weights/index.js";
import { wirings } from "../models/shrunk.js";
import { randomWeights } from "./random-weights.js";

/** Of random input. */
const shapes: readonly [number, number, number, number][] = [
  [2, 64, 64, 3],
  [1, 80, 48, 3],
];

async function main(python: string, words: readonly string[]): Promise<void> {
  await engine.start({ threads: 2 });
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-onnx-"));
  let failed = 0;
  try {
    const small = wirings().map((config) => ({ ...config, name: `${config.name}, small` }));
    for (const config of [...names().map(configuration), ...small]) {
      const { name } = config;
      if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
      const model = create(config, { classes: 7, size: 64, seed: 1 });
      randomWeights(model);
      const path = join(folder, "model.onnx");
      await saveOnnx(model, path);
      const tensors = new Map<string, StoredTensor>();
      const random = shapes.map((shape, index) => tf.randomNormal(shape, 0, 1, "float32", index + 1));
      for (const [index, x] of [...random, await pictureOf(64)].entries()) {
        const outputs = [model.predict(x)].flat();
        const all: [string, tf.Tensor][] = [[`image${index}`, x], ...outputs.map((y, i): [string, tf.Tensor] => [`output${index}.${i}`, y])]; // prettier-ignore
        for (const [key, tensor] of all)
          tensors.set(key, { dtype: "F32", shape: tensor.shape, data: Float32Array.from(await tensor.data()) });
        tf.dispose([x, outputs]);
      }
      await writeSafetensors(join(folder, "case.safetensors"), { tensors, metadata: {} });
      model.dispose();
      const script = join(packageFolder, "test", "export", "onnx_peer.py");
      const { status, stdout, stderr } = spawnSync(python, [script, folder], { encoding: "utf8" });
      console.log(`${name.padEnd(44)} ${status === 0 ? stdout.trim() : `FAILED ${stdout}${stderr.slice(-600)}`}`);
      if (status !== 0) failed++;
    }
  } finally {
    rmSync(folder, { recursive: true });
    await engine.stop();
  }
  if (failed > 0) process.exitCode = 1;
}

/** A page of the book, [1, side, side, 3], normalised as a network's input is. */
async function pictureOf(side: number): Promise<tf.Tensor> {
  const { values } = await readImage(join(packageFolder, "notebooks", "01-quick-start.png"), side);
  return tf.tensor(values, [1, side, side, 3]);
}

void main(process.argv[2], process.argv.slice(3));
