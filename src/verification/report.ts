/** What comes of one case. */
import type { Comparison } from "./compare.js";

export interface CaseReport {
  readonly case: string;
  readonly verdict: "passed" | "failed" | "skipped";
  /** Why a case was skipped, or the error that stopped it; null otherwise. */
  readonly reason: string | null;
  /** Every stored tensor, in the order of the file. */
  readonly comparisons: readonly Comparison[];
  /** The comparison with the largest error relative to its limit; null where there is none. */
  readonly worst: Comparison | null;
}

/** A case passes when every tensor is within its limit. */
export function judge(name: string, comparisons: readonly Comparison[]): CaseReport {
  const excess = ({ error, limit }: Comparison) => (error === 0 ? 0 : error / limit);
  const worst = comparisons.reduce<Comparison | null>(
    (worst, next) => (worst === null || excess(next) > excess(worst) ? next : worst),
    null,
  );
  const verdict = comparisons.every(({ error, limit }) => error <= limit) ? "passed" : "failed";
  return { case: name, verdict, reason: null, comparisons, worst };
}

/** A case that an error stopped has failed. */
export function failure(name: string, error: unknown): CaseReport {
  const reason = error instanceof Error ? error.message : String(error);
  return { case: name, verdict: "failed", reason, comparisons: [], worst: null };
}
