/**
 * Panoptic quality: PQ = SQ x RQ, how well matched segments fit times how many are found.
 *
 * Source: Kirillov et al., Panoptic Segmentation, CVPR 2019, section 4. Equal to panopticapi's `evaluation.py`, which is
 * the official one, and to deeplab2's `evaluation/panoptic_quality.py`, which knows no crowds.
 */
import { ShapeError } from "../core/errors.js";
import type { PixelMap } from "./panoptic-map.js";

/** A segment by its number in a map, as COCO lists them. Void is 0. */
export interface ListedSegment {
  readonly id: number;
  readonly category: number;
  /** Several objects that nobody told apart. Default false. */
  readonly isCrowd?: boolean;
}

/** A panoptic map and the list of its segments. */
export interface SegmentMap extends PixelMap {
  /** All segments of the map; a pixel of no listed segment is void. */
  readonly segments: readonly ListedSegment[];
}

/** How crowds count in panoptic quality. */
export interface QualityOptions {
  /**
   * `panopticapi`: a crowd is never matched and never missing, and what lies on it by more than half is no false
   * positive. `deeplab2`: a crowd is a segment like any other. Default `panopticapi`.
   */
  readonly crowds?: "panopticapi" | "deeplab2";
}

/** Counts of one class; those of several images add up. */
export interface QualityCounts {
  /** Sum of the IoU of matched segments. */
  iouSum: number;
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
}

/** Panoptic, segmentation and recognition quality (Kirillov et al., arXiv 1801.00868): PQ = SQ RQ. */
export interface Quality {
  readonly pq: number;
  readonly sq: number;
  readonly rq: number;
}

/** Means over the classes that occur, in truth or prediction; null where none does. */
export interface QualityMean extends Quality {
  readonly classes: number;
}

const emptyCounts = (): QualityCounts => ({ iouSum: 0, truePositives: 0, falsePositives: 0, falseNegatives: 0 });

/** Adds up images, and gives the quality of each class and its means. */
export class PanopticQuality {
  /** By class. */
  readonly counts = new Map<number, QualityCounts>();

  constructor(private readonly options: QualityOptions = {}) {}

  /** @throws ShapeError when the maps have not the same size. */
  add(truth: SegmentMap, prediction: SegmentMap): void {
    if (truth.height !== prediction.height || truth.width !== prediction.width)
      throw new ShapeError(
        `PanopticQuality: truth and prediction must have one size, got ${truth.height} x ${truth.width} and ` +
          `${prediction.height} x ${prediction.width}; resize the prediction`,
      );
    const crowdsCount = this.options.crowds === "deeplab2";
    const isCrowd = (segment: ListedSegment): boolean => !crowdsCount && segment.isCrowd === true;
    const overlaps = overlapsOf(truth, prediction);
    const truths = new Map(truth.segments.map((segment) => [segment.id, segment]));
    const predictions = new Map(prediction.segments.map((segment) => [segment.id, segment]));

    const matchedTruths = new Set<number>();
    const matchedPredictions = new Set<number>();
    for (const { truthId, predictionId, pixels } of overlaps.pairs.values()) {
      const ofTruth = truths.get(truthId);
      const ofPrediction = predictions.get(predictionId);
      if (ofTruth === undefined || ofPrediction === undefined) continue;
      if (isCrowd(ofTruth) || ofTruth.category !== ofPrediction.category) continue;
      const onVoid = overlaps.onVoid.get(predictionId) ?? 0;
      const union =
        (overlaps.truthAreas.get(truthId) ?? 0) + (overlaps.predictionAreas.get(predictionId) ?? 0) - pixels - onVoid;
      const iou = pixels / union;
      if (iou <= 0.5) continue;
      const counts = this.of(ofTruth.category);
      counts.truePositives++;
      counts.iouSum += iou;
      matchedTruths.add(truthId);
      matchedPredictions.add(predictionId);
    }

    /** Of several crowds of one class in an image only the last one listed counts, as in panopticapi. */
    const crowds = new Map<number, number>();
    for (const segment of truth.segments) {
      if (isCrowd(segment)) crowds.set(segment.category, segment.id);
      else if (!matchedTruths.has(segment.id)) this.of(segment.category).falseNegatives++;
    }
    for (const { id, category } of prediction.segments) {
      if (matchedPredictions.has(id)) continue;
      const crowd = crowds.get(category);
      const excused =
        (overlaps.onVoid.get(id) ?? 0) +
        (crowd === undefined ? 0 : (overlaps.pairs.get(pairKey(crowd, id))?.pixels ?? 0));
      if (excused / (overlaps.predictionAreas.get(id) ?? 0) <= 0.5) this.of(category).falsePositives++;
    }
  }

