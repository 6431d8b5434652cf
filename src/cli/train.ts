/** `axial-lab train`: trains a model for a task, shows how it goes, and can be stopped and resumed at any time. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Option, type Command } from "commander";
import { threadsByDefault } from "../core/cores.js";
import { ConfigError } from "../core/errors.js";
import type { AugmentationPreset, Dataset } from "../data/index.js";
import * as engine from "../engine/index.js";
import { openExchange, readLaunch, threadsPerProcess } from "../exchange/index.js";
import { names as modelNames, type ResNetConfig } from "../models/index.js";
import {
  defaultRate,
  logFormats,
  optimizerKinds,
  preset,
  presets,
  readCheckpoint,
  resolveConfig,
  scheduleKinds,
  train,
  type GrowingSize,
  type LogFormat,
  type OptimizerConfig,
  type Schedule,
  type Task,
  type TaskConfig,
  type TrainResult,
  type TrainSettings,
} from "../training/index.js";
import { number } from "./arguments.js";
import {
  augmentationOption,
  choiceOf,
  dataOption,
  fromOption,
  holdOutOption,
  imagesOption,
  openData,
  type DataChoice,
} from "./open-data.js";
import { commandTask, taskOption } from "./tasks.js";
import { readModel } from "./read-model.js";
import { createTrainProgress, measureText, type TrainProgress } from "./train-progress.js";

interface TrainFlags {
  readonly preset?: string;
  readonly task?: TaskConfig;
  readonly model?: string;
  readonly init?: string;
  readonly data?: string;
  readonly from?: string;
  readonly images?: readonly [number, number];
  readonly augmentation?: AugmentationPreset;
  readonly holdOut?: number;
  readonly epochs?: number;
  readonly batch?: number;
  readonly microBatch?: number;
  readonly rematerialize?: boolean;
  readonly size?: number | GrowingSize;
  readonly optimizer?: OptimizerConfig["kind"];
  readonly lr?: number;
  readonly schedule?: Exclude<Schedule["kind"], "step">;
  readonly weightDecay?: number;
  readonly labelSmoothing?: number;
  readonly mixup?: number;
  readonly clip?: number;
  readonly normsSee?: "own" | "all";
  readonly average?: number;
  readonly patience?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly log?: LogFormat[];
  readonly resume?: string;
  readonly threads?: number;
  readonly backend?: engine.EngineOptions["backend"];
  readonly engine?: engine.EngineChoice;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command("train")
    .summary("train a model; stop and resume at any time")
    .description(
      "Trains a model, validates it after each epoch, and keeps log.jsonl, last.safetensors\n" +
        "and best.safetensors in a folder of its own. Without options: the quick-start preset.",
    )
    .option("--preset <name>", `a named experiment; other options change it: ${Object.keys(presets).join(", ")}`)
    .addOption(taskOption)
    .option("--model <model>", `a JSON file with a configuration, or one of ${modelNames().join(", ")}`)
    .addOption(dataOption("of the preset"))
    .option(...fromOption)
    .option(...imagesOption)
    .addOption(augmentationOption)
    .option(...holdOutOption)
    .option(
      "--init <file>",
      "weights to start from (fine-tuning): a checkpoint of ours or a published one, any number of classes",
    )
    .option("--epochs <count>", "passes over the training images", number)
    .option("--batch <count>", "images a step", number)
    .option("--micro-batch <count>", "images that go through the model at once, to save memory (default: all)", number)
    .option(
      "--rematerialize",
      "compute residual blocks again in the backward pass rather than keep them, to save memory",
    )
    .option("--size <pixels>", "side of the images; 96:128 grows from 96 to 128 in the course of the run", size)
    .addOption(new Option("--optimizer <kind>", "with its defaults").choices(optimizerKinds))
    .option("--lr <rate>", "peak learning rate", number)
    .addOption(new Option("--schedule <kind>").choices(scheduleKinds.filter((kind) => kind !== "step")))
    .option("--weight-decay <share>", "on kernels only; norms, biases and tables of positions are spared", number)
    .option("--label-smoothing <share>", "of a class's target given to all classes alike", number)
    .option("--mixup <alpha>", "mix each image with another one, for long runs; 0 for none, 1 at most", number)
    .option("--clip <norm>", "largest global norm of the gradients", number)
    .addOption(
      new Option("--norms-see <images>", "of several processes: own (default), or all, for synchronised norms").choices(
        ["own", "all"],
      ),
    )
    .option("--average <decay>", "validate a moving average of the weights with this decay; 0 for none", number)
    .option("--patience <epochs>", "stop after so many epochs without a new best", number)
    .option("--seed <number>", "initial weights, order, augmentation, drop-out (default: 0)", number)
    .option("--out <folder>", "where the run is kept (default: runs/MODEL-DATA, numbered)")
    .addOption(new Option("--log <format...>", "beside log.jsonl: tables, an event file").choices(logFormats))
    .option(
      "--resume <run>",
      "go on with the run in this folder, under its own configuration; more --epochs train longer",
    )
    .option("--threads <count>", "threads to compute on (default: all logical cores)", number)
    .option("--backend <name>", "backend to compute on: auto, wasm, cpu, node, node-gpu")
    .option("--engine <name>", "whose kernels compute: auto, native, wasm")
    .option("--json", "print each event as a line of JSON (the same as log.jsonl)")
    .addHelpText("after", help)
    .action(run);
}

const help = `
Ctrl+C finishes the step at hand, saves, and says how to go on; again, it ends at once. A run that was stopped or
killed and is resumed ends with the same bits as one that was not, on the same engine and number of threads.

Presets:
${Object.entries(presets)
  .map(([name, { summary }]) => `  ${name.padEnd(24)} ${summary}`)
  .join("\n")}

Examples:
  npx axial-lab train                                        the quick start: a minute, no files needed
  npx axial-lab train --preset imagenette-64                 photographs, downloaded once
  npx axial-lab train --preset imagenette-64 --from imagenette2-320.tgz --model resnet-26
                                                         the same recipe, local archive, convolutional network
  npx axial-lab train --data imagenette --size 96:128 --epochs 20 --optimizer ranger --schedule flat-cosine
  npx axial-lab train --task semantic-segmentation           a class for every pixel, by criss-cross attention
  npx axial-lab train --resume runs/axial-resnet-small-generated
  mpiexec -n 4 npx axial-lab train --preset imagenette-64    four processes, on one machine or several: docs/many-machines.md
  npx axial-lab train --resume runs/axial-resnet-small-generated --epochs 8
                                                         longer than it was meant to be
  npx axial-lab evaluate runs/axial-resnet-small-generated    top-1, top-5 and each class

Exit code: 0 done, 1 the training failed, 2 a wrong option or file, 130 stopped by Ctrl+C (and saved).`;

async function run(flags: TrainFlags): Promise<void> {
  const { resume, json = false } = flags;
  const { settings, task, model, choice } = resume === undefined ? freshRun(flags) : await resumedRun(flags, resume);
  const name = typeof model === "object" ? model.name : model;
  const out = resume === undefined ? (flags.out ?? freeFolder(`${name}-${choice.data}`)) : undefined;

  // Said before anything is downloaded.
  const { kind } = task.config;
  resolveConfig({ ...settings, task, model, data: commandTask(kind).generated({}) });

  const launch = readLaunch();
  const exchange = openExchange();
  // Of several processes the first alone is heard.
  const silent = json || exchange.rank > 0;
  const progress = createTrainProgress(silent ? { write: () => undefined } : process.stdout);
  const interruption = stopOnSignals(progress);
  const { signal } = interruption;
  const onProgress = progress.preparation;
  let data: Dataset | null = null;
  try {
    await engine.start({
      ...(flags.backend && { backend: flags.backend }),
      ...(flags.engine && { engine: flags.engine }),
      threads: flags.threads ?? threadsPerProcess(threadsByDefault(), launch),
    });
    data = await openData(choice, kind, { signal, onProgress });
    const { skipped } = data;
    const result = await train({
      ...settings,
      task,
      model,
      data,
      init: flags.init,
      out,
      logs: flags.log,
      resume,
      notes: { ...choice },
      exchange,
      signal,
      onProgress,
      onEvent: (event) => {
        if (json && exchange.rank === 0) console.log(JSON.stringify(event));
        else progress.event(event);
        if (event.event === "start" && exchange.size > 1) progress.line(`processes  ${exchange.size}, over MPI`);
        if (event.event === "start" && skipped.length > 0) progress.line(skippedLine(skipped));
      },
      onValidation: progress.validation,
    });
    conclusion(result, task).forEach(progress.line);
    result.model.dispose();
    if (result.interrupted) process.exitCode = 130;
  } catch (error) {
    if (!signal.aborted) throw error;
    progress.line("stopped before the first step; there is nothing to go on with");
    process.exitCode = 130;
  } finally {
    interruption.end();
    await data?.close();
    await engine.stop();
  }
  await exchange.end();
}

const skippedLine = (skipped: Dataset["skipped"]): string =>
  `skipped  ${skipped.length === 1 ? "1 image" : `${skipped.length} images`} that cannot be read, such as ${skipped[0].path} (${skipped[0].reason})`;

interface RunChoice {
  settings: TrainSettings;
  task: Task;
  model: string | ResNetConfig | undefined;
  choice: DataChoice;
}

/** Preset, then what the command line says. */
function freshRun(flags: TrainFlags): RunChoice {
  const usual = flags.task ? commandTask(flags.task.kind).preset : "quick-start";
  const base = preset(flags.preset ?? (flags.data === "imagenette" ? "imagenette-64" : usual));
  const choice = choiceOf(flags, { data: base.data, augmentation: base.augmentation });
  const settings = { ...base.settings, ...settingsOf(flags, base.settings) };
  const task = taskOf(flags, { kind: base.task ?? "classification" });
  return { settings, task, model: flags.model === undefined ? base.model : readModel("--model", flags.model), choice };
}

