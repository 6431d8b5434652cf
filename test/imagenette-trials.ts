/**
 * Trials of Imagenette's recipe: short runs that are compared on a fifth of the training images, never on those for validation.
 * What each was expected to bring stands beside it and goes into its log:
 *
 *     npm run imagenette-trials -- ARCHIVE RUNS LOGS TRIAL [SEED ...]
 *
 * ARCHIVE is a local archive or folder of Imagenette; RUNS a folder for checkpoints and whole logs; LOGS that of the logs that
 * are kept, `notebooks/results/imagenette-128/trials`. Done runs are not run again. Seeds default to 1.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { AxialError, ConfigError } from "../src/core/errors.js";
import { imagenette, type Augmentation, type AugmentationPreset } from "../src/data/index.js";
import * as engine from "../src/engine/index.js";
import type { ResNetConfig } from "../src/models/index.js";
import { classification, train, type TrainSettings } from "../src/training/index.js";
import { trials } from "./imagenette-trial-list.js";
import { keepLog } from "./keep-log.js";

/** What a trial is: everything that differs from the base. */
export interface Trial {
  /** What was expected before it ran. */
  readonly expected: string;
  /** The trial that it differs from in one thing. */
  readonly beside?: string;
  readonly settings?: TrainSettings;
  readonly model?: ResNetConfig;
  readonly augmentation?: AugmentationPreset | Partial<Augmentation>;
  readonly task?: Parameters<typeof classification>[0];
}

async function run(archive: string, runs: string, logs: string, name: string, seed: number): Promise<void> {
  const { expected, beside, settings, model, augmentation = "light", task } = trials[name];
  const variant = `${name}.seed-${seed}`;
  const out = join(runs, variant);
  if (existsSync(join(out, "log.jsonl"))) return;
  const data = await imagenette({ from: archive, augmentation, holdOut: 0.2, threads: 1 });
  const before = process.cpuUsage();
  const result = await train({
    ...settings,
    model,
    data,
    task: classification(task),
    seed,
    out,
    checkpointEvery: { minutes: 60 },
  });
  result.model.dispose();
  const { user, system } = process.cpuUsage(before);
  await data.close();
  await keepLog(out, join(logs, `${variant}.jsonl`), {
    expected,
    ...(beside !== undefined && { beside }),
    command: `npm run imagenette-trials -- ARCHIVE RUNS LOGS ${name} ${seed}`,
    processorSeconds: (user + system) / 1e6,
  });
  console.log(
    `${variant}: ${(100 * (result.best?.score ?? 0)).toFixed(1)} % at best, ${((user + system) / 1e6).toFixed(0)} s of processor`,
  );
}

async function all([archive, runs, logs, name, ...seeds]: readonly string[]): Promise<void> {
  if (name === undefined || !Object.hasOwn(trials, name))
    throw new ConfigError(
      `imagenette-trials: a trial must be named, got ${name ?? "none"}; npm run imagenette-trials -- ARCHIVE RUNS LOGS TRIAL, ` +
        `one of ${Object.keys(trials).join(", ")}`,
    );
  await engine.start({ threads: 1 });
  for (const seed of seeds.length > 0 ? seeds : ["1"]) await run(archive, runs, logs, name, Number(seed));
  await engine.stop();
}

if (require.main === module)
  all(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof AxialError ? error.message : error);
    process.exitCode = error instanceof ConfigError ? 2 : 1;
  });
