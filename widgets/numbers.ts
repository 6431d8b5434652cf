/** Numbers for specifications: short, and the same on every machine. */

/** Rounds to `digits` significant digits, so that a specification stays small; NaN and infinities become null. */
export function significant(value: number, digits = 4): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(digits)) : null;
}

/** A fraction as a percentage with one decimal: 0.8743 is "87.4%". */
export const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)}%`;

/** The value below which a share of the list lies; 0 for an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(share * (sorted.length - 1))] ?? 0;
}

/**
 * Least and greatest of the finite numbers in a list; [0, 1] if there is none, and `room` around a single one (default
 * half a unit), so that a scale over it has a length.
 */
export function extent(values: Iterable<unknown>, room = 0.5): [number, number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  if (least > greatest) return [0, 1];
  return least === greatest ? [least - room, greatest + room] : [least, greatest];
}
