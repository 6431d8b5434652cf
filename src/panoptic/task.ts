/** Panoptic segmentation as a task of the training loop. B: batch, H x W: image, h x w: outputs, K: classes. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "../core/errors.js";
import { resizeBilinear, resizeOffsets } from "../functions/resize.js";
import { create, type ResNetConfig } from "../models/index.js";
import type { Task } from "../training/task.js";
import { assertConfig } from "../training/tasks/assert-config.js";
import { batchLabels, type PanopticBatch, type PanopticDataset } from "./dataset.js";
import { panopticLosses, type PanopticLossOptions, type PanopticTargetTensors } from "./losses.js";
import { panopticMeter, type PanopticEvaluation } from "./meter.js";
import type { PostProcessing } from "./prediction.js";

/** How the task of panoptic segmentation weighs its losses and makes its maps. */
export interface PanopticSegmentationOptions extends Pick<PanopticLossOptions, "topK" | "weights"> {
  /** How outputs become a panoptic map in validation. Default: those of {@link PostProcessing}. */
  readonly postProcessing?: PostProcessing;
}

/**
 * Images [B, H, W, 3] to logits [B, h, w, K], heat map [B, h, w, 1] and offsets [B, h, w, 2], enlarged to the image's pixels,
 * corners to corners. Trained by deeplab2's losses, the mean over the images of a batch; measured by panoptic quality (which
 * decides), average precision and mean IoU.
 *
 *     train({ task: panopticSegmentation(), model: axialDeepLabConfig("s"), data: await panopticFolder("camvid") })
 *
 * @throws ConfigError for options; from its `assertData` for data of another task
 * @throws ShapeError from its `assertModel`, for a model with other outputs
 */
export function panopticSegmentation(
  options: PanopticSegmentationOptions = {},
): Task<PanopticBatch, PanopticEvaluation, ResNetConfig> {
  const { topK = 0.2, weights = { semantic: 1, center: 200, offset: 0.01 }, postProcessing = {}, ...unknown } = options;
  const rest = Object.keys(unknown).filter((name) => name !== "kind");
  if (rest.length > 0)
    throw new ConfigError(
      `panopticSegmentation: options must be known, got ${rest[0]}; it has topK, weights, postProcessing`,
    );
  const lossOptions: PanopticLossOptions = { ignore: batchLabels.ignore, topK, weights };
  return {
    config: { kind: "panoptic", topK, weights, postProcessing },
    score: { measure: "panopticQuality", best: "highest" },
    assertData({ name, targets }) {
      if (targets !== "panoptic maps")
        throw new ConfigError(`panoptic: the data set must hold panoptic maps, got ${targets} in ${name}; use another`);
    },
    create,
    assertConfig,
    assertModel({ name, outputs }, { classes }) {
      const channels = outputs.map(({ shape }) => (shape.length === 4 ? shape[3] : null));
      if (channels.length === 3 && [classes.length, 1, 2].every((count, index) => channels[index] === count)) return;
      const shapes = outputs.map(({ shape }) => `[${shape.map((size) => size ?? "?").join(", ")}]`);
      throw new ShapeError(
        `${name}: outputs must be logits, heat map and offsets with ${classes.length}, 1 and 2 channels, got ` +
          `${shapes.join(", ")}; use a model with a panoptic head, such as axial-deeplab-s, and classes=${classes.length}`,
      );
    },
    totals: ({ shape }) => [shape[0]],
    loss(outputs, part, [images]) {
      const losses = lossesOf(outputs, part, lossOptions);
      const share = part.shape[0] / images;
      const kept = [losses.semantic, losses.center, losses.offset].map((each) => each.sum());
      return { loss: losses.total.mul<tf.Scalar>(share), kept };
    },
    tally: ([semantic, center, offset], { shape }) => ({
      images: shape[0],
      semantic: semantic[0],
      center: center[0],
      offset: offset[0],
    }),
    trainingMeasures: ({ images, semantic, center, offset }) => ({
      semanticLoss: semantic / images,
      centerLoss: center / images,
      offsetLoss: offset / images,
    }),
    meter: (data) =>
      panopticMeter(
        data as unknown as PanopticDataset,
        (outputs, batch) => lossesOf(outputs, batch, lossOptions).total,
        postProcessing,
      ),
    validationMeasures: ({ loss, all, things, stuff, averagePrecision, meanIou }) => ({
      loss,
      panopticQuality: all?.pq ?? 0,
      thingQuality: things?.pq ?? 0,
      stuffQuality: stuff?.pq ?? 0,
      averagePrecision: averagePrecision ?? 0,
      meanIou,
    }),
  };
}

function lossesOf(outputs: readonly tf.Tensor[], batch: PanopticBatch, options: PanopticLossOptions) {
  const [semantic, center, offset] = outputs as readonly tf.Tensor4D[];
  const [images, height, width] = batch.shape;
  const size = [height, width] as const;
  const prediction = {
    semantic: resizeBilinear(semantic, size),
    center: resizeBilinear(center, size).reshape<tf.Tensor3D>([images, height, width]),
    offset: resizeOffsets(offset, size),
  };
  return panopticLosses(prediction, targetTensors(batch), options);
}

function targetTensors(batch: PanopticBatch): PanopticTargetTensors {
  const shape = [...batch.shape.slice(0, 3)] as [number, number, number];
  const map = (values: Float32Array | Int32Array, dtype: "float32" | "int32" = "float32") =>
    tf.tensor3d(values, shape, dtype);
  return {
    semantic: map(batch.semantic, "int32"),
    semanticWeight: map(batch.semanticWeight),
    center: map(batch.center),
    centerWeight: map(batch.centerWeight),
    offset: tf.tensor4d(batch.offset, [...shape, 2]),
    offsetWeight: map(batch.offsetWeight),
  };
}
