/** The configuration of a run: what may be given, what it resolves to, and how a resumed run is held to it. */
import { isDeepStrictEqual } from "node:util";
import type * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import type { Batch, Dataset, ImageBatch } from "../data/dataset.js";
import type { ResNetConfig } from "../models/index.js";
import type { AverageConfig } from "./averaging.js";
import { resolveOptimizer, type OptimizerConfig, type ResolvedOptimizer } from "./optimizers.js";
import { resolveSchedule, type ResolvedSchedule, type Schedule } from "./schedule.js";
import type { Evaluation, ModelConfig, Task, TaskConfig } from "./task.js";
import { createTask, type TaskKind } from "./tasks/index.js";

/**
 * Images that grow with the epochs: cheap early epochs at low resolution, the last ones at full size. An epoch is validated
 * at its own size, for objects look as large there as they did in training; the last one at full size.
 */
export interface GrowingSize {
  /** Side in the first epoch, in pixels. */
  from: number;
  /** Side at the end. */
  to: number;
  /** Share of the epochs after which `to` is reached, along a line. Default 0.6. */
  until?: number;
  /** Sides in between differ from `from` by multiples of this. Default 16. */
  multiple?: number;
}

/** What changes the course of a run. */
export interface TrainSettings {
  /** Default 5. */
  epochs?: number;
  /** Default 64. */
  batchSize?: number;
  /**
   * Images that go through the model at once. Fewer than `batchSize` need less memory; a step then averages the gradients
   * of its parts, and batch norm has the statistics of a part. Default: all of them.
   */
  microBatch?: number;
  /**
   * Keep of every residual block its input alone for the backward pass, which computes the block once more: the same steps,
   * less memory, more time ("activation checkpointing"). For models of `models.create`. Default false.
   */
  rematerialize?: boolean;
  /** Side of the square images, in pixels. Default 64. */
  size?: number | GrowingSize;
  /** A kind alone stands for its defaults. Default: adamw with weight decay 0.05. */
  optimizer?: OptimizerConfig | OptimizerConfig["kind"];
  /** The peak, which the schedule scales. Default: 0.002 for adam, adamw and radam, 0.008 for ranger and muon, 0.05 for sgd. */
  learningRate?: number;
  /** A kind alone stands for its defaults. Default: one-cycle. */
  schedule?: Schedule | Exclude<Schedule["kind"], "step">;
  /**
   * Whose images the batch norms and the norms of similarities see in training where several processes train: `own`, those of
   * their process, or `all`, for a sum in each norm's forward and backward pass ("synchronised"). Default `own`.
   */
  normsSee?: "own" | "all";
  /** What weight decay applies to; `kernels` spares biases, norms and tables of positions. Default `kernels`. */
  decayOf?: "kernels" | "all";
  /** Largest global norm of the gradients; null does not clip. Default null. */
  clipNorm?: number | null;
  /** Moving average of the weights, validated in their place; null for none. Default: decay 0.99. */
  average?: AverageConfig | null;
  /** Stop after so many epochs in a row without a new best score; null never does. Default null. */
  patience?: number | null;
  /** Initial weights, order and augmentation of the images, drop-out. Default 0. */
  seed?: number;
}

/** What decides the course of a run: its settings, and what is trained for which task on which data. */
export interface RunDefinition<
  B extends Batch = ImageBatch,
  E extends Evaluation = Evaluation,
  M extends ModelConfig = ResNetConfig,
> extends TrainSettings {
  /**
   * What the model is to do: a task, or the configuration or kind of one of this room. Default: what the data set's targets
   * are for, `classification` for classes and `semantic-segmentation` for label maps.
   */
  task?: Task<B, E, M> | TaskConfig | TaskKind;
  /**
   * A name or a configuration that the task builds (`models.create` for those of this room), or a model, which is trained
   * in place. Needed, unless the run is resumed and made its model itself.
   */
  model?: string | NoInfer<M> | tf.LayersModel;
  data: Dataset<B>;
  /**
   * A file that the weights start from, for fine-tuning: whatever `weights.load` reads. The number of classes may be another;
   * what depends on it starts anew. Default: initial weights from the seed.
   */
  init?: string;
  /** Kept in the checkpoint and the log as it is, for the caller: how to open the data set again, say. */
  notes?: Record<string, unknown>;
}

