/** What one variant brings against another, and whether its runs can tell. */
import type { SweepRow } from "./run-rows.js";

/** Two variants beside each other. */
export interface RowComparison {
  /** The first's mean less the second's, in points: hundredths of the score. */
  readonly points: number;
  /** Whether their 95 % intervals do not overlap; null where one is of a single run, which has none. */
  readonly apart: boolean | null;
}

/** The difference of two rows' means, and whether their intervals tell them apart. */
export function compareRows(
  a: Pick<SweepRow, "mean" | "interval">,
  b: Pick<SweepRow, "mean" | "interval">,
): RowComparison {
  const points = 100 * (a.mean - b.mean);
  if (a.interval === null || b.interval === null) return { points, apart: null };
  return { points, apart: a.interval[0] > b.interval[1] || b.interval[0] > a.interval[1] };
}

/**
 * A comparison in words: "span 3: 25.8 points below base; the intervals are apart". Of single runs it says that the
 * difference may be chance.
 */
export function comparisonText(
  a: Pick<SweepRow, "variant" | "mean" | "interval">,
  b: Pick<SweepRow, "variant" | "mean" | "interval">,
): string {
  const { points, apart } = compareRows(a, b);
  const written = Math.abs(points).toFixed(1);
  const difference =
    Number(written) === 0
      ? `within 0.1 points of ${b.variant}`
      : `${written} points ${points < 0 ? "below" : "above"} ${b.variant}`;
  const sure =
    apart === null
      ? "of a single run, so it may be chance"
      : apart
        ? "the intervals are apart"
        : "the intervals overlap";
  return `${a.variant}: ${difference}; ${sure}`;
}
