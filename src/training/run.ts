/** A run made ready to go on: model, optimiser, average, log and checkpoints, fresh or as they were saved. */
import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { batchesPerEpoch } from "../data/plan.js";
import { ConfigError } from "../core/errors.js";
import { createAverage, type WeightAverage } from "./averaging.js";
import { checkpointPath, freshState, readCheckpoint, writeCheckpoint, type RunState } from "./checkpoint.js";
import { isModel, resolveConfig, resolveTask, resumedConfig, sizeAt, type TrainConfig } from "./config.js";
import type { RunEvent } from "./events.js";
import { metered, type MeteredExchange } from "../exchange/metered.js";
import { openExchange } from "../exchange/mpi/exchange.js";
import { loadInitialWeights } from "../models/initial-weights.js";
import { createGradientSums, type GradientSums } from "./gradient-sums.js";
import { createOptimizer, type Optimizer } from "./optimizers.js";
import type { AnyTrainOptions } from "./options.js";
import type { Trainee } from "./pass.js";
import { eventsBefore, formatsIn, openRunLog, readRunLog } from "./run-log.js";
import { assertHasBlocks } from "./rematerialize.js";
import { initialSeed } from "./step-random.js";
import { broadcastVariables, meansOverRanks } from "./summed.js";
import type { Task } from "./task.js";
import { namedWeights, parametersOf, restoreVariables } from "./weights.js";

export interface Run extends Trainee {
  readonly config: TrainConfig;
  readonly state: RunState;
  readonly optimizer: Optimizer;
  readonly average: WeightAverage | null;
  readonly exchange: MeteredExchange;
  /** Sums gradients over the ranks; null where there is one rank alone. */
  readonly gradientSums: GradientSums | null;
  /** What is no parameter, running statistics of norms and their averages: each rank gathers its own. */
  readonly statistics: readonly tf.Variable[];
  readonly stepsPerEpoch: number;
  /** Of the whole run. */
  readonly steps: number;
  /** What happened so far, earlier parts included. */
  readonly events: RunEvent[];
  /** Where `last.safetensors` is written; null where nothing is. */
  readonly checkpoint: string | null;
  /** Keeps the event, writes it to the log and hands it to the caller. */
  emit(event: RunEvent): void;
  save(kind: "last" | "best"): Promise<void>;
  /** Disposes of everything but the model. */
  close(): void;
}

