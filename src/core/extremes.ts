/** The least of a list of any length, Infinity of an empty one. */
export const smallest = (values: readonly number[]): number =>
  values.reduce((least, value) => Math.min(least, value), Infinity);

/** The greatest of a list of any length; `Math.max(...list)` overflows the stack on long ones. */
export const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value), -Infinity);
