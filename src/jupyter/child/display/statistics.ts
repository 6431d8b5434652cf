/** Minimum, maximum, mean and deviation of numbers; what is not finite is counted and left out. */
import { shortNumber } from "./text.js";

export interface Statistics {
  minimum: number;
  maximum: number;
  mean: number;
  /** Of the population. */
  deviation: number;
  notFinite: number;
}

/** Null where there is no finite number. */
export function statistics(values: ArrayLike<number>): Statistics | null {
  let minimum = Infinity;
  let maximum = -Infinity;
  let mean = 0;
  let squares = 0;
  let count = 0;
  for (let index = 0; index < values.length; index++) {
    const value = Number(values[index]);
    if (!Number.isFinite(value)) continue;
    count++;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
    // Welford's recurrence: a large mean costs no digits of the deviation.
    const difference = value - mean;
    mean += difference / count;
    squares += difference * (value - mean);
  }
  if (count === 0) return null;
  return { minimum, maximum, mean, deviation: Math.sqrt(squares / count), notFinite: values.length - count };
}

export function statisticsText(found: Statistics | null): string {
  if (!found) return "no finite value";
  const { minimum, maximum, mean, deviation, notFinite } = found;
  const parts = [
    `min ${shortNumber(minimum)}`,
    `max ${shortNumber(maximum)}`,
    `mean ${shortNumber(mean)}`,
    `std ${shortNumber(deviation)}`,
  ];
  if (notFinite > 0) parts.push(`${notFinite} not finite`);
  return parts.join(", ");
}
