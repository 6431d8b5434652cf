/**
 * Takes finished runs of the plan `notebooks/results/imagenette-64/plan.json` into the results:
 *
 *     npm run imagenette-results -- FOLDER [FOLDER ...]
 *
 * A folder holds logs VARIANT.seed-N.jsonl, or folders VARIANT.seed-N with the log.jsonl that `axial-lab train --out` wrote.
 * Logs that are done and of a network of the plan are copied beside the plan, all others named. Then what is made of them is
 * made anew where it lies: the notebook of results, chapters 6, 7 and 13, and the README's tables. Without a folder only
 * the latter.
 */
import { copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { writeFileAtomically } from "../src/core/atomic-file.js";
import { AxialError, FileError } from "../src/core/errors.js";
import { packageFolder } from "../src/core/version.js";
import { readNotebook, writeNotebook } from "../src/notebook/file.js";
import { runNotebook } from "../src/notebook/run.js";
import { plannedRuns } from "../src/training/index.js";
import { copyLog } from "./helpers/kept-log.js";
import { readmePath, regenerate } from "./readme.js";

const notebooks = join(packageFolder, "notebooks");
const results = join(notebooks, "results", "imagenette-64");

/** What shows the runs. */
const shows = [
  join("results", "imagenette-64.ipynb"),
  "06-axial-resnet.ipynb",
  "07-what-each-part-brings.ipynb",
  "13-what-of-the-paper-is-here.ipynb",
];

interface FoundLog {
  /** VARIANT.seed-N.jsonl */
  readonly name: string;
  readonly path: string;
}

/** The logs of a folder, flat or in a folder each. */
export function findLogs(folder: string): FoundLog[] {
  if (!existsSync(folder))
    throw new FileError(
      `imagenette-results: a folder of runs must be there, got ${folder}; give the folder of your runs`,
    );
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): FoundLog[] => {
    const own = join(folder, entry.name, "log.jsonl");
    if (entry.isDirectory()) return existsSync(own) ? [{ name: `${entry.name}.jsonl`, path: own }] : [];
    return entry.name.endsWith(".jsonl") ? [{ name: entry.name, path: join(folder, entry.name) }] : [];
  });
}

/** What became of the logs that were found. */
export interface TakenLogs {
  readonly taken: readonly string[];
  /** Name and reason. */
  readonly left: readonly string[];
}

/**
 * Copies the logs that are done and belong to the plan of `into`. All are checked before the first is copied, in a copy of
 * the plan's folder; throws FileError where one contradicts its name or the other seeds.
 */
export function takeLogs(folders: readonly string[], into: string): TakenLogs {
  const found = folders.flatMap(findLogs);
  const planned = new Set(plannedRuns(into).rows.map(({ variant }) => variant));
  const isPlanned = ({ name }: FoundLog): boolean => planned.has(name.replace(/\.seed-\d+\.jsonl$/, ""));
  const stage = mkdtempSync(join(tmpdir(), "axial-results-"));
  try {
    cpSync(into, stage, { recursive: true });
    for (const log of found.filter(isPlanned)) copyLog(log.path, join(stage, log.name));
    const done = new Set(
      plannedRuns(stage).rows.flatMap(({ row }) => row?.runs.map(({ path }) => basename(path)) ?? []),
    );
    const whole = found.filter((log) => isPlanned(log) && done.has(log.name));
    for (const log of whole) copyFileSync(join(stage, log.name), join(into, log.name));
    const left = found.filter((log) => !whole.includes(log));
    return {
      taken: whole.map(({ name }) => name),
      left: left.map((log) => `${log.name} (${isPlanned(log) ? "not done" : "not in the plan"})`),
    };
  } finally {
    rmSync(stage, { recursive: true });
  }
}

async function refresh(): Promise<void> {
  for (const name of shows) {
    const path = join(notebooks, name);
    const { notebook, failure } = await runNotebook(await readNotebook(path), { folder: dirname(path) });
    if (failure)
      throw new FileError(`imagenette-results: ${name} failed, ${failure.error.evalue}; it is left as it was`);
    await writeNotebook(path, notebook);
    console.log(`wrote ${name}`);
  }
  await writeFileAtomically(readmePath, [Buffer.from(regenerate(readFileSync(readmePath, "utf8")))]);
  console.log("wrote README.md");
}

async function all(folders: readonly string[]): Promise<void> {
  const { taken, left } = takeLogs(folders, results);
  for (const name of taken) console.log(`took ${name}`);
  for (const line of left) console.log(`left ${line}`);
  await refresh();
}

if (require.main === module)
  all(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof AxialError ? error.message : error);
    process.exitCode = 1;
  });
