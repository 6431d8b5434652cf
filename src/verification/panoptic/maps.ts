/** Targets, post-processing, merging and resizing against what the public codes computed. */
import * as tf from "@tensorflow/tfjs";
import { findCenters, groupPixels, type CenterOptions } from "../../panoptic/centers.js";
import { mergePanoptic, type mergeRules } from "../../panoptic/merge.js";
import type { PixelMap } from "../../panoptic/panoptic-map.js";
import { resizeBilinear, resizeNearest, resizeOffsets, scaledSize, type MapSize } from "../../functions/resize.js";
import { panopticTargets, type PanopticTargets, type TargetOptions } from "../../panoptic/targets.js";
import type { Values } from "../values.js";
import type { Comparison } from "../compare.js";
import { compare, compareNumber, integers, tensorOf, type StoredCase } from "./stored.js";

/** Names of the targets in the files, and those of ours. */
const targetNames: Readonly<Record<string, keyof PanopticTargets>> = {
  semantic: "semantic",
  semantic_weight: "semanticWeight",
  crowd: "crowd",
  center: "center",
  center_weight: "centerWeight",
  offset: "offset",
  offset_weight: "offsetWeight",
};

const mapOf = (values: Values): PixelMap => ({
  height: values.shape[0],
  width: values.shape[1],
  values: integers(values),
});

export function targets(stored: StoredCase): Comparison[] {
  const { divisor, ignore, things, sigma, small } = stored.config.args as TargetOptions;
  const options: TargetOptions = { divisor, ignore, things, sigma, small };
  const map = mapOf(stored.tensor("input.panoptic"));
  const made = {
    target: panopticTargets(map, { ...options, rules: "deeplab2" }),
    bowen: panopticTargets(map, { ...options, rules: "bowenc0221" }),
  };
  return [...stored.tensors.keys()].flatMap((name) => {
    const [source, target] = name.split(".");
    if (source !== "target" && source !== "bowen") return [];
    // Only heat maps and unrounded offsets are not whole numbers.
    const exact = target !== "center" && name !== "bowen.offset";
    return [compare(stored, name, made[source][targetNames[target]] as ArrayLike<number>, exact ? 0 : stored.limit)];
  });
}

interface PostCase {
  readonly divisor: number;
  readonly void_label: number;
  readonly things: readonly number[];
  readonly stuff_area: number;
  readonly threshold: number;
  readonly nms_kernel: number;
  readonly keep_k: number;
}

const mergings = [
  ["panoptic_op", "deeplab2-compiled"],
  ["panoptic_tf", "deeplab2-plain"],
  ["bowen.panoptic", "bowenc0221"],
] as const satisfies readonly (readonly [string, keyof typeof mergeRules])[];

/** From logits, heat map and offsets to the panoptic map, each step beside the stored one. */
export function postProcessing(stored: StoredCase): Comparison[] {
  const cases = stored.config.cases as Readonly<Record<string, PostCase>>;
  return Object.entries(cases).flatMap(([name, args]) => {
    const has = (tensor: string) => stored.tensors.has(`${name}.${tensor}`);
    const semantic = mostLikely(stored.tensor(`${name}.input.semantic`));
    const comparisons = [compare(stored, `${name}.semantic`, semantic.values)];
    const heat = stored.tensor(`${name}.input.center`).data;
    const offset = stored.tensor(`${name}.input.offset`).data;
    const isThing = Uint8Array.from(semantic.values, (category) => Number(args.things.includes(category)));
    for (const source of ["deeplab2", "bowenc0221"] as const) {
      const prefix = source === "deeplab2" ? `${name}.` : `${name}.bowen.`;
      if (!stored.tensors.has(`${prefix}instance`)) continue;
      const options: CenterOptions = { threshold: args.threshold, window: args.nms_kernel, keep: args.keep_k };
      const centers = findCenters(heat, semantic, { ...options, keepRule: source });
      const { instance, score } = groupPixels(centers, offset, isThing, semantic);
      const places = centers.flatMap(({ y, x }) => [y, x]);
      if (stored.tensors.has(`${prefix}centers`)) comparisons.push(compare(stored, `${prefix}centers`, places));
      else comparisons.push(compareNumber(`${prefix}centers: count`, centers.length, 0, 0));
      comparisons.push(compare(stored, `${prefix}instance`, instance));
      if (source === "deeplab2" && has("score")) comparisons.push(compare(stored, `${name}.score`, score));
      for (const [tensor, rules] of mergings)
        if (has(tensor) && tensor.startsWith("bowen") === (source === "bowenc0221"))
          comparisons.push(compareMerged(stored, name, tensor, args, semantic, instance, rules));
    }
    return comparisons;
  });
}

export function merging(stored: StoredCase): Comparison[] {
  const cases = stored.config.cases as Readonly<Record<string, PostCase>>;
  return Object.entries(cases).flatMap(([name, args]) => {
    const semantic = mapOf(stored.tensor(`${name}.input.semantic`));
    const instance = integers(stored.tensor(`${name}.input.instance`));
    return mergings.map(([tensor, rules]) => compareMerged(stored, name, tensor, args, semantic, instance, rules));
  });
}

function compareMerged(
  stored: StoredCase,
  name: string,
  tensor: string,
  args: PostCase,
  semantic: PixelMap,
  instance: Int32Array,
  rules: keyof typeof mergeRules,
): Comparison {
  const { divisor, void_label: ignore, things, stuff_area: stuffArea } = args;
  const { values } = mergePanoptic(semantic, instance, { divisor, ignore, things, stuffArea, rules });
  return compare(stored, `${name}.${tensor}`, values);
}

/** The class with the greatest logit, the lower one of equals. */
function mostLikely({ data, shape: [height, width, classes] }: Values): PixelMap {
  const values = new Int32Array(height * width);
  for (let pixel = 0; pixel < values.length; pixel++)
    for (let category = 1; category < classes; category++)
      if (data[pixel * classes + category] > data[pixel * classes + values[pixel]]) values[pixel] = category;
  return { height, width, values };
}

export function resizing(stored: StoredCase): Comparison[] {
  const cases = stored.config.cases as Readonly<Record<string, { readonly to: MapSize }>>;
  const scaled = stored.config.scaled_sizes as readonly {
    readonly size: MapSize;
    readonly scale: number;
    readonly scaled: MapSize;
  }[];
  const resized = Object.entries(cases).flatMap(([name, { to }]) =>
    (
      [
        ["bilinear", resizeBilinear],
        ["nearest", resizeNearest],
        ["offset", resizeOffsets],
      ] as const
    ).flatMap(([rule, resize]) => {
      const tensor = `${name}.${rule}`;
      if (!stored.tensors.has(tensor)) return [];
      const ours = tf.tidy(() => resize(tensorOf<tf.Tensor4D>(stored.tensor(`${name}.input`)), to).dataSync());
      return [compare(stored, tensor, ours)];
    }),
  );
  const sizes = scaled.flatMap(({ size, scale, scaled: expected }) =>
    scaledSize(size, scale).map((ours, axis) =>
      compareNumber(`scaled ${size.join(" x ")} by ${scale}, axis ${axis}`, ours, expected[axis], 0),
    ),
  );
  return [...resized, ...sizes];
}
