/**
 * Objects from a heat map and offsets: the peaks of the map are centres, and every thing pixel belongs to the centre
 * nearest to where its offset leads.
 *
 * Source: Panoptic-DeepLab, section 3.3; equal to deeplab2's `model/post_processor/panoptic_deeplab.py`, in float32 as
 * there, so that ties fall the same way.
 */
import { assertPixels } from "./panoptic-map.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

export interface Size {
  readonly height: number;
  readonly width: number;
}

/** Which peaks of the heat map are centres. */
export interface CenterOptions {
  /** A peak must be higher than this. Default 0.1. */
  readonly threshold?: number;
  /** Side of the window whose greatest value a peak must be. Default 7. */
  readonly window?: number;
  /** Most centres of an image; 0 for any number. Default 200. */
  readonly keep?: number;
  /**
   * What counts as among the `keep` highest. `deeplab2`: where there are more centres than `keep`, those strictly above
   * the keep-th highest, so one fewer, and fewer still with ties. `bowenc0221`: so already where there are exactly `keep`.
   * `exact`: the `keep` highest, the first of equal ones. Default `deeplab2`.
   */
  readonly keepRule?: "deeplab2" | "bowenc0221" | "exact";
}

const keys: KeysOf<CenterOptions> = { threshold: true, window: true, keep: true, keepRule: true };

/** A peak of the heat map of centres. */
export interface Center {
  readonly y: number;
  readonly x: number;
  /** Height of the heat map there. */
  readonly score: number;
}

/**
 * Peaks of a heat map: places above the threshold that equal the greatest value of the window around them. All places of
 * a plateau are peaks. A window of even side reaches one place further right and down.
 *
 * @param heat [H, W]
 * @returns in row-major order
 * @throws ShapeError when the heat map has not a value for each pixel
 * @throws ConfigError for an option that there is not
 */
export function findCenters(heat: Float32Array, size: Size, options: CenterOptions = {}): Center[] {
  assertKnownKeys("findCenters", options, keys);
  const { threshold = 0.1, window = 7, keep = 200, keepRule = "deeplab2" } = options;
  assertPixels("findCenters", "the heat map", heat, size);
  // The threshold as a float32 too: 0.1 itself lies below the float32 nearest to it.
  const least = Math.fround(threshold);
  const above = heat.map((value) => (value > least ? value : 0));
  const greatest = windowMaximum(above, size, window);
  const centers: Center[] = [];
  above.forEach((value, pixel) => {
    if (value > 0 && value === greatest[pixel])
      centers.push({ y: Math.floor(pixel / size.width), x: pixel % size.width, score: value });
  });
  return keepHighest(centers, keep, keepRule);
}

function keepHighest(centers: Center[], keep: number, rule: NonNullable<CenterOptions["keepRule"]>): Center[] {
  if (keep === 0 || centers.length < keep || (centers.length === keep && rule !== "bowenc0221")) return centers;
  const byScore = [...centers].sort((a, b) => b.score - a.score);
  if (rule === "exact") {
    const kept = new Set(byScore.slice(0, keep));
    return centers.filter((center) => kept.has(center));
  }
  const last = byScore[keep - 1].score;
  return centers.filter(({ score }) => score > last);
}

/** Greatest value of the window around every place, zero outside; rows first, then columns. */
function windowMaximum(values: Float32Array, { height, width }: Size, window: number): Float32Array {
  const before = Math.floor((window - 1) / 2);
  const after = window - 1 - before;
  const along = (from: Float32Array, lines: number, lineStride: number, length: number, stride: number) => {
    const to = new Float32Array(from.length);
    for (let line = 0; line < lines; line++)
      for (let place = 0; place < length; place++) {
        let greatest = 0;
        const end = Math.min(length - 1, place + after);
        for (let other = Math.max(0, place - before); other <= end; other++)
          greatest = Math.max(greatest, from[line * lineStride + other * stride]);
        to[line * lineStride + place * stride] = greatest;
      }
    return to;
  };
  return along(along(values, height, width, width, 1), width, 1, height, width);
}

/** Pixels by object. */
export interface Grouping {
  /** [H, W]: 1 + index of the pixel's centre; 0 on stuff, and where there is no centre. */
  readonly instance: Int32Array;
  /** [H, W]: score of the pixel's centre; 0 where there is none. */
  readonly score: Float32Array;
}

/**
 * Gives each pixel of a thing the centre that is nearest to where its offset points.
 *
 * @param offset [H, W, 2]: (y, x) from every pixel to its centre
 * @param isThing [H, W]: whether the pixel's class is a thing
 * @throws ShapeError when an array has not a value, or two, for each pixel
 */
export function groupPixels(
  centers: readonly Center[],
  offset: Float32Array,
  isThing: ArrayLike<number>,
  size: Size,
): Grouping {
  assertPixels("groupPixels", "the offsets", offset, size, 2);
  assertPixels("groupPixels", "the mask of things", isThing, size);
  const pixels = size.height * size.width;
  const instance = new Int32Array(pixels);
  const score = new Float32Array(pixels);
  if (centers.length === 0) return { instance, score };
  const { fround } = Math;
  for (let pixel = 0; pixel < pixels; pixel++) {
    if (isThing[pixel] === 0) continue;
    const y = fround(Math.floor(pixel / size.width) + offset[2 * pixel]);
    const x = fround((pixel % size.width) + offset[2 * pixel + 1]);
    let nearest = 0;
    let least = Infinity;
    for (let index = 0; index < centers.length; index++) {
      const dy = fround(centers[index].y - y);
      const dx = fround(centers[index].x - x);
      const distance = fround(fround(dy * dy) + fround(dx * dx));
      if (distance < least) {
        least = distance;
        nearest = index;
      }
    }
    instance[pixel] = nearest + 1;
    score[pixel] = centers[nearest].score;
  }
  return { instance, score };
}
