/** The same training in variants, with several seeds each: what an ablation is made of. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { csvLine } from "../core/csv.js";
import { ConfigError } from "../core/errors.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";
import type { Batch, ImageBatch } from "../data/dataset.js";
import type { ResNetConfig } from "../models/index.js";
import { isModel, resolveConfig, resolveTask, type RunDefinition, type TrainConfig } from "./config.js";
import type { RunEvent } from "./events.js";
import type { TrainOptions } from "./options.js";
import { readRunLog } from "./run-log.js";
import { outcome, rowOf, type SweepRow, type SweepRun } from "./run-rows.js";
import type { Evaluation, ModelConfig } from "./task.js";
import { train } from "./train.js";

/** What a variant may change: everything but what the sweep itself decides. */
export type SweepSettings<B extends Batch, E extends Evaluation, M extends ModelConfig> = Omit<
  TrainOptions<B, E, M>,
  "out" | "resume" | "seed" | "signal"
>;

/** What the runs of a sweep have in common, and what varies. */
export interface SweepOptions<
  B extends Batch = ImageBatch,
  E extends Evaluation = Evaluation,
  M extends ModelConfig = ResNetConfig,
> {
  /** What all runs have in common. The model is a name or a configuration: each run builds its own. */
  base: SweepSettings<B, E, M>;
  /** By the variant's name what it changes; `{}` is the base itself. */
  vary: Readonly<Record<string, Partial<SweepSettings<B, E, M>>>>;
  /** A run for each variant and seed. Default: 1, 2, 3. */
  seeds?: readonly number[];
  /** Folder for the runs, `VARIANT/seed-N` each: done ones are not run again, begun ones are resumed. Default: none kept. */
  out?: string;
  /** Stops after the step at hand, to go on later where there is an `out`. Default: none. */
  signal?: AbortSignal;
  /** After each run. Default: nobody is told. */
  onRun?: (run: SweepRun) => void;
}

/** What a sweep found. */
export interface SweepResult {
  /** In the order of `vary`; of an interrupted sweep those variants that have a score. */
  readonly rows: readonly SweepRow[];
  /** What the scores are of, such as `top1`. */
  readonly measure: string;
  /** The rows with one column a seed. */
  readonly csv: string;
  /** What `widgets.costCurves` takes: a point a variant, its mean over parameters and multiply-adds. */
  readonly points: readonly { series: string; label: string; values: Record<string, number> }[];
  readonly interrupted: boolean;
}

const keys: KeysOf<SweepOptions<Batch, Evaluation, ModelConfig>> = {
  base: true,
  vary: true,
  seeds: true,
  out: true,
  signal: true,
  onRun: true,
};

/**
 * Trains every variant with every seed, one after the other, and compares the scores of their last epochs (not of their
 * best ones, which would be chosen on the images that they are measured on).
 *
 *     const { rows } = await sweep({
 *       base: { model: config, data, epochs: 5 },
 *       vary: { all: {}, "no key positions": { model: withoutKeys } },
 *       seeds: [1, 2, 3],
 *       out: "runs/positions",
 *     });
 *
 * The interval is Student's, at 95 %, over the seeds.
 *
 * @throws ConfigError for options, all checked before the first run, and where `out` holds a run of other settings
 * @throws what {@link train} throws
 */
export async function sweep<
  B extends Batch = ImageBatch,
  E extends Evaluation = Evaluation,
  M extends ModelConfig = ResNetConfig,
