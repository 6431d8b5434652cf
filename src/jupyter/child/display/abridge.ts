/** Tensors, layers and models inside of other values, for whose own fields nobody asks: hundreds of lines each. */
import { inspect } from "node:util";
import { isLayer, isModel, layerLine, modelLine } from "./model.js";
import { isTensor, tensorLine } from "./tensor.js";

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
  const isPlain =
    Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
  if (!isPlain) return value;
  const properties = Object.getOwnPropertyDescriptors(value) as Record<string, TypedPropertyDescriptor<unknown>>;
  let isSame = true;
  for (const [name, { value: part, enumerable }] of Object.entries(properties)) {
    const shorter = enumerable === true ? abridge(part, depth + 1) : part;
    if (shorter === part) continue;
    properties[name].value = shorter;
    isSame = false;
  }
  if (isSame) return value;
  return Array.isArray(value)
    ? Object.defineProperties([], properties)
    : Object.create(Object.getPrototypeOf(value) as object | null, properties);
}

function lineOf(value: object): string | null {
  if (isTensor(value)) return tensorLine(value);
  if (isModel(value)) return modelLine(value);
  return isLayer(value) ? layerLine(value) : null;
}
