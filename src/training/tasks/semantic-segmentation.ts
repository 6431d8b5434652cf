/** Semantic segmentation: one class a pixel. B: batch, H x W: image, h x w: logits, K: classes. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "../../core/errors.js";
import { assertKnownKeys, type KeysOf } from "../../core/options.js";
import type { LabelMapBatch } from "../../data/dataset.js";
import { create, type ResNetConfig } from "../../models/index.js";
import { maskedCrossEntropy } from "../losses.js";
import { countConfusion, intersectionOverUnion } from "../metrics.js";
import type { Evaluation, Meter, Task } from "../task.js";
import { assertConfig } from "./assert-config.js";
import { assertTargets } from "./assert-targets.js";

/** How the task of semantic segmentation weighs its losses. */
export interface SemanticSegmentationOptions {
  /** Weight of the loss of a second output, where the model has one. Default 0.4, as CCNet. */
  readonly auxiliaryWeight?: number;
}

const optionKeys: KeysOf<SemanticSegmentationOptions> = { auxiliaryWeight: true };

/** What semantic segmentation is measured by. */
export interface SegmentationEvaluation extends Evaluation {
  /** Mean cross entropy of the labelled pixels. */
  loss: number;
  /** How many pixels have a label. */
  pixels: number;
  /** Share of them that are right. */
  pixelAccuracy: number;
  /** Mean of the classes' intersection over union, of those that there are in labels or predictions. */
  meanIou: number;
  /** `pixels`: how many are labelled so; `iou`: null where there is no such pixel in labels and predictions. */
  perClass: { name: string; pixels: number; iou: number | null }[];
  /** [K][K]: how many pixels of the first class were taken for the second. */
  confusion: number[][];
}

/**
 * Images [B, H, W, 3] to logits of places, [B, h, w, K], and perhaps a second output of the same kind, which only helps
 * training. Logits are enlarged to the image's pixels, corners to corners (as CCNet's public code), and compared there:
 * mean cross entropy of the labelled pixels of the batch. Measured by the mean intersection over union (which decides) and
 * the accuracy of pixels.
 *
 *     train({ task: semanticSegmentation(), model: ccnetConfig(50), data: generatedLabelMaps() })
 *
 * @throws ConfigError for options; from its `assertData` for data of another task
 * @throws ShapeError from its `assertModel`, for a model with other logits
 */
export function semanticSegmentation(
  options: SemanticSegmentationOptions = {},
): Task<LabelMapBatch, SegmentationEvaluation, ResNetConfig> {
  assertKnownKeys("semantic-segmentation", options, optionKeys);
  const { auxiliaryWeight = 0.4 } = options;
  if (!(auxiliaryWeight >= 0)) {
    throw new ConfigError(
      `semantic-segmentation: auxiliaryWeight must be at least 0, got ${auxiliaryWeight}; use 0 for none`,
    );
  }
  return {
    config: { kind: "semantic-segmentation", auxiliaryWeight },
    score: { measure: "meanIou", best: "highest" },
    assertData: (data) => assertTargets("semantic-segmentation", data, "label maps"),
    create,
    assertConfig,
    assertModel(model, { classes }) {
      const K = classes.length;
      const fits =
        model.outputs.every(({ shape }) => shape.length === 4 && shape[3] === K) && model.outputs.length <= 2;
      if (fits) return;
      const shapes = model.outputs.map(({ shape }) => `[${shape.map((size) => size ?? "?").join(", ")}]`);
      throw new ShapeError(
        `${model.name}: logits must be [B, h, w, ${K}] for ${K} classes of pixels, got ${shapes.join(" and ")}; ` +
          `use a model with a head for places, such as ccnet-resnet-50, and classes=${K}`,
      );
    },
    // An image without any label has no loss, and divides nothing by zero.
    totals: ({ labelMaps }) => [Math.max(1, countLabelled(labelMaps))],
    loss(outputs, part, [pixels]) {
      const truth = tf.tensor3d(part.labelMaps, [...part.shape.slice(0, 3)] as [number, number, number], "int32");
      const losses = outputs.map((output) => maskedCrossEntropy(enlarged(output, part), truth));
      const [main, auxiliary] = losses;
      const sum = auxiliary === undefined ? main.sum : main.sum.add<tf.Scalar>(auxiliary.sum.mul(auxiliaryWeight));
      return { loss: sum.div(pixels), kept: [main.right] };
    },
    tally: ([right], { labelMaps }) => ({ right: right[0], pixels: countLabelled(labelMaps) }),
    trainingMeasures: ({ right, pixels }) => ({ pixelAccuracy: right / pixels }),
    meter: ({ classes }) => segmentationMeter(classes),
    validationMeasures: ({ loss, meanIou, pixelAccuracy }) => ({ loss, meanIou, pixelAccuracy }),
  };
}

/** [B, h, w, K] to [B, H, W, K]. */
const enlarged = (logits: tf.Tensor, { shape: [, height, width] }: LabelMapBatch): tf.Tensor4D =>
  tf.image.resizeBilinear(logits as tf.Tensor4D, [height, width], true);

const countLabelled = (labelMaps: Int32Array): number =>
  labelMaps.reduce((count, label) => count + (label >= 0 ? 1 : 0), 0);

function segmentationMeter(classes: readonly string[]): Meter<LabelMapBatch, SegmentationEvaluation> {
  const K = classes.length;
  const counts = new Float64Array(2);
  const confusion = new Float64Array(K * K); // [K, K]
  return {
    sums: [counts, confusion],
    async add([output], batch) {
      const [predicted, loss] = tf.tidy(() => {
        const logits = enlarged(output, batch); // [B, H, W, K]
        const truth = tf.tensor3d(batch.labelMaps, [...batch.shape.slice(0, 3)] as [number, number, number], "int32");
        return [logits.argMax<tf.Tensor3D>(3), maskedCrossEntropy(logits, truth).sum];
      });
      countConfusion(confusion, K, batch.labelMaps, await predicted.data());
      counts[0] += batch.shape[0];
      counts[1] += (await loss.data())[0];
      tf.dispose([predicted, loss]);
    },
    result() {
      const [images, loss] = counts;
      const rows = classes.map((_, k) => [...confusion.subarray(k * K, (k + 1) * K)]);
      const pixels = confusion.reduce((sum, n) => sum + n, 0);
      const right = rows.reduce((sum, row, k) => sum + row[k], 0);
      const iou = intersectionOverUnion(rows);
      const present = iou.filter((value) => value !== null);
      return {
        images,
        pixels,
        loss: loss / pixels,
        pixelAccuracy: right / pixels,
        meanIou: present.reduce((sum, value) => sum + value, 0) / present.length,
        perClass: classes.map((name, k) => ({ name, pixels: rows[k].reduce((sum, n) => sum + n, 0), iou: iou[k] })),
        confusion: rows,
      };
    },
  };
}
