/**
 * What a panoptic network is trained to give, from a panoptic map: the class of every pixel, a heat map with a bump at
 * each object's centre, and from every pixel of an object the way to its centre.
 *
 * Source: Cheng et al., Panoptic-DeepLab, CVPR 2020, section 3.2. Equal to deeplab2's `data/sample_generator.py`; where
 * the PyTorch port (bowenc0221/panoptic-deeplab) differs, each difference is an option.
 */
import { assertLabelSpace, assertPixels, type LabelSpace, type PixelMap } from "./panoptic-map.js";
import { roundHalfEven } from "./rounding.js";
import { rulesOf } from "./rules.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** Where the public codes differ. */
export interface TargetRules {
  /** How the mean of an object's pixels becomes the pixel where the heat map peaks. */
  readonly peak: "round-half-even" | "truncate";
  /** Where offsets lead: to the peak, or to the mean itself. */
  readonly offsetsTo: "peak" | "mean";
  /** Whether a crowd, as if it were one object, has a centre, offsets and a weight for small objects. */
  readonly crowdsAreInstances: boolean;
  /** Whether a stuff segment with an id of its own has a centre and offsets. */
  readonly stuffInstances: boolean;
}

/** The rules of published programs by which targets are made, by name. */
export const targetRules = {
  deeplab2: { peak: "round-half-even", offsetsTo: "peak", crowdsAreInstances: false, stuffInstances: true },
  bowenc0221: { peak: "truncate", offsetsTo: "mean", crowdsAreInstances: true, stuffInstances: false },
} as const satisfies Record<string, TargetRules>;

/** How the targets of Panoptic-DeepLab are made. */
export interface TargetOptions extends LabelSpace {
  /** Standard deviation of the bump, in pixels. Default 8. */
  readonly sigma?: number;
  /**
   * Objects of fewer pixels than `threshold` weigh `weight` in the semantic loss; null for no such weight. Default 4096
   * pixels and 3.
   */
  readonly small?: { readonly threshold: number; readonly weight: number } | null;
  /** Default those of deeplab2. */
  readonly rules?: keyof typeof targetRules | TargetRules;
}

const keys: KeysOf<TargetOptions> = {
  sigma: true,
  small: true,
  rules: true,
  divisor: true,
  ignore: true,
  things: true,
};

/** Arrays of H x W, row by row; `offset` has two values a pixel, (y, x). */
export interface PanopticTargets {
  readonly height: number;
  readonly width: number;
  /** Class of every pixel; void pixels have the class `ignore`, crowds that of their things. */
  readonly semantic: Int32Array;
  /** `small.weight` on small objects, else 1, also on void. */
  readonly semanticWeight: Float32Array;
  /** 1 on crowds. */
  readonly crowd: Uint8Array;
  /** exp(-distance² / 2 sigma²) to the nearest peak, cut off at a square of 3 sigma + 1. */
  readonly center: Float32Array;
  /** 1 except on crowds and void. */
  readonly centerWeight: Float32Array;
  /** Pixels to go down and right to the own centre; 0 where there is none. */
  readonly offset: Float32Array;
  /** 1 on things that are no crowd. */
  readonly offsetWeight: Float32Array;
}

interface Instance {
  pixels: number;
  sumY: number;
  sumX: number;
  center: { y: number; x: number };
}

/**
 * What a network is to give for a panoptic map: classes, a heat map of centres, offsets, and weights.
 *
 * @throws ShapeError when the map has not H * W values
 * @throws ConfigError for an option that there is not, and when the label space contradicts itself
 */
export function panopticTargets(map: PixelMap, options: TargetOptions): PanopticTargets {
  assertKnownKeys("panopticTargets", options, keys);
  const { sigma = 8, small = { threshold: 4096, weight: 3 }, divisor, ignore } = options;
  const rules = rulesOf<TargetRules>("panopticTargets", targetRules, options.rules ?? "deeplab2");
  const { height, width, values } = map;
  assertLabelSpace("panopticTargets", options);
  assertPixels("panopticTargets", "the map", values, map);
  const things = new Set(options.things);
  const pixels = height * width;
  const targets = {
    height,
    width,
    semantic: new Int32Array(pixels),
    semanticWeight: new Float32Array(pixels).fill(1),
    crowd: new Uint8Array(pixels),
    center: new Float32Array(pixels),
    centerWeight: new Float32Array(pixels),
    offset: new Float32Array(2 * pixels),
    offsetWeight: new Float32Array(pixels),
  };

  const isInstance = (label: number): boolean => {
    const category = Math.floor(label / divisor);
    if (category === ignore) return false;
    const isThing = things.has(category);
    if (label % divisor === 0) return isThing && rules.crowdsAreInstances;
    return isThing || rules.stuffInstances;
  };
  const instances = measure(map, isInstance);
  for (const instance of instances.values()) {
    const mean = { y: instance.sumY / instance.pixels, x: instance.sumX / instance.pixels };
    const round = rules.peak === "truncate" ? Math.trunc : roundHalfEven;
    const peak = { y: round(mean.y), x: round(mean.x) };
    instance.center = rules.offsetsTo === "peak" ? peak : mean;
    stamp(targets.center, map, peak, sigma);
  }

  for (let pixel = 0; pixel < pixels; pixel++) {
    const label = values[pixel];
    const category = Math.floor(label / divisor);
    const isThing = things.has(category);
    const isCrowd = isThing && label % divisor === 0;
    targets.semantic[pixel] = category;
    targets.crowd[pixel] = isCrowd ? 1 : 0;
    targets.centerWeight[pixel] = category === ignore || isCrowd ? 0 : 1;
    targets.offsetWeight[pixel] = isThing && !isCrowd ? 1 : 0;
    const instance = instances.get(label);
    if (instance === undefined) continue;
    if (small !== null && instance.pixels < small.threshold) targets.semanticWeight[pixel] = small.weight;
    targets.offset[2 * pixel] = instance.center.y - Math.floor(pixel / width);
    targets.offset[2 * pixel + 1] = instance.center.x - (pixel % width);
  }
  return targets;
}

/** Pixels and sums of their coordinates of every instance, by label. */
function measure({ height, width, values }: PixelMap, isInstance: (label: number) => boolean): Map<number, Instance> {
  const instances = new Map<number, Instance>();
  const others = new Set<number>();
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const label = values[y * width + x];
      let instance = instances.get(label);
      if (instance === undefined) {
        if (others.has(label)) continue;
        if (!isInstance(label)) {
          others.add(label);
          continue;
        }
        instances.set(label, (instance = { pixels: 0, sumY: 0, sumX: 0, center: { y: 0, x: 0 } }));
      }
      instance.pixels++;
      instance.sumY += y;
      instance.sumX += x;
    }
  return instances;
}

/** Raises the heat map to the bump of one peak. */
function stamp(
  heat: Float32Array,
  { height, width }: PixelMap,
  peak: { readonly y: number; readonly x: number },
  sigma: number,
): void {
  const reach = 3 * sigma + 1;
  for (let y = Math.max(0, peak.y - reach); y <= Math.min(height - 1, peak.y + reach); y++)
    for (let x = Math.max(0, peak.x - reach); x <= Math.min(width - 1, peak.x + reach); x++) {
      const bump = Math.exp(-((y - peak.y) ** 2 + (x - peak.x) ** 2) / (2 * sigma ** 2));
      const pixel = y * width + x;
      if (bump > heat[pixel]) heat[pixel] = bump;
    }
}
