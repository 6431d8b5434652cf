/** Classification: one class an image. B: batch, K: classes. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "../../core/errors.js";
import { assertKnownKeys, type KeysOf } from "../../core/options.js";
import type { ImageBatch } from "../../data/dataset.js";
import { create, type ResNetConfig } from "../../models/index.js";
import { crossEntropy } from "../losses.js";
import { countTop, crossEntropies, predictions, ranks } from "../metrics.js";
import type { Evaluation, Meter, StepContext, Task } from "../task.js";
import { assertConfig } from "./assert-config.js";
import { assertTargets } from "./assert-targets.js";
import { drawShare, mixedImages } from "./mixup.js";

/** How the task of classification sets its targets. */
export interface ClassificationOptions {
  /** Share of the target that all classes get alike. Default 0.1. */
  readonly labelSmoothing?: number;
  /**
   * Mixes each training image, and its target, with another of its batch: alpha of the Beta distribution that the share of each is
   * drawn from, from 0 (none) to 1 (all shares alike). For runs of many epochs (arXiv 1710.09412). Default 0.
   */
  readonly mixup?: number;
}

const optionKeys: KeysOf<ClassificationOptions> = { labelSmoothing: true, mixup: true };

/** What a classifier is measured by. */
export interface ClassificationEvaluation extends Evaluation {
  /** Mean cross entropy, without label smoothing. */
  loss: number;
  /** Share of the images whose class has the highest logit. */
  top1: number;
  /** Share of the images whose class is among the five highest logits. */
  top5: number;
  /** Top-1 of a class without images is null. */
  perClass: { name: string; images: number; top1: number | null }[];
  /** [K][K]: how many images of the first class were taken for the second. */
  confusion: number[][];
}

/**
 * Images [B, H, W, 3] to logits [B, K]; cross entropy with smoothed targets; measured by top-1 (which decides) and top-5.
 *
 *     train({ task: classification({ labelSmoothing: 0.2 }), model, data })
 *
 * The kind alone, `task: "classification"`, stands for the defaults.
 *
 * @throws ConfigError for options; from its `assertData` for data of another task
 * @throws ShapeError from its `assertModel`, for a model with other logits
 */
export function classification(
  options: ClassificationOptions = {},
): Task<ImageBatch, ClassificationEvaluation, ResNetConfig> {
  assertKnownKeys("classification", options, optionKeys);
  const { labelSmoothing = 0.1, mixup = 0 } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new ConfigError(
      `classification: labelSmoothing must be between 0 and 1, got ${labelSmoothing}; use 0 for none`,
    );
  }
  if (!(mixup >= 0 && mixup <= 1)) {
    throw new ConfigError(`classification: mixup must be between 0 and 1, got ${mixup}; use 0 for none, or 0.2`);
  }
  /** Of the pass at hand, whose loss must know what its images were mixed by. */
  const shares = new WeakMap<StepContext, number>();
  return {
    config: { kind: "classification", labelSmoothing, ...(mixup > 0 && { mixup }) },
    score: { measure: "top1", best: "highest" },
    assertData: (data) => assertTargets("classification", data, "classes"),
    create,
    assertConfig,
    assertModel(model, { classes }) {
      const shapes = model.outputs.map(({ shape }) => `[${shape.map((size) => size ?? "B").join(", ")}]`);
      if (shapes.length === 1 && shapes[0] === `[B, ${classes.length}]`) return;
      throw new ShapeError(
        `${model.name}: logits must be [B, ${classes.length}] for ${classes.length} classes, got ${shapes.join(" and ")}; ` +
          `build the model with classes=${classes.length}, or give the task that it is for`,
      );
    },
    inputs(batch, context) {
      if (mixup === 0 || context === null) return tf.tensor4d(batch.images, [...batch.shape]); // [B, H, W, 3]
      const share = drawShare(mixup, context.random);
      shares.set(context, share);
      return mixedImages(batch, share);
    },
    totals: ({ labels }) => [labels.length],
    loss([output], { labels }, [images], context) {
      const logits = output as tf.Tensor2D; // [B, K]
      const against = (classes: Int32Array) =>
        crossEntropy(logits, tf.tensor1d(classes, "int32"), { smoothing: labelSmoothing });
      const share = shares.get(context) ?? 1;
      const own = against(labels);
      const mean = share === 1 ? own : own.mul(share).add<tf.Scalar>(against(labels.slice().reverse()).mul(1 - share));
      return { loss: mean.mul(labels.length / images), kept: [logits] };
    },
    tally: ([logits], { labels }) => ({
      images: labels.length,
      right: countTop(ranks(logits as Float32Array, labels), 1),
    }),
    trainingMeasures: ({ images, right }) => ({ top1: right / images }),
    meter: ({ classes }) => classificationMeter(classes),
    validationMeasures: ({ loss, top1, top5 }) => ({ loss, top1, top5 }),
  };
}

function classificationMeter(classes: readonly string[]): Meter<ImageBatch, ClassificationEvaluation> {
  const K = classes.length;
  const counts = new Float64Array(3);
  const confusion = new Float64Array(K * K); // [K, K]
  return {
    sums: [counts, confusion],
    async add([output], { labels }) {
      const logits = (await output.data()) as Float32Array; // [B, K]
      predictions(logits, K).forEach((predicted, b) => confusion[labels[b] * K + predicted]++);
      counts[0] += labels.length;
      counts[1] += crossEntropies(logits, labels);
      counts[2] += countTop(ranks(logits, labels), 5);
    },
    result() {
      const [images, loss, right5] = counts;
      const rows = classes.map((_, k) => [...confusion.subarray(k * K, (k + 1) * K)]);
      const right1 = rows.reduce((sum, row, k) => sum + row[k], 0);
      const perClass = classes.map((name, k) => {
        const count = rows[k].reduce((sum, n) => sum + n, 0);
        return { name, images: count, top1: count === 0 ? null : rows[k][k] / count };
      });
      return { images, loss: loss / images, top1: right1 / images, top5: right5 / images, perClass, confusion: rows };
    },
  };
}
