/** What `train` takes. */
import { ConfigError } from "../core/errors.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";
import type { Batch, ImageBatch, Progress } from "../data/dataset.js";
import type { Exchange } from "../exchange/exchange.js";
import type { ResNetConfig } from "../models/index.js";
import type { RunDefinition } from "./config.js";
import type { RunEvent } from "./events.js";
import { logFormats, type LogFormat } from "./run-log.js";
import type { Evaluation, ModelConfig } from "./task.js";

/** A run, and what is kept and told of it. */
export interface TrainOptions<
  B extends Batch = ImageBatch,
  E extends Evaluation = Evaluation,
  M extends ModelConfig = ResNetConfig,
> extends RunDefinition<B, E, M> {
  /** Folder for `log.jsonl`, `last.safetensors` and `best.safetensors`; without it nothing is written. Default: none. */
  out?: string;
  /**
   * Written in `out` beside `log.jsonl`: `csv` for `steps.csv` and `epochs.csv`, `tensorboard` for an event file. Default:
   * neither; of a resumed run what it wrote before.
   */
  logs?: readonly LogFormat[];
  /** A checkpoint, or a folder with `last.safetensors`: goes on from there, under the configuration saved in it. Default: a new run. */
  resume?: string;
  /** How often `last.safetensors` is written besides the end of each epoch. Default: every 5 minutes. */
  checkpointEvery?: { steps?: number; minutes?: number };
  /**
   * The processes that train this model together: each gives its own exchange and the same options, of which `batchSize`
   * is that of all. Gradients are summed before each step, so every rank has the same weights; the norms in training see
   * their own rank's images (or, by `normsSee`, all), and their running statistics are averaged before each validation and in every
   * checkpoint. Default: this one alone.
   */
  exchange?: Exchange;
  /** Finishes the step at hand, writes a checkpoint and returns. Default: none. */
  signal?: AbortSignal;
  /** Told what the log tells, line by line. Default: nobody. */
  onEvent?: (event: RunEvent) => void;
  /** While the data set prepares its images. Default: nobody is told. */
  onProgress?: (progress: Progress) => void;
  /** After each batch of a validation. Default: nobody is told. */
  onValidation?: (done: number, total: number) => void;
}

/** Options of whatever task. */
export type AnyTrainOptions = TrainOptions<Batch, Evaluation, ModelConfig>;

const keys: KeysOf<AnyTrainOptions> = {
  task: true,
  model: true,
  data: true,
  init: true,
  epochs: true,
  batchSize: true,
  microBatch: true,
  rematerialize: true,
  size: { from: true, to: true, until: true, multiple: true },
  optimizer: true,
  learningRate: true,
  schedule: true,
  normsSee: true,
  decayOf: true,
  clipNorm: true,
  average: { decay: true },
  patience: true,
  seed: true,
  notes: true,
  out: true,
  logs: true,
  resume: true,
  checkpointEvery: { steps: true, minutes: true },
  exchange: true,
  signal: true,
  onEvent: true,
  onProgress: true,
  onValidation: true,
};

/** Throws `ConfigError` that names an option that there is not, and the nearest one. Optimiser, schedule and task check theirs. */
export function assertTrainOptions(options: AnyTrainOptions): void {
  assertKnownKeys("train", options, keys);
  for (const format of options.logs ?? []) {
    if (!logFormats.includes(format)) {
      throw new ConfigError(
        `train: logs must be of ${logFormats.join(", ")}, got ${JSON.stringify(format)}; leave it out`,
      );
    }
  }
  if (typeof options.data?.batches !== "function") {
    throw new ConfigError("train: data must be a data set, got none; use data.generated() or data.imageFolder(folder)");
  }
}
