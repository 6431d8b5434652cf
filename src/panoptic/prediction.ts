/** From a network's outputs for one image to its panoptic map. */
import { findCenters, groupPixels, type CenterOptions } from "./centers.js";
import { mergePanoptic, type MergeOptions } from "./merge.js";
import type { LabelSpace, PixelMap } from "./panoptic-map.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** How a network's outputs become a panoptic map. */
export interface PostProcessing extends CenterOptions {
  /** Patches of stuff of fewer pixels become void. Default 0, none. */
  readonly stuffArea?: number;
  /** Default `deeplab2-plain`. */
  readonly rules?: MergeOptions["rules"];
}

const keys: KeysOf<PostProcessing> = {
  stuffArea: true,
  rules: true,
  threshold: true,
  window: true,
  keep: true,
  keepRule: true,
};

/** Of one image at its own size, row by row. */
export interface RawPrediction {
  readonly height: number;
  readonly width: number;
  /** [H, W]: the most likely class */
  readonly semantic: Int32Array;
  /** [H, W] */
  readonly center: Float32Array;
  /** [H, W, 2] */
  readonly offset: Float32Array;
}

/** A panoptic map, and how sure each pixel's object is. */
export interface AssembledPrediction {
  readonly map: PixelMap;
  /** [H, W]: height of the heat map at the pixel's centre; 0 on stuff. */
  readonly score: Float32Array;
}

/**
 * From a network's outputs in full size, [H, W], to a panoptic map: centres, grouping, merging.
 *
 * @throws ShapeError when an output has not a value for each pixel
 * @throws ConfigError for an option that there is not, and for a label space that contradicts itself
 */
export function assemblePanoptic(
  { height, width, semantic, center, offset }: RawPrediction,
  space: LabelSpace,
  options: PostProcessing = {},
): AssembledPrediction {
  assertKnownKeys("assemblePanoptic", options, keys);
  const { stuffArea, rules, ...centers } = options;
  const size = { height, width };
  const things = new Set(space.things);
  const isThing = Uint8Array.from(semantic, (category) => Number(things.has(category)));
  const { instance, score } = groupPixels(findCenters(center, size, centers), offset, isThing, size);
  const map = mergePanoptic({ ...size, values: semantic }, instance, { ...space, stuffArea, rules });
  return { map, score };
}

/** How sure a prediction is of each of its segments, by label: mean probability of its class, mean height of its centre. */
export function segmentCertainties(
  { map, score }: AssembledPrediction,
  probability: ArrayLike<number>,
): Map<number, { readonly probability: number; readonly height: number }> {
  const sums = new Map<number, { pixels: number; probability: number; height: number }>();
  map.values.forEach((label, pixel) => {
    let sum = sums.get(label);
    if (sum === undefined) sums.set(label, (sum = { pixels: 0, probability: 0, height: 0 }));
    sum.pixels++;
    sum.probability += probability[pixel];
    sum.height += score[pixel];
  });
  return new Map(
    [...sums].map(([label, sum]) => [
      label,
      { probability: sum.probability / sum.pixels, height: sum.height / sum.pixels },
    ]),
  );
}
