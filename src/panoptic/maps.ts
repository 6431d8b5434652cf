/** Panoptic maps of batches, whose labels are class * 1000 + object, as metrics and figures take them. */

import { batchLabels, batchSpace } from "./dataset.js";
import { segmentsOf, type PixelMap } from "./panoptic-map.js";
import { PanopticQuality, type SegmentMap } from "./quality.js";

/** Void is 0 there, so labels go up by one. */
export function segmentMap(map: PixelMap, things: readonly number[]): SegmentMap {
  return {
    ...map,
    values: map.values.map((label) => (isVoid(label) ? 0 : label + 1)),
    segments: segmentsOf(map, batchSpace(things)).map(({ label, category, isCrowd }) => ({
      id: label + 1,
      category,
      isCrowd,
    })),
  };
}

const isVoid = (label: number): boolean => Math.floor(label / batchLabels.divisor) === batchLabels.ignore;

/**
 * How well a predicted map agrees with the truth, as panopticapi counts.
 *
 * @param things numbers of the classes whose objects are told apart
 * @throws ShapeError when the maps have not the same size
 */
export function mapQuality(truth: PixelMap, prediction: PixelMap, things: readonly number[]): PanopticQuality {
  const quality = new PanopticQuality();
  quality.add(segmentMap(truth, things), segmentMap(prediction, things));
  return quality;
}

/** What the widgets of panoptic maps take. */
export interface MapPicture {
  /** [H, W]; 0 is void. */
  readonly ids: Int32Array;
  readonly shape: readonly [height: number, width: number];
  readonly segments: readonly {
    readonly id: number;
    readonly category: string;
    readonly isThing: boolean;
    readonly score?: number;
  }[];
  /** Of the set, in their order. */
  readonly classes: readonly string[];
}

/**
 * A panoptic map as figures take it: ids of segments, and what each is.
 *
 * @param scores by label, as `segment` gives them; default none
 */
export function mapPicture(
  map: PixelMap,
  { classes, things }: { readonly classes: readonly string[]; readonly things: readonly number[] },
  scores: ReadonlyMap<number, number> = new Map(),
): MapPicture {
  const { values, height, width } = map;
  return {
    ids: values.map((label) => (isVoid(label) ? 0 : label + 1)),
    shape: [height, width],
    segments: segmentsOf(map, batchSpace(things)).map(({ label, category, isThing }) => {
      const score = scores.get(label);
      return { id: label + 1, category: classes[category], isThing, ...(score === undefined ? {} : { score }) };
    }),
    classes,
  };
}
