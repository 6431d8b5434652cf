/**
 * Loads exported weights into the original Axial-ResNets, which the suite does without: with `strict=True`, and compares what they
 * compute.
 *
 *     git clone https://github.com/csrhddlam/axial-deeplab
 *     node dist/test/export/csrhddlam-peer.js PYTHON axial-deeplab [WORD ...]
 *
 * PYTHON has torch, numpy and safetensors; WORDs choose networks by name.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { packageFolder } from "../../src/core/version.js";
import * as engine from "../../src/engine/index.js";
import { create } from "../../src/models/index.js";
import { save, writeSafetensors } from "../../src/weights/index.js";
import { randomWeights } from "./random-weights.js";

/** Ours, and the original's function. */
const networks = {
  "axial-resnet-26-s": "axial26s",
  "axial-resnet-50-s": "axial50s",
  "axial-resnet-50-m": "axial50m",
  "axial-resnet-50-l": "axial50l",
} as const;

/** The original's tables of positions are for this one. */
const side = 224;

async function main(python: string, sources: string, words: readonly string[]): Promise<void> {
  await engine.start({ threads: 2 });
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-csrhddlam-"));
  try {
    for (const [name, theirs] of Object.entries(networks)) {
      if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
      const model = create(name, { classes: 7, size: side, seed: 1 });
      randomWeights(model);
      await save(model, join(folder, "weights.safetensors"), { family: "csrhddlam" });
      const x = tf.randomNormal([1, side, side, 3], 0, 1, "float32", 1);
      const y = model.predict(x) as tf.Tensor;
      const stored = async (tensor: tf.Tensor) =>
        ({ dtype: "F32", shape: tensor.shape, data: Float32Array.from(await tensor.data()) }) as const;
      const tensors = new Map([["image", await stored(x)], ["logits", await stored(y)]]); // prettier-ignore
      await writeSafetensors(join(folder, "case.safetensors"), { tensors, metadata: {} });
      tf.dispose([x, y]);
      model.dispose();
      const script = join(packageFolder, "test", "export", "csrhddlam_peer.py");
      const { status, stdout, stderr } = spawnSync(python, [script, folder, sources, theirs], { encoding: "utf8" });
      console.log(`${name.padEnd(24)} ${status === 0 ? stdout.trim() : `FAILED ${stdout}${stderr.slice(-600)}`}`);
      if (status !== 0) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
    await engine.stop();
  }
}

void main(process.argv[2], process.argv[3], process.argv.slice(4));
