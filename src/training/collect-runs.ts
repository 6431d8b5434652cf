/** A folder of logs as a table: what experiments that ran over days come to, whichever of them are done. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { FileError } from "../core/errors.js";
import { savedConfig, type TrainConfig } from "./config.js";
import type { RunEvent, RunStarted } from "./events.js";
import { readRunLog } from "./run-log.js";
import { outcome, rowOf, type SweepRow } from "./run-rows.js";

/** A variant over its seeds, as a sweep's row, and the logs behind it. */
export interface CollectedRow extends SweepRow {
  /** What the scores are of, such as `top1`. */
  readonly measure: string;
  readonly runs: readonly { readonly seed: number; readonly path: string; readonly events: readonly RunEvent[] }[];
}

interface Ended {
  readonly path: string;
  readonly start: RunStarted;
  readonly events: RunEvent[];
}

/**
 * The runs that are done among the logs `VARIANT.seed-N.jsonl` of a folder, by variant, in the order of their names. A log
 * without its end (a run under way, stopped or stopped early) is left out.
 *
 *     const rows = collectRuns("results/imagenette-64");
 *     rows.map((row) => [row.variant, scoreText(row)]);       // ["axial-resnet-26-s", "73.2 % (one run)"]
 *
 * @throws FileError where there is no such folder, a log is none, or runs of one name differ in more than their seed.
 */
export function collectRuns(folder: string): CollectedRow[] {
  const byVariant = new Map<string, Ended[]>();
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    const events = readRunLog(path);
    const start = events.find((event) => event.event === "start");
    if (start?.event !== "start" || !isWhole(start, events)) continue;
    const variant = basename(name, ".jsonl").replace(/\.seed-\d+$/, "");
    byVariant.set(variant, [...(byVariant.get(variant) ?? []), { path, start, events }]);
  }
  return [...byVariant].map(([variant, ended]) => collected(variant, ended));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".jsonl"))
      .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  } catch {
    throw new FileError(`collectRuns: a folder of logs must be there, got ${folder}; give the folder of your runs`);
  }
}

/** Whether every epoch that was asked for is there. */
function isWhole({ config }: RunStarted, events: readonly RunEvent[]): boolean {
  const last = events.at(-1);
  return last?.event === "end" && events.filter(({ event }) => event === "epoch").length === config.epochs;
}

function collected(variant: string, ended: readonly Ended[]): CollectedRow {
  const [first] = ended;
  const { measure } = first.start.score;
  const shared = (config: TrainConfig): unknown => ({ ...savedConfig(config), seed: 0, notes: {} });
  for (const { path, start } of ended)
    if (!isDeepStrictEqual(shared(start.config), shared(first.start.config)))
      throw new FileError(
        `collectRuns: runs of one name must differ in nothing but their seed, got other settings in ${path} than in ` +
          `${first.path}; give it a name of its own`,
      );
  const runs = ended.map(({ start, events, path }) => ({ seed: start.config.seed, path, events }));
  const done = runs.map(({ seed, events }) => ({ variant, seed, ...outcome(events, measure) }));
  return { ...rowOf(variant, done, first.start.config), measure, runs };
}

/**
 * A score between 0 and 1 as a table has it: "73.2 % (72.1 to 74.3, 3 runs)", with the interval in which the true mean
 * lies at 95 %; "73.2 % (one run)"; "not run" where there is no row.
 */
export function scoreText(row: Pick<SweepRow, "mean" | "interval" | "scores"> | undefined): string {
  if (row === undefined) return "not run";
  const percent = (share: number): string => (100 * share).toFixed(1);
  const { mean, interval, scores } = row;
  const sure =
    interval === null ? "one run" : `${percent(interval[0])} to ${percent(interval[1])}, ${scores.length} runs`;
  return `${percent(mean)} % (${sure})`;
}
