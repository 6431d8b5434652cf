/**
 * Loads exported weights into the networks that they are named after, which the suite does without: torchvision's ResNets, with
 * `strict=True`, and compares what they compute.
 *
 *     node dist/test/export/torchvision-peer.js PYTHON [WORD ...]
 *
 * PYTHON has torch, torchvision, numpy and safetensors; WORDs choose networks by name.
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

/** Ours, and torchvision's function. */
const networks = {
  "resnet-18": "resnet18",
  "resnet-34": "resnet34",
  "resnet-50": "resnet50",
  "resnet-101": "resnet101",
  "resnext-50-32x4d": "resnext50_32x4d",
  "wide-resnet-50-2": "wide_resnet50_2",
} as const;

async function main(python: string, words: readonly string[]): Promise<void> {
  await engine.start({ threads: 2 });
  const folder = mkdtempSync(join(tmpdir(), "axial-lab-torchvision-"));
  try {
    for (const [name, theirs] of Object.entries(networks)) {
      if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
      const model = create(name, { classes: 7, size: 64, seed: 1 });
      randomWeights(model);
      await save(model, join(folder, "weights.safetensors"), { family: "torchvision" });
      const x = tf.randomNormal([2, 64, 64, 3], 0, 1, "float32", 1);
      const y = model.predict(x) as tf.Tensor;
      const stored = async (tensor: tf.Tensor) =>
        ({ dtype: "F32", shape: tensor.shape, data: Float32Array.from(await tensor.data()) }) as const;
      const tensors = new Map([["image", await stored(x)], ["logits", await stored(y)]]); // prettier-ignore
      await writeSafetensors(join(folder, "case.safetensors"), { tensors, metadata: {} });
      tf.dispose([x, y]);
      model.dispose();
      const script = join(packageFolder, "test", "export", "torchvision_peer.py");
      const { status, stdout, stderr } = spawnSync(python, [script, folder, theirs], { encoding: "utf8" });
      console.log(`${name.padEnd(24)} ${status === 0 ? stdout.trim() : `FAILED ${stdout}${stderr.slice(-600)}`}`);
      if (status !== 0) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
    await engine.stop();
  }
}

void main(process.argv[2], process.argv.slice(3));
