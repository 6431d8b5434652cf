/**
 * How long the steps of Imagenette's recipes take, one beside the other in turn on one machine with nothing else running:
 *
 *     npm run imagenette-speed -- FILE [THREADS]
 *
 * FILE is written as `notebooks/results/imagenette-128/speed.json`. THREADS: default 1. A step is a pass forward and back and the
 * optimiser's update, of random images at the size of each of the five epochs; of several the median.
 */
import { mkdir } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { writeFileAtomically } from "../src/core/atomic-file.js";
import { randomOf } from "../src/core/random.js";
import * as engine from "../src/engine/index.js";
import { create, type ResNetConfig } from "../src/models/index.js";
import { createOptimizer, resolveOptimizer, type OptimizerConfig } from "../src/training/optimizers.js";
import { forwardAndBack, disposePass } from "../src/training/pass.js";
import { presets } from "../src/training/presets.js";
import { classification } from "../src/training/tasks/classification.js";
import type { Task } from "../src/training/index.js";
import { namedWeights, parametersOf } from "../src/training/weights.js";
import { trials } from "./imagenette-trial-list.js";

/** The sides of the five epochs, which both recipes share. */
const sizes = [48, 64, 96, 112, 128];
/** Images of an epoch's steps. */
const images = 9440;
const rounds = 3;

interface Recipe {
  readonly name: string;
  readonly model: ResNetConfig;
  readonly batchSize: number;
  readonly optimizer: OptimizerConfig;
}

const recipes: readonly Recipe[] = [
  { name: "before", model: trials.ranger.model!, batchSize: 32, optimizer: { kind: "ranger", weightDecay: 0.05 } },
  ...(["imagenette-128", "imagenette-128-convolution"] as const).map((name) => {
    const { model, settings } = presets[name];
    return { name, model, batchSize: settings.batchSize!, optimizer: settings.optimizer as OptimizerConfig };
  }),
];

/** What measures a step at a size, in seconds an image. */
function stepOf({ model: config, batchSize, optimizer: options }: Recipe) {
  const model = create(config, { classes: 10, size: 128, seed: 1 });
  const parameters = parametersOf(namedWeights(model), "kernels");
  const optimizer = createOptimizer(resolveOptimizer(options), parameters);
  const task = classification() as unknown as Task;
  return async (size: number): Promise<number> => {
    const random = randomOf(7, size);
    const batch = {
      images: Float32Array.from({ length: batchSize * size * size * 3 }, () => random.between(-1, 1)),
      labels: Int32Array.from({ length: batchSize }, (_, i) => i % 10),
      indices: new Uint32Array(batchSize),
      shape: [batchSize, size, size, 3] as const,
    };
    const begin = performance.now();
    const pass = forwardAndBack({ task, model, parameters }, batch, [batchSize], { progress: 0, random });
    optimizer.step(pass.gradients, { learningRate: 1e-5 });
    await pass.loss.data();
    const seconds = (performance.now() - begin) / 1000;
    disposePass(pass);
    return seconds / batchSize;
  };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

async function measure(file: string, threads: number): Promise<void> {
  const { reason } = await engine.start({ threads });
  const steps = recipes.map(stepOf);
  const times = recipes.map(() => sizes.map((): number[] => []));
  for (let round = 0; round <= rounds; round++)
    for (const [s, size] of sizes.entries())
      for (const [r, step] of steps.entries()) {
        const seconds = await step(size);
        if (round > 0) times[r][s].push(seconds); // The first warms up.
      }
  const rows = recipes.map(({ name }, r) => {
    const imagesPerSecond = times[r].map((values) => 1 / median(values));
    return { name, imagesPerSecond, seconds: imagesPerSecond.reduce((sum, speed) => sum + images / speed, 0) };
  });
  const report = { engine: reason, processor: cpus()[0].model, threads, sizes, images, rounds, rows };
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomically(file, [Buffer.from(`${JSON.stringify(report, null, 2)}\n`)]);
  for (const { name, seconds } of rows) console.log(`${name}: ${seconds.toFixed(0)} s of steps in five epochs`);
  await engine.stop();
}

const [file, threads = "1"] = process.argv.slice(2);
if (file === undefined) {
  console.error("imagenette-speed: a file must be given, got none; npm run imagenette-speed -- FILE [THREADS]");
  process.exitCode = 2;
} else void measure(file, Number(threads));
