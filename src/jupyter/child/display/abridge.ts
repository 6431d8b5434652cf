/** Tensors, layers and models inside of other values, for whose own fields nobody asks: hundreds of lines each. */
import { inspect } from "node:util";
import { isLayer, isModel, layerLine, modelLine } from "./model.js";
import { isTensor, tensorLine } from "./tensor.js";
import { mostElements } from "./text.js";

/** As deep as values are shown. */
const deepest = 4;

/**
 * The same value, or where it has such parts a copy of its arrays and plain objects in which each of them shows as one line. Objects
 * of classes are left as they are, and no getter is called.
 */
export function abridge(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null || depth > deepest) return value;
  const line = lineOf(value);
  if (line !== null) return { [inspect.custom]: () => line };
  if (Array.isArray(value)) return abridgeArray(value, depth);
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== Object.prototype && prototype !== null) return value;
  const properties = Object.getOwnPropertyDescriptors(value) as Record<string, TypedPropertyDescriptor<unknown>>;
  let isSame = true;
  for (const [name, { value: part, enumerable }] of Object.entries(properties)) {
    const shorter = enumerable === true ? abridge(part, depth + 1) : part;
    if (shorter === part) continue;
    properties[name].value = shorter;
    isSame = false;
  }
  return isSame ? value : Object.create(prototype, properties);
}

function abridgeArray(values: readonly unknown[], depth: number): readonly unknown[] {
  const shown = values.slice(0, mostElements);
  const shorter = shown.map((value) => abridge(value, depth + 1));
  return shorter.every((value, i) => value === shown[i]) ? values : [...shorter, ...values.slice(mostElements)];
}

function lineOf(value: object): string | null {
  if (isTensor(value)) return tensorLine(value);
  if (isModel(value)) return modelLine(value);
  return isLayer(value) ? layerLine(value) : null;
}