/** A run with nothing left to defaults: plain JSON. */
export interface TrainConfig {
  task: TaskConfig;
  /** Null where the caller gave a built one. */
  model: string | ModelConfig | null;
  data: { description: Readonly<Record<string, unknown>>; classes: readonly string[] };
  /** Null where the initial weights come from the seed alone. */
  init: string | null;
  epochs: number;
  batchSize: number;
  microBatch: number;
  rematerialize: boolean;
  size: Required<GrowingSize>;
  optimizer: ResolvedOptimizer;
  learningRate: number;
  schedule: ResolvedSchedule;
  normsSee: "own" | "all";
  decayOf: "kernels" | "all";
  clipNorm: number | null;
  average: AverageConfig | null;
  patience: number | null;
  seed: number;
  notes: Record<string, unknown>;
}

/** What was done before there was the option: a run of an earlier version says nothing of it. */
const beforeOption = { init: null, rematerialize: false, normsSee: "own" } as const;

/** The configuration of a log or checkpoint that an earlier version may have written. */
export const savedConfig = (saved: TrainConfig): TrainConfig => ({ ...beforeOption, ...saved });

const peakRates = { sgd: 0.05, adam: 0.002, adamw: 0.002, radam: 0.002, ranger: 0.008, muon: 0.008 };

/**
 * Fills in the defaults.
 *
 * @throws ConfigError where a value makes no sense, of the run, its optimiser, its schedule, its task or its model
 */
export function resolveConfig<B extends Batch, E extends Evaluation, M extends ModelConfig>(
  options: RunDefinition<B, E, M>,
): TrainConfig {
  const { data, optimizer: given = { kind: "adamw", weightDecay: 0.05 }, average = { decay: 0.99 } } = options;
  const optimizer = resolveOptimizer(typeof given === "string" ? { kind: given } : given);
  const schedule = options.schedule ?? "one-cycle";
  const number = (name: string, value: number, least: number, most = Infinity): number => {
    if (value >= least && value <= most) return value;
    throw new ConfigError(
      `train: ${name} must be ${rangeOf(least, most)}, got ${value}; choose another, or leave it out`,
    );
  };
  const whole = (name: string, value: number, least: number): number => {
    if (Number.isSafeInteger(value)) return number(name, value, least);
    throw new ConfigError(`train: ${name} must be a whole number, got ${value}; round it`);
  };
  const oneOf = <T extends string>(name: string, value: T, values: readonly T[]): T => {
    if (values.includes(value)) return value;
    throw new ConfigError(`train: ${name} must be known, got ${JSON.stringify(value)}; use ${values.join(", ")}`);
  };
  const optional = <T, U>(value: T | null | undefined, resolve: (value: T) => U): U | null =>
    value === null || value === undefined ? null : resolve(value);
  const { from, to, until = 0.6, multiple = 16 } = sizeRange(options.size ?? 64);

  const batchSize = whole("batchSize", options.batchSize ?? 64, 1);

  const task = resolveTask(options);
  const model = isModel(options.model) ? null : (options.model ?? null);
  if (model !== null) task.assertConfig(model, { classes: data.classes.length, size: whole("size", to, 8) });

  return {
    task: task.config,
    model,
    data: { description: data.description, classes: data.classes },
    init: options.init ?? null,
    epochs: whole("epochs", options.epochs ?? 5, 1),
    batchSize,
    microBatch: Math.min(batchSize, whole("microBatch", options.microBatch ?? batchSize, 1)),
    rematerialize: options.rematerialize ?? false,
    size: {
      from: whole("size", from, 8),
      to: whole("size", to, 8),
      until: number("size.until", until, 0, 1),
      multiple: whole("size.multiple", multiple, 1),
    },
    optimizer,
    learningRate: number("learningRate", options.learningRate ?? defaultRate(optimizer.kind), 0),
    schedule: resolveSchedule(typeof schedule === "string" ? { kind: schedule } : schedule),
    normsSee: oneOf("normsSee", options.normsSee ?? "own", ["own", "all"]),
    decayOf: options.decayOf ?? "kernels",
    clipNorm: optional(options.clipNorm, (value) => number("clipNorm", value, Number.MIN_VALUE)),
    average: optional(average, ({ decay }) => ({ decay: number("average.decay", decay, 0, 1) })),
    patience: optional(options.patience, (value) => whole("patience", value, 1)),
    seed: whole("seed", options.seed ?? 0, 0),
    notes: options.notes ?? {},
  };
}

