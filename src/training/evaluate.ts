/** What a classifier is worth on a data set. K: classes. */
import * as tf from "@tensorflow/tfjs";
import type { ImageBatch, ImageDataset, Split } from "../data/dataset.js";
import { batchesPerEpoch } from "../data/plan.js";
import { ShapeError } from "../core/errors.js";
import { explainMemory } from "./memory.js";
import { countTop, predictions, ranks } from "./metrics.js";
import { batchTensor, partsOf } from "./pass.js";

export interface EvaluateOptions {
  /** Side of the square images, in pixels. */
  size: number;
  /** Default `validation`. */
  split?: Split;
  /** Default 64. */
  batchSize?: number;
  /** Ends with the signal's reason. */
  signal?: AbortSignal;
  /** After each batch. */
  onBatch?: (done: number, total: number) => void;
}

export interface Evaluation {
  images: number;
  /** Mean cross entropy, without label smoothing. */
  loss: number;
  /** Share of the images whose class has the highest logit. */
  top1: number;
  /** Share of the images whose class is among the five highest logits. */
  top5: number;
  perClass: { name: string; images: number; top1: number }[];
  /** [K][K]: how many images of the first class were taken for the second. */
  confusion: number[][];
  seconds: number;
}

/**
 * Runs the model [B, H, W, 3] -> logits [B, K] in inference mode over a split, without augmentation.
 *
 * Errors: `ShapeError` for another model, `UnsupportedError` where a batch does not fit in memory.
 */
export async function evaluate(
  model: tf.LayersModel,
  data: ImageDataset,
  { size, split = "validation", batchSize = 64, signal, onBatch }: EvaluateOptions,
): Promise<Evaluation> {
  const startedAt = performance.now();
  const classes = data.classes.length;
  assertClassifier(model, classes);
  const confusion = data.classes.map(() => data.classes.map(() => 0));
  const total = batchesPerEpoch(data, { split, batchSize });
  let [images, loss, right1, right5, done] = [0, 0, 0, 0, 0];

  for await (const batch of data.batches({ split, batchSize, size, seed: 0, epoch: 0, signal })) {
    const output = logitsOf(model, batch); // [B, K]
    const logits = (await output.data()) as Float32Array;
    output.dispose();

    const rank = ranks(logits, batch.labels);
    predictions(logits, classes).forEach((predicted, b) => confusion[batch.labels[b]][predicted]++);
    loss += sumOfCrossEntropies(logits, batch.labels);
    right1 += countTop(rank, 1);
    right5 += countTop(rank, 5);
    images += batch.labels.length;
    onBatch?.(++done, total);
    signal?.throwIfAborted();
  }

  const perClass = data.classes.map((name, k) => {
    const count = confusion[k].reduce((sum, n) => sum + n, 0);
    return { name, images: count, top1: confusion[k][k] / count };
  });
  const seconds = (performance.now() - startedAt) / 1000;
  return { images, loss: loss / images, top1: right1 / images, top5: right5 / images, perClass, confusion, seconds };
}

/** [B, K]. Where the batch does not fit in the engine's memory, the error says how many images would. */
function logitsOf(model: tf.LayersModel, batch: ImageBatch): tf.Tensor2D {
  const pass = (part: ImageBatch) => tf.tidy(() => model.apply(batchTensor(part), { training: false }) as tf.Tensor2D);
  try {
    return pass(batch);
  } catch (error) {
    const [images, size] = batch.shape;
    throw explainMemory(error, {
      rule: "evaluate: a batch",
      images,
      size,
      pass: (count) => pass(partsOf(batch, count)[0]).dispose(),
      options: ["batchSize"],
    });
  }
}

/** Makes sure that the model gives one row of K logits an image. */
export function assertClassifier(model: tf.LayersModel, classes: number): void {
  const shapes = model.outputs.map(({ shape }) => `[${shape.map((size) => size ?? "B").join(", ")}]`);
  if (shapes.length === 1 && shapes[0] === `[B, ${classes}]`) return;
  throw new ShapeError(
    `${model.name}: logits must be [B, ${classes}] for ${classes} classes, got ${shapes.join(" and ")}; ` +
      `build the model with classes=${classes}`,
  );
}

/** In double precision: log sum_k exp(z_k) - z_y, summed over the batch. */
function sumOfCrossEntropies(logits: Float32Array, labels: Int32Array): number {
  const classes = logits.length / labels.length;
  return labels.reduce((sum, label, b) => {
    const row = logits.subarray(b * classes, (b + 1) * classes);
    const highest = Math.max(...row);
    const total = row.reduce((exponentials, logit) => exponentials + Math.exp(logit - highest), 0);
    return sum + highest + Math.log(total) - row[label];
  }, 0);
}
