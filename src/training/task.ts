/**
 * A task is what the training loop does not know: what a batch teaches, what the model must put out, the loss, what is
 * measured and which measure decides. `train` and `evaluate` are written for any of them; `tasks/classification.ts` is
 * the first, `tasks/semantic-segmentation.ts` another.
 *
 * Everything that runs over images adds up: the loss of a batch is the sum of its parts' shares, the measures come from
 * sums of counts. So a batch may go through the model in parts (`microBatch`), or be shared out among processes, and
 * nothing changes but the order of the additions.
 *
 * Two tasks that shaped this interface and are no part of this room, as sketches:
 *
 * **Panoptic segmentation** (`Dataset.targets` "panoptic"). A batch has, beside the images, the semantic label map, centre
 * heat map, offsets and their weights, `[B, H, W, ...]` each, made in the pool's threads by a `BatchMakerModule` that
 * augments image and map with one draw. The model has three outputs.
 *
 *     totals:  [labelled pixels, pixels that count for centres, pixels of things]    each loss has a denominator of its own
 *     loss:    { loss: semantic + 200 centres + 0.01 offsets, counts: the three (or four) of them }     each over its total
 *     tally:   sums of the parts of the loss by name
 *     meter:   merges outputs into segments on plain arrays and counts, by class: true positives with their IoU, false
 *              positives and negatives (PQ), the confusion of pixels (mIoU), and for AP one row of scores and matches an
 *              image, at the image's index: where rows of other processes are zero, the sum gathers them
 *     score:   { measure: "panopticQuality", best: "highest" }
 *
 * **Autoregressive images** (`targets` of any kind, which it ignores: an image is its own target).
 *
 *     inputs:  the bytes 0 to 255 of the images as int32, [B, H, W, 3]
 *     totals:  [images x H x W x 3]
 *     loss:    cross entropy of logits [B, H, W, 3, 256] with the same bytes, over the total, in bits
 *     score:   { measure: "bitsPerDimension", best: "lowest" }
 */
import type * as tf from "@tensorflow/tfjs";
import type { Random } from "../core/random.js";
import type { Batch, Dataset } from "../data/dataset.js";
import type { ModelOptions } from "../models/index.js";

/** A kind and its options with nothing left to defaults, as plain JSON: what checkpoints and logs keep. */
export interface TaskConfig {
  readonly kind: string;
  readonly [option: string]: unknown;
}

/** Measures by name, `top1` for instance; `loss` is always among those of an epoch. */
export type Measures = Readonly<Record<string, number>>;

/** What every evaluation says; a task adds its own. */
export interface Evaluation {
  readonly images: number;
  /** The task's loss without what training adds to it, such as label smoothing. */
  readonly loss: number;
  readonly seconds: number;
}

/** A configuration of a model, as plain JSON. */
export interface ModelConfig {
  readonly name: string;
}

/** Where in the run a step stands, and random numbers of its own, for tasks that change with it. */
export interface StepContext {
  /** The share of the run that is done, from 0 to below 1. */
  readonly progress: number;
  /** Depends on the run's seed and the step alone. Drawn anew for each part of a batch. */
  readonly random: Random;
}

/** What a task's loss gives for a batch or a part of one. */
export interface TaskLoss {
  /** The part's share of the batch's loss, with a gradient. */
  readonly loss: tf.Scalar;
  /** What `tally` wants to see of this pass, small: it is kept until the step is on its way. */
  readonly kept: readonly tf.Tensor[];
}

/** Counts over a whole validation pass. */
export interface Meter<B extends Batch, E extends Evaluation> {
  /** Counts a batch. Outputs are the meter's to read and the caller's to dispose of. */
  add(outputs: readonly tf.Tensor[], batch: B): Promise<void>;
  /** All that it has counted, in place: sums over images, so that those of several processes can be added. */
  readonly sums: readonly Float64Array[];
  /** What the sums say. */
  result(): Omit<E, "seconds">;
}

/** B: what a batch holds; E: what an evaluation says; M: what a model is built from. */
export interface Task<B extends Batch = Batch, E extends Evaluation = Evaluation, M extends ModelConfig = ModelConfig> {
  readonly config: TaskConfig;
  /** The measure that decides which epoch is the best, when to stop early and when a plateau lowers the rate. */
  readonly score: { readonly measure: string; readonly best: "highest" | "lowest" };
  /** Makes sure that the data set holds what the task needs. Throws `ConfigError`. */
  assertData(data: Dataset): void;
  /** Builds a model from a name or a configuration; its initial weights come from the seed. */
  create(model: string | M, options: ModelOptions): tf.LayersModel;
  /** Makes sure that `create` can build this, without building it. Throws `ConfigError`. */
  assertConfig(model: string | M, options: ModelOptions): void;
  /** Makes sure that the model takes and gives what the task needs for this data. Throws `ShapeError`. */
  assertModel(model: tf.LayersModel, data: Pick<Dataset, "classes">): void;
  /** What the model takes: by default the images, [B, H, W, 3]. `context` is null outside training. */
  inputs?(batch: B, context: StepContext | null): tf.Tensor | tf.Tensor[];
  /** What the means of the loss are over (images, labelled pixels ...), from the whole batch, before any pass. */
  totals(batch: B): readonly number[];
  /**
   * The loss of a batch or a part of one over the totals of the whole batch, so that the losses of parts add up to the
   * batch's. Called in training alone, inside the gradient's tape: what it does to the outputs is differentiated.
   */
  loss(outputs: readonly tf.Tensor[], part: B, totals: readonly number[], context: StepContext): TaskLoss;
  /** Counts of a part, by name, from the values of what its loss kept: what an epoch sums up. */
  tally(kept: readonly (Float32Array | Int32Array | Uint8Array)[], part: B): Measures;
  /** What the sums of an epoch's tallies mean; `loss` comes from the loop. */
  trainingMeasures(sums: Measures): Measures;
  /** A new meter, all zero. */
  meter(data: Dataset): Meter<B, E>;
  /** What an epoch's log keeps of a validation, `loss` and the score's measure among it. */
  validationMeasures(evaluation: E): Measures;
}