/** The task of a run. Throws `ConfigError` where there is none of this kind. */
export function resolveTask<B extends Batch, E extends Evaluation, M extends ModelConfig>({
  task,
  data,
}: Pick<RunDefinition<B, E, M>, "task" | "data">): Task {
  if (task === undefined) return createTask(data.targets === "label maps" ? "semantic-segmentation" : "classification");
  return isTask(task) ? task : createTask(task);
}

const isTask = (task: Task | TaskConfig | TaskKind): task is Task => typeof task === "object" && "meter" in task;

/**
 * The configuration of a resumed run: the saved one, with more epochs where more are asked for. Schedule and sizes are then
 * those of the longer run from the step at hand on. Other options given again must agree with the saved ones, or the run
 * would end elsewhere than the one that was not interrupted.
 */
export function resumedConfig(options: RunDefinition<Batch, Evaluation, ModelConfig>, saved: TrainConfig): TrainConfig {
  const asked = resolveConfig({
    ...saved,
    init: saved.init ?? undefined,
    ...defined(options),
    model: options.model ?? saved.model ?? undefined,
  });
  for (const key of Object.keys(saved) as (keyof TrainConfig)[]) {
    if (key === "notes" || isDeepStrictEqual(plain(asked[key]), plain(saved[key]))) continue;
    if (key === "epochs" && asked.epochs > saved.epochs) continue;
    const remedy =
      key === "epochs" ? "give more epochs to train longer, or leave it out" : "leave it out, or start a new run";
    throw new ConfigError(
      `train: a resumed run keeps its configuration, got ${key}=${JSON.stringify(asked[key])}, ` +
        `saved ${JSON.stringify(saved[key])}; ${remedy}`,
    );
  }
  return { ...saved, epochs: asked.epochs };
}

/** The side of the images in this epoch, in pixels. */
export function sizeAt({ from, to, until, multiple }: Required<GrowingSize>, epoch: number, epochs: number): number {
  const growing = Math.floor(until * epochs + 1e-9);
  if (epoch >= growing) return to;
  const side = from + Math.round(((to - from) * epoch) / growing / multiple) * multiple;
  return Math.min(Math.max(side, Math.min(from, to)), Math.max(from, to));
}

/** The peak learning rate where none is given. */
export const defaultRate = (kind: OptimizerConfig["kind"]): number => peakRates[kind];

/** Whether a model is built already. */
export const isModel = (model: string | ModelConfig | tf.LayersModel | undefined): model is tf.LayersModel =>
  typeof model === "object" && "apply" in model;

const sizeRange = (size: number | GrowingSize): GrowingSize =>
  typeof size === "number" ? { from: size, to: size } : size;

const rangeOf = (least: number, most: number): string =>
  most < Infinity ? `between ${least} and ${most}` : least === Number.MIN_VALUE ? "above 0" : `at least ${least}`;

const defined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null)) as unknown;