>(options: SweepOptions<B, E, M>): Promise<SweepResult> {
  assertKnownKeys<object>("sweep", options, keys);
  const { base, vary, seeds = [1, 2, 3], out, signal, onRun } = options;
  const variants = Object.keys(vary);
  if (variants.length === 0 || seeds.length === 0) {
    throw new ConfigError(`sweep: needs a variant and a seed, got ${variants.length} and ${seeds.length}; give both`);
  }
  const folders = variants.map((name) => name.replace(/[^\w.-]+/g, "-"));
  const twice = folders.findIndex((folder, i) => folders.indexOf(folder) !== i);
  if (twice >= 0) {
    throw new ConfigError(
      `sweep: variants need names of their own, got ${variants[twice]} twice but for signs; rename it`,
    );
  }
  const plan = variants.map((variant, i) => ({
    variant,
    folder: folders[i],
    runs: seeds.map((seed) => ({ ...base, ...vary[variant], seed })),
  }));
  const configs = plan.map(({ runs }) => runs.map(assertBuildable));
  const task = resolveTask(base);

  const rows: SweepRow[] = [];
  let interrupted = false;
  for (const [i, { variant, folder, runs }] of plan.entries()) {
    const done: SweepRun[] = [];
    for (const [j, run] of runs.entries()) {
      if (interrupted) break;
      const place = out === undefined ? undefined : join(out, folder, `seed-${run.seed}`);
      const events = finished(place, configs[i][j]) ?? (await trainOne(run, place, signal));
      if (events === null) {
        interrupted = true;
        break;
      }
      const one = { variant, seed: run.seed, ...outcome(events, task.score.measure) };
      done.push(one);
      onRun?.(one);
    }
    if (done.length > 0) rows.push(rowOf(variant, done, configs[i][0]));
  }
  const { measure } = task.score;
  return { rows, measure, csv: csvOf(rows, seeds, measure), points: pointsOf(rows, measure), interrupted };
}

function assertBuildable<B extends Batch, E extends Evaluation, M extends ModelConfig>(
  run: RunDefinition<B, E, M>,
): TrainConfig {
  if (run.model === undefined || isModel(run.model)) {
    throw new ConfigError(
      "sweep: model must be a name or a configuration, got one built or none; each run builds its own",
    );
  }
  return resolveConfig(run);
}

/** The log of a run that is done; null where it is not. */
function finished(folder: string | undefined, config: TrainConfig): readonly RunEvent[] | null {
  const path = folder === undefined ? "" : join(folder, "log.jsonl");
  if (!existsSync(path)) return null;
  const events = readRunLog(path);
  const [start, end] = [events.find(({ event }) => event === "start"), events.at(-1)];
  if (end?.event !== "end" || end.reason === "interrupted" || start?.event !== "start") return null;
  const plain = (config: TrainConfig): unknown => JSON.parse(JSON.stringify({ ...config, notes: {} }));
  if (isDeepStrictEqual(plain(start.config), plain(config))) return events;
  throw new ConfigError(`sweep: out holds a run of other settings, got ${path}; give another folder`);
}

/** The events of a run, begun or resumed; null where the signal ended it. */
async function trainOne<B extends Batch, E extends Evaluation, M extends ModelConfig>(
  run: TrainOptions<B, E, M>,
  folder: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly RunEvent[] | null> {
  const begun = folder !== undefined && existsSync(join(folder, "last.safetensors"));
  const result = await train({ ...run, ...(begun ? { resume: folder } : { out: folder }), signal });
  result.model.dispose();
  return result.interrupted ? null : result.events;
}

function csvOf(rows: readonly SweepRow[], seeds: readonly number[], measure: string): string {
  const header = ["variant", "parameters", "multiplyAdds", measure, "deviation", "low", "high", "seconds"];
  return [
    csvLine([...header, ...seeds.map((seed) => `seed ${seed}`)]),
    ...rows.map(({ variant, parameters, multiplyAdds, mean, deviation, interval, seconds, scores }) =>
      csvLine([variant, parameters, multiplyAdds, mean, deviation, interval?.[0], interval?.[1], seconds, ...scores]),
    ),
  ].join("");
}

const pointsOf = (rows: readonly SweepRow[], measure: string): SweepResult["points"] =>
  rows.map(({ variant, parameters, multiplyAdds, mean }) => ({
    series: variant,
    label: variant,
    values: { parameters, ...(multiplyAdds !== null && { multiplyAdds }), [measure]: mean },
  }));
