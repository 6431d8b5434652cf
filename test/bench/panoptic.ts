/**
 * Panoptic networks at 241 x 321 pixels on 2 threads: our two networks for streets and Axial-DeepLab-S, and beside them the
 * convolutional one in PyTorch, layer for layer, in one run: `node dist/test/bench/panoptic.js [PYTHON]`. A training step is
 * forward and back with the losses, without the optimiser.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { packageFolder } from "../../src/core/version.js";
import * as engine from "../../src/engine/index.js";
import { create, type ResNetConfig } from "../../src/models/index.js";
import { generatedPanoptic, panopticSegmentation, segment, type PanopticBatch } from "../../src/panoptic/index.js";
import { presets, type Task } from "../../src/training/index.js";
import { disposePass, forwardAndBack } from "../../src/training/pass.js";
import { namedWeights, parametersOf } from "../../src/training/weights.js";

const [rows, columns, images, threads] = [241, 321, 2, 2];
const networks: Record<string, string | ResNetConfig> = {
  "panoptic-deeplab-streets": presets["panoptic-streets-convolution"].model,
  "axial-deeplab-streets": presets["panoptic-streets"].model,
  "axial-deeplab-s": "axial-deeplab-s",
};

/** Median of five after one that warms up. */
async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  await work();
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[2];
}

async function measured(name: string, batch: PanopticBatch, classes: readonly string[]): Promise<void> {
  const model = create(networks[name], { classes: classes.length, size: rows, seed: 1 });
  const task = panopticSegmentation() as unknown as Task;
  const parameters = parametersOf(namedWeights(model), "kernels");
  const context = { progress: 0, random: null as never };
  const x = tf.tensor4d(batch.images, [...batch.shape]);
  const evaluation = await milliseconds(async () => {
    const outputs = model.predict(x) as tf.Tensor[];
    await outputs[0].data();
    tf.dispose(outputs);
  });
  const training = await milliseconds(async () => {
    const pass = forwardAndBack({ task, model, parameters }, batch, [images], context);
    await pass.loss.data();
    disposePass(pass);
  });
  const image = { height: rows, width: columns, bytes: new Uint8Array(rows * columns * 3).fill(90) };
  const whole = await milliseconds(() => segment(model, image, { classes, things: [8, 9, 10] }));
  console.log(JSON.stringify({ name, parameters: model.countParams(), evaluation, training, segment: whole }));
  x.dispose();
  model.dispose();
}

async function run(python: string | undefined): Promise<void> {
  const { reason } = await engine.start({ threads });
  console.log(reason);
  const data = generatedPanoptic({ aspect: columns / rows, trainCount: images, threads: 1 });
  const classes = Array.from({ length: 11 }, (_, index) => `class ${index}`);
  for await (const batch of data.batches({ split: "train", batchSize: images, size: rows, seed: 0, epoch: 0 }))
    for (const name of Object.keys(networks)) {
      await measured(name, batch, classes);
      if (python === undefined || name !== "panoptic-deeplab-streets") continue;
      const script = join(packageFolder, "test", "bench", "panoptic.py");
      const { stdout, stderr } = spawnSync(python, [script, ...[rows, columns, images, threads].map(String)], {
        encoding: "utf8",
      });
      console.log(`the same in PyTorch: ${stdout || stderr}`.trim());
    }
  await data.close();
  await engine.stop();
}

void run(process.argv[2]);
