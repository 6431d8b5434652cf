/** What `train` takes. */
import type { Batch, ImageBatch, Progress } from "../data/dataset.js";
import type { Exchange } from "../exchange/exchange.js";
import type { ResNetConfig } from "../models/index.js";
import type { RunDefinition } from "./config.js";
import type { RunEvent } from "./events.js";
import type { Evaluation, ModelConfig } from "./task.js";

export interface TrainOptions<
  B extends Batch = ImageBatch,
  E extends Evaluation = Evaluation,
  M extends ModelConfig = ResNetConfig,
> extends RunDefinition<B, E, M> {
  /** Folder for `log.jsonl`, `last.safetensors` and `best.safetensors`; without it nothing is written. */
  out?: string;
  /** A checkpoint, or a folder with `last.safetensors`: goes on from there, under the configuration saved in it. */
  resume?: string;
  /** How often `last.safetensors` is written besides the end of each epoch. Default: every 5 minutes. */
  checkpointEvery?: { steps?: number; minutes?: number };
  /**
   * The processes that train this model together: each gives its own exchange and the same options, of which `batchSize`
   * is that of all. Gradients are summed before each step, so every rank has the same weights; the norms in training see
   * their own rank's images, and their running statistics are averaged before each validation. Default: this one alone.
   */
  exchange?: Exchange;
  /** Finishes the step at hand, writes a checkpoint and returns. */
  signal?: AbortSignal;
  onEvent?: (event: RunEvent) => void;
  /** While the data set prepares its images. */
  onProgress?: (progress: Progress) => void;
  /** After each batch of a validation. */
  onValidation?: (done: number, total: number) => void;
}

/** Options of whatever task. */
export type AnyTrainOptions = TrainOptions<Batch, Evaluation, ModelConfig>;
