/**
 * What a training step of the named panoptic networks needs of the engine's heap, of one image of 512 x 1024 pixels, with RAdam
 * and Lookahead: `node dist/test/bench/panoptic-memory.js [NAME…]`. With every activation kept, and with the residual blocks
 * made anew in the backward pass (`--rematerialize`). Prints a table.
 */
import * as tf from "@tensorflow/tfjs";
import { UnsupportedError } from "../../src/core/errors.js";
import * as engine from "../../src/engine/index.js";
import { create, names } from "../../src/models/index.js";
import { generatedPanoptic, panopticSegmentation, type PanopticBatch } from "../../src/panoptic/index.js";
import type { Task } from "../../src/training/index.js";
import { createOptimizer } from "../../src/training/optimizers.js";
import { disposePass, forwardAndBack } from "../../src/training/pass.js";
import { namedWeights, parametersOf } from "../../src/training/weights.js";

const [rows, columns, classes] = [512, 1024, 19];

/** Mebibytes; null where the heap does not hold it. A heap of its own each, without the gaps that another network left. */
async function peakOfStep(name: string, batch: PanopticBatch, rematerialize: boolean): Promise<number | null> {
  await engine.start({ threads: 2 });
  try {
    const model = create(name, { classes, size: rows, seed: 1 });
    const task = panopticSegmentation() as unknown as Task;
    const parameters = parametersOf(namedWeights(model), "kernels");
    const optimizer = createOptimizer({ kind: "ranger", weightDecay: 1e-4 }, parameters);
    const context = { progress: 0, random: null as never };
    const peak = engine.peakHeapDuring(() => {
      const pass = forwardAndBack({ task, model, parameters, rematerialize }, batch, [1], context);
      optimizer.step(pass.gradients, { learningRate: 1e-3 });
      disposePass(pass);
    });
    return peak! / 2 ** 20;
  } catch (error) {
    if (error instanceof UnsupportedError) return null;
    throw error;
  } finally {
    tf.disposeVariables();
    await engine.stop();
  }
}

async function run(chosen: readonly string[]): Promise<void> {
  const data = generatedPanoptic({ aspect: columns / rows, trainCount: 1, threads: 1 });
  console.log("| network | all kept | blocks made anew |\n| --- | --: | --: |");
  for await (const batch of data.batches({ split: "train", batchSize: 1, size: rows, seed: 0, epoch: 0 }))
    for (const name of chosen) {
      const peaks = [await peakOfStep(name, batch, false), await peakOfStep(name, batch, true)];
      const cells = peaks.map((peak) => (peak === null ? "does not fit" : `${Math.round(peak)} MiB`));
      console.log(`| ${name} | ${cells.join(" | ")} |`);
    }
  await data.close();
}

const asked = process.argv.slice(2);
const all = names().filter((name) => /^(axial|panoptic)-deeplab-/.test(name));
void run(asked.length > 0 ? asked : all);
