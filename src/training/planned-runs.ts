/**
 * An experiment of many runs, of which some are done: the plan says which variants and seeds there are to be, the logs
 * beside it what they came to. Tables made of both say by themselves what is missing.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { FileError } from "../core/errors.js";
import { parseJson } from "../core/json.js";
import { collectRuns, type CollectedRow } from "./collect-runs.js";

/** A variant of a plan. */
export interface PlannedVariant {
  /** The name of its logs: `VARIANT.seed-N.jsonl`. */
  readonly variant: string;
  /** What tables call it. */
  readonly title: string;
  /** The network: a name, or the file of a configuration, from the plan's folder. */
  readonly model: string;
  /** Which variants a table puts together, such as "Table 1". Default: none. */
  readonly group?: string;
}

/** A variant and what its runs came to. */
export interface PlannedRow extends PlannedVariant {
  /** Null where no run is done. */
  readonly row: CollectedRow | null;
  /** Seeds of the plan whose run is not done. */
  readonly missing: readonly number[];
}

/** A plan and what is there of it. */
export interface PlannedRuns {
  /** The preset that all runs have in common. */
  readonly preset: string;
  /** Of every variant. */
  readonly seeds: readonly number[];
  /** In the plan's order; after them variants that have logs and stand in no plan. */
  readonly rows: readonly PlannedRow[];
}

interface Plan {
  readonly preset: string;
  readonly seeds: readonly number[];
  readonly variants: readonly PlannedVariant[];
}

/**
 * The plan `plan.json` of a folder and the runs of it that are done (see `collectRuns`).
 *
 *     const { rows } = plannedRuns("results/imagenette-64");
 *     rows.map(({ title, row }) => [title, scoreText(row ?? undefined)]);       // ["ResNet", "68.6 % (one run)"]
 *     missingText(rows);                                    // "axial-resnet-26-m (seeds 1, 2); resnet-26 (seed 2)"
 *
 * @throws FileError where there is no plan, it is none, or a log is of another network than its variant in the plan.
 */
export function plannedRuns(folder: string): PlannedRuns {
  const { preset, seeds, variants } = readPlan(join(folder, "plan.json"));
  const collected = collectRuns(folder);
  const planned = variants.map((variant): PlannedRow => {
    const row = collected.find((one) => one.variant === variant.variant) ?? null;
    if (row !== null) assertModel(folder, variant, row);
    const done = row?.runs.map(({ seed }) => seed) ?? [];
    return { ...variant, row, missing: seeds.filter((seed) => !done.includes(seed)) };
  });
  const known = new Set(variants.map(({ variant }) => variant));
  const others = collected
    .filter(({ variant }) => !known.has(variant))
    .map((row): PlannedRow => ({ variant: row.variant, title: row.variant, model: row.variant, row, missing: [] }));
  return { preset, seeds, rows: [...planned, ...others] };
}

function readPlan(path: string): Plan {
  let plan: Partial<Plan>;
  try {
    plan = parseJson(readFileSync(path, "utf8")) as Partial<Plan>;
  } catch (error) {
    throw new FileError(
      `plannedRuns: a plan must be there as JSON, got ${path} (${(error as Error).message}); write one`,
    );
  }
  const { preset, seeds, variants } = plan;
  const isVariant = ({ variant, title, model }: Partial<PlannedVariant>): boolean =>
    [variant, title, model].every((text) => typeof text === "string");
  const whole =
    typeof preset === "string" &&
    Array.isArray(seeds) &&
    Array.isArray(variants) &&
    (variants as readonly Partial<PlannedVariant>[]).every(isVariant);
  if (!whole)
    throw new FileError(
      `plannedRuns: a plan must have preset, seeds and variants with variant, title and model, got ` +
        `${Object.keys(plan).join(", ") || "nothing"} in ${path}; add what is missing`,
    );
  return { preset, seeds, variants };
}

/** A log under the name of a variant is of its network. */
function assertModel(
  folder: string,
  { variant, model }: PlannedVariant,
  { runs: [{ events, path }] }: CollectedRow,
): void {
  const start = events.find((event) => event.event === "start");
  const expected = model.endsWith(".json") ? parseJson(readFileSync(join(folder, model), "utf8")) : model;
  if (start?.event === "start" && isDeepStrictEqual(start.config.model, expected)) return;
  throw new FileError(
    `plannedRuns: a log must be of the network that the plan names, got another in ${path} than ${model} of ${variant}; ` +
      `name the log for what it is of`,
  );
}

/** The runs of a plan that are not done, by variant; "" where all are: "axial-resnet-26-m (seeds 1, 2); resnet-26 (seed 2)". */
export const missingText = (rows: readonly Pick<PlannedRow, "variant" | "missing">[]): string =>
  rows
    .filter(({ missing }) => missing.length > 0)
    .map(({ variant, missing }) => `${variant} (${missing.length === 1 ? "seed" : "seeds"} ${missing.join(", ")})`)
    .join("; ");