/** The run's own configuration; options that say otherwise are refused by `train`. */
async function resumedRun(flags: TrainFlags, resume: string): Promise<RunChoice> {
  if (flags.preset !== undefined) {
    throw new ConfigError(`--preset: a resumed run keeps its configuration, got ${flags.preset}; leave it out`);
  }
  const { config } = await readCheckpoint(resume);
  const choice = choiceOf(flags, config.notes);
  return {
    settings: settingsOf(flags, config),
    task: taskOf(flags, config.task),
    model: flags.model === undefined ? undefined : readModel("--model", flags.model),
    choice,
  };
}

/** The task that the command line says, else the one known before. */
function taskOf({ task, labelSmoothing, mixup }: TrainFlags, known: TaskConfig): Task {
  const config = task ?? known;
  return commandTask(config.kind).create({
    ...config,
    ...(labelSmoothing !== undefined && { labelSmoothing }),
    ...(mixup !== undefined && { mixup }),
  });
}

/** The settings that the command line gives. */
function settingsOf(flags: TrainFlags, base: TrainSettings): TrainSettings {
  const known: OptimizerConfig =
    typeof base.optimizer === "object" ? base.optimizer : { kind: base.optimizer ?? "adamw", weightDecay: 0.05 };
  const { optimizer: kind = known.kind, weightDecay } = flags;
  const another = kind !== known.kind;
  const optimizer: OptimizerConfig = another ? { kind } : known;
  const given: TrainSettings = {
    epochs: flags.epochs,
    batchSize: flags.batch,
    microBatch: flags.microBatch,
    rematerialize: flags.rematerialize,
    size: flags.size,
    optimizer: weightDecay !== undefined ? { ...optimizer, weightDecay } : another ? optimizer : undefined,
    // A rate that suits one optimiser misleads another.
    learningRate: flags.lr ?? (another ? defaultRate(kind) : undefined),
    schedule: flags.schedule,
    clipNorm: flags.clip,
    normsSee: flags.normsSee,
    average: flags.average === undefined ? undefined : flags.average === 0 ? null : { decay: flags.average },
    patience: flags.patience,
    seed: flags.seed,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** The first signal lets the step finish; the second ends the process. */
function stopOnSignals(progress: TrainProgress): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    progress.line("stopping: finishing the step and saving (again to end at once)");
    controller.abort();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  return { signal: controller.signal, end: () => process.off("SIGINT", stop).off("SIGTERM", stop) };
}

function conclusion({ best, checkpoint, interrupted }: TrainResult, { score }: Task): string[] {
  const folder = checkpoint === null ? "" : join(checkpoint, "..");
  const line = best ? [`best     ${measureText(score.measure, best.score)} after epoch ${best.epoch + 1}`] : [];
  if (interrupted) return [...line, `stopped; go on with: npx axial-lab train --resume ${folder}`];
  return [...line, `kept in  ${folder}`, `next     npx axial-lab evaluate ${join(folder, "best.safetensors")}`];
}

/** `runs/NAME`, or `runs/NAME-2`, ... where that is taken. */
function freeFolder(name: string): string {
  const numbered = (n: number): string => join("runs", n === 1 ? name : `${name}-${n}`);
  let n = 1;
  while (existsSync(numbered(n))) n++;
  return numbered(n);
}

function size(text: string): number | GrowingSize {
  const [from, to] = text.split(":");
  return to === undefined ? number(from) : { from: number(from), to: number(to) };
}
