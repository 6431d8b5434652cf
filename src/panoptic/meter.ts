/** Counts a validation pass: panoptic quality, average precision, mean IoU. */
import * as tf from "@tensorflow/tfjs";
import { resizeBilinear, resizeOffsets } from "../functions/resize.js";
import type { Evaluation, Meter } from "../training/task.js";
import { averagePrecision, maskOf, type ObjectsOfImage } from "./average-precision.js";
import { batchSpace, type PanopticBatch, type PanopticDataset } from "./dataset.js";
import { segmentMap } from "./maps.js";
import { MeanIou } from "./mean-iou.js";
import { segmentsOf, type LabelSpace, type PixelMap } from "./panoptic-map.js";
import {
  assemblePanoptic,
  segmentCertainties,
  type AssembledPrediction,
  type PostProcessing,
  type RawPrediction,
} from "./prediction.js";
import { PanopticQuality, type Quality, type QualityMean } from "./quality.js";

/** What panoptic segmentation is measured by: quality, precision, intersection over union. */
export interface PanopticEvaluation extends Evaluation {
  /** Means over the classes that occur; null where none does. */
  readonly all: QualityMean | null;
  readonly things: QualityMean | null;
  readonly stuff: QualityMean | null;
  /** Average precision of the objects over IoU from 0.5 to 0.95; null where there is none to find. Of this process's images. */
  readonly averagePrecision: number | null;
  readonly meanIou: number;
  readonly pixelAccuracy: number;
  readonly perClass: readonly (Quality & { readonly name: string; readonly iou: number | null })[];
}

/** Values of an image's outputs, enlarged to its own size. */
export async function rawPredictions(
  [semantic, center, offset]: readonly tf.Tensor[],
  [batch, height, width]: readonly number[],
): Promise<(RawPrediction & { readonly probability: Float32Array })[]> {
  const size = [height, width] as const;
  const [classes, probability, heat, ways] = tf.tidy(() => {
    const logits = resizeBilinear(semantic as tf.Tensor4D, size);
    const shares = logits.softmax<tf.Tensor4D>();
    return [
      logits.argMax<tf.Tensor3D>(3),
      shares.max<tf.Tensor3D>(3),
      resizeBilinear(center as tf.Tensor4D, size),
      resizeOffsets(offset as tf.Tensor4D, size),
    ];
  });
  const values = await Promise.all([classes.data(), probability.data(), heat.data(), ways.data()]);
  tf.dispose([classes, probability, heat, ways]);
  const pixels = height * width;
  return Array.from({ length: batch }, (_, index) => {
    const part = (array: ArrayLike<number>, channels = 1) =>
      (array as Float32Array).subarray(index * pixels * channels, (index + 1) * pixels * channels);
    return {
      height,
      width,
      semantic: Int32Array.from(part(values[0])),
      probability: part(values[1]),
      center: part(values[2]),
      offset: part(values[3], 2),
    };
  });
}

/** One row a class in the sums: IoU, true positives, false positives, false negatives. */
const counted = ["iouSum", "truePositives", "falsePositives", "falseNegatives"] as const;

export function panopticMeter(
  { classes, things }: Pick<PanopticDataset, "classes" | "things">,
  lossOf: (outputs: readonly tf.Tensor[], batch: PanopticBatch) => tf.Scalar,
  options: PostProcessing,
): Meter<PanopticBatch, PanopticEvaluation> {
  const space = batchSpace(things);
  const K = classes.length;
  const totals = new Float64Array(2); // images, sum of losses
  const quality = new Float64Array(K * counted.length);
  const iou = new MeanIou(K + 1, space.ignore);
  const objects: ObjectsOfImage[] = [];

  return {
    sums: [totals, quality, iou.confusion],
    async add(outputs, batch) {
      const [images, height, width] = batch.shape;
      const loss = tf.tidy(() => lossOf(outputs, batch));
      totals[0] += images;
      totals[1] += (await loss.data())[0] * images;
      loss.dispose();
      for (const [index, raw] of (await rawPredictions(outputs, batch.shape)).entries()) {
        const pixels = height * width;
        const truth = { height, width, values: batch.panoptic.subarray(index * pixels, (index + 1) * pixels) };
        const prediction = assemblePanoptic(raw, space, options);
        const ofImage = new PanopticQuality();
        ofImage.add(segmentMap(truth, things), segmentMap(prediction.map, things));
        for (const [category, counts] of ofImage.counts)
          counted.forEach((name, i) => (quality[category * counted.length + i] += counts[name]));
        iou.add(batch.semantic.subarray(index * pixels, (index + 1) * pixels), raw.semantic);
        objects.push(objectsOf(truth, prediction, raw.probability, space));
      }
    },
    result() {
      const [images, loss] = totals;
      const pq = new PanopticQuality();
      classes.forEach((_, k) => {
        const row = quality.subarray(k * counted.length, (k + 1) * counted.length);
        pq.counts.set(k, {
          iouSum: row[0],
          truePositives: row[1],
          falsePositives: row[2],
          falseNegatives: row[3],
        });
      });
      const stuff = classes.flatMap((_, k) => (things.includes(k) ? [] : [k]));
      const { ap } = averagePrecision(objects, things).summary;
      return {
        images,
        loss: loss / images,
        all: pq.mean(),
        things: pq.mean(things),
        stuff: pq.mean(stuff),
        averagePrecision: ap < 0 ? null : ap,
        meanIou: iou.mean() ?? 0,
        pixelAccuracy: iou.pixelAccuracy() ?? 0,
        perClass: classes.map((name, k) => ({ name, ...pq.ofClass(k), iou: iou.ofClass(k) })),
      };
    },
  };
}

/** A segment's score: mean probability of its class over it, times the height of its centre. */
function objectsOf(
  truth: PixelMap,
  prediction: AssembledPrediction,
  probability: Float32Array,
  space: LabelSpace,
): ObjectsOfImage {
  const certainties = segmentCertainties(prediction, probability);
  const thingsIn = (map: PixelMap) => segmentsOf(map, space).filter(({ isThing }) => isThing);
  return {
    truth: thingsIn(truth).map(({ label, category, isCrowd }) => ({ category, isCrowd, mask: maskOf(truth, label) })),
    detections: thingsIn(prediction.map).map(({ label, category }) => {
      const { probability: ofClass, height } = certainties.get(label)!;
      return { category, mask: maskOf(prediction.map, label), score: ofClass * height };
    }),
  };
}
