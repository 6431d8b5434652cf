/** Typed arrays: kind, length, statistics, the first values. */
import { types } from "node:util";
import type { MimeBundle } from "../../../core/kernel-host.js";
import { statistics, statisticsText } from "./statistics.js";
import { shortNumber } from "./text.js";

export type TypedArray = ArrayLike<number | bigint> & { length: number };

export const isTypedArray = (value: unknown): value is TypedArray => types.isTypedArray(value);

const mostShown = 20;

export function typedArrayBundle(value: TypedArray): MimeBundle {
  const numbers = Array.from({ length: Math.min(value.length, mostShown) }, (_, index) => value[index]);
  const kind = (value as object).constructor.name;
  const isBig = typeof numbers[0] === "bigint";
  const shown = numbers.map((number) => (typeof number === "bigint" ? `${number}n` : shortNumber(number)));
  const rest = value.length > mostShown ? ", …" : "";
  const summary = value.length > 1 && !isBig ? `, ${statisticsText(statistics(value as ArrayLike<number>))}` : "";
  return { "text/plain": `${kind}(${value.length})${summary}\n[${shown.join(", ")}${rest}]` };
}
