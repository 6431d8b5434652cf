/** `axial-lab evaluate`: what a trained model is worth, class by class. */
import { isDeepStrictEqual } from "node:util";
import { Option, type Command } from "commander";
import * as engine from "../engine/index.js";
import { ConfigError } from "../core/errors.js";
import { evaluate, restore } from "../training/index.js";
import { whole } from "./arguments.js";
import { choiceOf, dataOption, fromOption, holdOutOption, imagesOption, openData } from "./open-data.js";
import { commandTask } from "./tasks.js";
import { createTrainProgress } from "./train-progress.js";

interface EvaluateFlags {
  readonly data?: string;
  readonly from?: string;
  readonly images?: readonly [number, number];
  readonly holdOut?: number;
  readonly split: "train" | "validation";
  readonly size?: number;
  readonly batch?: number;
  readonly raw?: boolean;
  readonly threads?: number;
  readonly backend?: engine.EngineOptions["backend"];
  readonly engine?: engine.EngineChoice;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command("evaluate")
    .summary("measure a trained model: top-1, top-5 or mean IoU, and each class")
    .description("Measures the model of a checkpoint on images without augmentation, any size.")
    .argument("<checkpoint>", "a checkpoint, or the folder of a run (its last.safetensors)")
    .addOption(dataOption("what the run was trained on"))
    .option(...fromOption)
    .option(...imagesOption)
    .option(...holdOutOption)
    .addOption(new Option("--split <name>").choices(["train", "validation"]).default("validation"))
    .option("--size <pixels>", "side of the images (default: that of the run)", whole)
    .option("--batch <count>", "images at a time (default: that of the run)", whole)
    .option("--raw", "the weights as such rather than their average")
    .option("--threads <count>", "threads to compute on (default: all logical cores)", whole)
    .option("--backend <name>", "backend to compute on: auto, wasm, cpu, node, node-gpu")
    .option("--engine <name>", "whose kernels compute: auto, native, wasm")
    .option("--json", "print the result as JSON, with the confusion matrix")
    .addHelpText(
      "after",
      `
Examples:
  npx axial-lab evaluate runs/axial-resnet-small-generated
  npx axial-lab evaluate runs/axial-resnet-26-s-imagenette/best.safetensors --from imagenette2-320.tgz
  npx axial-lab evaluate best.safetensors --size 160             larger images than it was trained on
  npx axial-lab evaluate best.safetensors --json | jq .top1

Exit code: 0 done, 2 a wrong option or file.`,
    )
    .action(run);
}

async function run(checkpoint: string, flags: EvaluateFlags): Promise<void> {
  await engine.start({
    ...(flags.backend && { backend: flags.backend }),
    ...(flags.engine && { engine: flags.engine }),
    ...(flags.threads !== undefined && { threads: flags.threads }),
  });
  const { model, config, task } = await restore(checkpoint, {
    weights: flags.raw === true ? "raw" : "validated",
    createTask: (saved) => commandTask(saved.kind).create(saved),
  });
  const progress = createTrainProgress(flags.json === true ? { write: () => undefined } : process.stdout);
  const data = await openData(choiceOf(flags, config.notes), task.config.kind, { onProgress: progress.preparation });
  try {
    if (!isDeepStrictEqual([...data.classes], [...config.data.classes])) {
      throw new ConfigError(
        `evaluate: the data must have the model's classes, got ${data.classes.join(", ")}; ` +
          `it was trained on ${config.data.classes.join(", ")}`,
      );
    }
    const size = flags.size ?? config.size.to;
    await data.prepare({ size, splits: [flags.split], onProgress: progress.preparation });
    const result = await evaluate(model, data, {
      task,
      size,
      split: flags.split,
      batchSize: flags.batch ?? config.batchSize,
      onBatch: progress.validation,
    });
    if (flags.json === true) console.log(JSON.stringify(result, null, 2));
    else commandTask(task.config.kind).describe(result).forEach(progress.line);
  } finally {
    model.dispose();
    await data.close();
    await engine.stop();
  }
}
