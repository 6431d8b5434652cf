/** How far a tensor of ours is from a stored one. */
import type { Values } from "./values.js";

export interface Comparison {
  /** Name of the stored tensor. */
  readonly tensor: string;
  /** max |ours - stored| / max(1, max |stored|); infinite where sizes differ or a number is not finite. */
  readonly error: number;
  readonly limit: number;
}

/**
 * max |a - b| / max(1, max |b|). The floor of 1 is there because some gradients are zero mathematically and rounding
 * noise in fact.
 */
export function relativeError(ours: ArrayLike<number>, stored: ArrayLike<number>): number {
  if (ours.length !== stored.length) return Infinity;
  let difference = 0;
  let largest = 1;
  for (let i = 0; i < stored.length; i++) {
    const distance = Math.abs(ours[i] - stored[i]);
    if (!Number.isFinite(distance)) return Infinity;
    difference = Math.max(difference, distance);
    largest = Math.max(largest, Math.abs(stored[i]));
  }
  return difference / largest;
}

/** What a stored tensor shows of the whole one that it is named after: all, 64 evenly spaced entries, or the norm. */
export function viewAsStored(stored: string, whole: ArrayLike<number>): ArrayLike<number> {
  if (stored.startsWith("sample."))
    return Array.from({ length: 64 }, (_, j) => whole[Math.floor((j * whole.length) / 64)]);
  if (stored.startsWith("norm.")) {
    let sum = 0;
    for (let i = 0; i < whole.length; i++) sum += whole[i] ** 2;
    return [Math.sqrt(sum)];
  }
  return whole;
}

/** The name of the tensor that a stored one is taken of. */
export const wholeName = (stored: string): string => stored.replace(/^(sample|norm)\./, "");

/** Compares everything that is stored; a tensor that we lack is infinitely wrong. */
export function compareAll(
  expected: ReadonlyMap<string, Values>,
  ours: ReadonlyMap<string, ArrayLike<number>>,
  limitOf: (tensor: string) => number,
): Comparison[] {
  return [...expected].map(([tensor, { data }]) => {
    const whole = ours.get(wholeName(tensor));
    const error = whole === undefined ? Infinity : relativeError(viewAsStored(tensor, whole), data);
    return { tensor, error, limit: limitOf(tensor) };
  });
}