export async function openRun(options: AnyTrainOptions): Promise<Run> {
  const { data, resume, signal, onProgress } = options;
  const exchange = metered(options.exchange ?? openExchange());
  const folder = folderOf(options);
  const writes = folder !== null && exchange.rank === 0;
  const saved = resume === undefined ? null : await readCheckpoint(resume);
  const config = saved ? resumedConfig(options, saved.config) : resolveConfig(options);
  const state = saved?.state ?? freshState();
  const task = resolveTask({ data, task: options.task ?? config.task });
  task.assertData(data);

  for (const size of sizesOf(config)) await data.prepare({ size, signal, onProgress });
  const stepsPerEpoch = batchesPerEpoch(data, { split: "train", batchSize: config.batchSize });
  if (stepsPerEpoch === 0) {
    const count = data.count("train");
    throw new ConfigError(
      `train: an epoch must hold a batch, got ${count} images, batchSize=${config.batchSize}; use batchSize=${count} or less`,
    );
  }

  if (config.batchSize < exchange.size) {
    throw new ConfigError(
      `train: a batch must hold an image for each process, got batchSize=${config.batchSize} for ${exchange.size}; ` +
        `use batchSize=${exchange.size} or more`,
    );
  }

  const model = modelOf(task, options, config);
  task.assertModel(model, data);
  if (config.rematerialize) assertHasBlocks(model);
  if (config.init !== null && !saved) await loadInitialWeights(model, config.init);
  const weights = namedWeights(model);
  const parameters = parametersOf(weights, config.decayOf);
  const optimizer = createOptimizer(config.optimizer, parameters);
  const average = config.average && createAverage(weights, config.average);
  const variables = {
    model: new Map(weights.map(({ name, variable }) => [name, variable])),
    average: average?.state ?? new Map<string, tf.Variable>(),
    optimizer: optimizer.state,
  };
  const close = (): void => {
    optimizer.dispose();
    average?.dispose();
  };
  if (saved) {
    try {
      for (const section of ["model", "average", "optimizer"] as const) {
        restoreVariables(variables[section], saved[section], checkpointPath(resume ?? ""));
      }
    } catch (error) {
      close();
      throw error;
    }
    optimizer.steps = state.step;
  }

  // A model of the caller's may have been drawn at random on each.
  const spread = [...variables.model.values(), ...variables.average.values(), ...variables.optimizer.values()];
  await broadcastVariables(exchange, spread);

  const path = join(folder ?? "", "log.jsonl");
  const events = writes && saved && existsSync(path) ? eventsBefore(readRunLog(path), state) : [];
  if (writes) await tidyFolder(folder);
  const log = writes ? await openRunLog(folder, events, options.logs ?? formatsIn(folder)) : null;

  await exchange.barrier(); // Nobody looks for an earlier run in the folder any more.

  const trained = new Set(parameters.map(({ name }) => name));
  const statistics = [...variables.model, ...variables.average].flatMap(([name, variable]) =>
    trained.has(name) ? [] : [variable],
  );
  return {
    config,
    task,
    state,
    model,
    parameters,
    rematerialize: config.rematerialize,
    optimizer,
    average,
    exchange,
    gradientSums:
      exchange.size === 1
        ? null
        : createGradientSums(
            exchange,
            parameters.map(({ variable }) => variable.size),
          ),
    statistics,
    stepsPerEpoch,
    steps: config.epochs * stepsPerEpoch,
    events,
    checkpoint: folder === null ? null : join(folder, "last.safetensors"),
    emit(event) {
      events.push(event);
      log?.append(event);
      options.onEvent?.(event);
    },
    async save(kind) {
      // In mid-epoch every rank's running statistics are its own: the file gets their mean, and the ranks keep theirs, so that
      // it does not matter to the run when it was saved.
      const means = await meansOverRanks(exchange, exchange.size > 1 && state.batch > 0 ? statistics : []);
      const stood = new Map(means.map((mean, i) => [statistics[i], mean]));
      const meant = (from: ReadonlyMap<string, tf.Variable>) =>
        new Map([...from].map(([name, variable]) => [name, stood.get(variable) ?? variable]));
      const { model, average, optimizer } = variables;
      const kept = { model: meant(model), average: meant(average), optimizer };
      if (writes) await writeCheckpoint(join(folder, `${kind}.safetensors`), { config, state }, kept);
      tf.dispose(means);
    },
    close,
  };
}

/** Where the run writes; null for nowhere. */
function folderOf({ out, resume }: AnyTrainOptions): string | null {
  if (resume !== undefined) {
    const folder = dirname(checkpointPath(resume));
    if (out === undefined || resolve(out) === resolve(folder)) return folder;
    throw new ConfigError(`train: a resumed run stays in its folder, got out=${out}, resume=${resume}; leave out out`);
  }
  if (out !== undefined && existsSync(join(out, "last.safetensors"))) {
    throw new ConfigError(`train: out must hold no earlier run, got ${out}; resume that one or give another folder`);
  }
  return out ?? null;
}

/** Makes the folder, or removes the half-written files that a killed run left in it. */
async function tidyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    if (/^((last|best)\.safetensors|log\.jsonl|(steps|epochs)\.csv|events\.out\.tfevents\..*)\.\w+\.tmp$/.test(name))
      await rm(join(folder, name));
  }
}

/** The model to train, its initial weights drawn from the seed where it is made here. */
function modelOf(
  task: Task,
  { model }: AnyTrainOptions,
  { model: known, data, size, seed }: TrainConfig,
): tf.LayersModel {
  if (isModel(model)) return model;
  if (known === null) throw new ConfigError("train: the run trained a model of the caller's, got none; give it again");
  return task.create(known, { classes: data.classes.length, size: size.to, seed: initialSeed(seed) });
}

/** Every side of images that the run asks for. */
const sizesOf = ({ size, epochs }: TrainConfig): Set<number> =>
  new Set([...Array.from({ length: epochs }, (_, epoch) => sizeAt(size, epoch, epochs)), size.to]);
