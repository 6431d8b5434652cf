/**
 * One panoptic map of a semantic map and an instance map: each object takes the class that most of its pixels have, and
 * patches of stuff that are too small become void.
 *
 * Source: Panoptic-DeepLab, section 3.3. deeplab2 has this twice, as a compiled operation and in plain TensorFlow; they
 * differ, and the PyTorch port differs again, so each difference is an option.
 */
import { assertLabelSpace, assertPixels, type LabelSpace, type PixelMap } from "./panoptic-map.js";
import { rulesOf } from "./rules.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** The rules in which published programs differ when they merge classes and objects. */
export interface MergeRules {
  /** Stuff stays if its area is greater than the limit (or there is none), or also if it equals the limit. */
  readonly stuffAreaEqualToLimit: "void" | "kept";
  /** Whether thing pixels for which no centre was found are one more object, or void. */
  readonly thingsWithoutCenter: "one-instance" | "void";
  /** Whether stuff pixels that carry an instance are stuff all the same, or void. */
  readonly stuffWithInstance: "kept" | "void";
  /** Ids of a class count its objects in row-major order of first appearance, or by instance number. */
  readonly ids: "first-appearance" | "instance-number";
}

const compiled = {
  stuffAreaEqualToLimit: "void",
  thingsWithoutCenter: "one-instance",
  stuffWithInstance: "kept",
  ids: "first-appearance",
} as const satisfies MergeRules;
const plain = {
  stuffAreaEqualToLimit: "kept",
  thingsWithoutCenter: "void",
  stuffWithInstance: "void",
  ids: "first-appearance",
} as const satisfies MergeRules;

/** The rules of published programs, by name. */
export const mergeRules = {
  /** deeplab2's compiled operation, its default. */
  "deeplab2-compiled": compiled,
  /** deeplab2's plain TensorFlow, which its axial configurations use. */
  "deeplab2-plain": plain,
  bowenc0221: { ...plain, ids: "instance-number" },
} as const satisfies Record<string, MergeRules>;

/** How classes and objects of pixels become segments. */
export interface MergeOptions extends LabelSpace {
  /** Patches of stuff of fewer pixels become void: 2048 in Cityscapes, 4096 in COCO. Default 0, no limit. */
  readonly stuffArea?: number;
  /** Default `deeplab2-plain`. */
  readonly rules?: keyof typeof mergeRules | MergeRules;
}

const keys: KeysOf<MergeOptions> = { stuffArea: true, rules: true, divisor: true, ignore: true, things: true };

/**
 * Merges classes and objects of pixels into a panoptic map, each object with the class of most of its pixels.
 *
 * @param semantic [H, W]: class of every pixel
 * @param instance [H, W]: number of every pixel's object, from 1; 0 for none. Objects have no class yet.
 * @returns the panoptic map; void is `ignore * divisor`
 * @throws ShapeError when the maps have not the same size
 * @throws ConfigError for options, and for a divisor, a void or things that contradict each other
 */
export function mergePanoptic(semantic: PixelMap, instance: Int32Array, options: MergeOptions): PixelMap {
  assertKnownKeys("mergePanoptic", options, keys);
  const { divisor, ignore, stuffArea = 0 } = options;
  const rules = rulesOf<MergeRules>("mergePanoptic", mergeRules, options.rules ?? "deeplab2-plain");
  assertLabelSpace("mergePanoptic", options);
  assertPixels("mergePanoptic", "the semantic map", semantic.values, semantic);
  assertPixels("mergePanoptic", "the instance map", instance, semantic);
  const things = new Set(options.things);
  const classes = semantic.values;
  const values = new Int32Array(classes.length).fill(ignore * divisor);

  const labels = instanceLabels(classes, instance, things, divisor, rules);
  const areas = new Map<number, number>();
  const isStuff = (pixel: number): boolean =>
    !things.has(classes[pixel]) && (rules.stuffWithInstance === "kept" || instance[pixel] === 0);
  for (let pixel = 0; pixel < classes.length; pixel++)
    if (isStuff(pixel)) areas.set(classes[pixel], (areas.get(classes[pixel]) ?? 0) + 1);
  const isLarge = (category: number): boolean => {
    const area = areas.get(category) ?? 0;
    return rules.stuffAreaEqualToLimit === "kept" ? area >= stuffArea : stuffArea === 0 || area > stuffArea;
  };

  for (let pixel = 0; pixel < classes.length; pixel++) {
    const category = classes[pixel];
    if (things.has(category)) values[pixel] = labels.get(instance[pixel]) ?? values[pixel];
    else if (isStuff(pixel) && category !== ignore && isLarge(category)) values[pixel] = category * divisor;
  }
  return { ...semantic, values };
}

/** Label of every object: its class by majority of its thing pixels, ties to the smaller class, and its id. */
function instanceLabels(
  classes: Int32Array,
  instance: Int32Array,
  things: ReadonlySet<number>,
  divisor: number,
  rules: MergeRules,
): Map<number, number> {
  // Maps keep the order of insertion, which is that of first appearance.
  const votes = new Map<number, Map<number, number>>();
  for (let pixel = 0; pixel < classes.length; pixel++) {
    const category = classes[pixel];
    const object = instance[pixel];
    if (!things.has(category) || (object === 0 && rules.thingsWithoutCenter === "void")) continue;
    let ofObject = votes.get(object);
    if (ofObject === undefined) votes.set(object, (ofObject = new Map<number, number>()));
    ofObject.set(category, (ofObject.get(category) ?? 0) + 1);
  }
  const objects = [...votes];
  if (rules.ids === "instance-number") objects.sort(([a], [b]) => a - b);
  const used = new Map<number, number>();
  return new Map(
    objects.map(([object, counts]) => {
      const [category] = [...counts].reduce((best, next) =>
        next[1] > best[1] || (next[1] === best[1] && next[0] < best[0]) ? next : best,
      );
      const id = (used.get(category) ?? 0) + 1;
      used.set(category, id);
      return [object, category * divisor + id];
    }),
  );
}