  /** Adds the counts of another part of the same set. */
  merge(other: PanopticQuality): void {
    for (const [category, counts] of other.counts) {
      const own = this.of(category);
      for (const key of Object.keys(own) as (keyof QualityCounts)[]) own[key] += counts[key];
    }
  }

  /** Quality of one class; zero where it does not occur. */
  ofClass(category: number): Quality {
    return qualityOf(this.counts.get(category) ?? emptyCounts());
  }

  /** The mean over those of the given classes that occur; null where none does. Default all classes. */
  mean(categories: Iterable<number> = this.counts.keys()): QualityMean | null {
    const occurring = [...categories].flatMap((category) => {
      const counts = this.counts.get(category);
      return counts === undefined || matches(counts) === 0 ? [] : [qualityOf(counts)];
    });
    if (occurring.length === 0) return null;
    const average = (key: keyof Quality) => occurring.reduce((sum, each) => sum + each[key], 0) / occurring.length;
    return { pq: average("pq"), sq: average("sq"), rq: average("rq"), classes: occurring.length };
  }

  private of(category: number): QualityCounts {
    let counts = this.counts.get(category);
    if (counts === undefined) this.counts.set(category, (counts = emptyCounts()));
    return counts;
  }
}

const matches = ({ truePositives, falsePositives, falseNegatives }: QualityCounts): number =>
  truePositives + falsePositives / 2 + falseNegatives / 2;

function qualityOf(counts: QualityCounts): Quality {
  if (matches(counts) === 0) return { pq: 0, sq: 0, rq: 0 };
  const sq = counts.truePositives === 0 ? 0 : counts.iouSum / counts.truePositives;
  const rq = counts.truePositives / matches(counts);
  return { pq: counts.iouSum / matches(counts), sq, rq };
}

const pairKey = (truthId: number, predictionId: number): string => `${truthId} ${predictionId}`;

interface Overlaps {
  readonly pairs: Map<string, { readonly truthId: number; readonly predictionId: number; pixels: number }>;
  readonly truthAreas: Map<number, number>;
  readonly predictionAreas: Map<number, number>;
  /** Pixels of every prediction that lie on void of the truth. */
  readonly onVoid: Map<number, number>;
}

function overlapsOf(truth: SegmentMap, prediction: SegmentMap): Overlaps {
  const listed = new Set(truth.segments.map(({ id }) => id));
  const pairs: Overlaps["pairs"] = new Map();
  let last: { readonly truthId: number; readonly predictionId: number; pixels: number } | undefined;
  for (let pixel = 0; pixel < truth.values.length; pixel++) {
    const truthId = truth.values[pixel];
    const predictionId = prediction.values[pixel];
    // Neighbours mostly belong to the same pair.
    if (last?.truthId !== truthId || last.predictionId !== predictionId) {
      const key = pairKey(truthId, predictionId);
      last = pairs.get(key);
      if (last === undefined) pairs.set(key, (last = { truthId, predictionId, pixels: 0 }));
    }
    last.pixels++;
  }
  const truthAreas = new Map<number, number>();
  const predictionAreas = new Map<number, number>();
  const onVoid = new Map<number, number>();
  const add = (areas: Map<number, number>, id: number, pixels: number) => areas.set(id, (areas.get(id) ?? 0) + pixels);
  for (const { truthId, predictionId, pixels } of pairs.values()) {
    add(truthAreas, truthId, pixels);
    add(predictionAreas, predictionId, pixels);
    if (!listed.has(truthId)) add(onVoid, predictionId, pixels);
  }
  return { pairs, truthAreas, predictionAreas, onVoid };
}
