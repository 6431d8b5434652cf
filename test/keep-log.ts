/**
 * A run's log as the repository keeps it: every tenth step, no paths of a machine, and what is needed to run it again:
 *
 *     npm run keep-log -- RUN_FOLDER NAME.seed-N.jsonl FACTS
 *
 * FACTS is JSON such as {"command": "npx axial-lab train ...", "commit": "...", "processorSeconds": 540}; commit and processor
 * are found out where they are not given.
 */
import { spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { writeFileAtomically } from "../src/core/atomic-file.js";
import { AxialError, ConfigError } from "../src/core/errors.js";
import { packageFolder } from "../src/core/version.js";
import { readRunLog, type RunEvent } from "../src/training/index.js";

/** What a log says beside its events. */
export interface LogFacts {
  /** How to run it again. */
  readonly command: string;
  /** Seconds that all of its threads spent on the processor: what it cost where it shared the machine. */
  readonly processorSeconds?: number;
  /** Of a trial: what was expected before it ran. */
  readonly expected?: string;
  /** The trial that it differs from in one thing. */
  readonly beside?: string;
  readonly commit?: string;
  readonly processor?: string;
}

/** Writes the kept form of the log of a run's folder to `path`. */
export async function keepLog(folder: string, path: string, facts: LogFacts): Promise<void> {
  const events = readRunLog(join(folder, "log.jsonl")).flatMap((event): RunEvent[] => {
    if (event.event === "step") return event.step % 10 === 0 ? [event] : [];
    if (event.event !== "start") return [event];
    const notes = { ...facts, commit: facts.commit ?? commit(), processor: facts.processor ?? cpus()[0].model };
    return [{ ...event, config: { ...event.config, notes } }];
  });
  await mkdir(dirname(path), { recursive: true });
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join("");
  await writeFileAtomically(path, [new TextEncoder().encode(text)]);
}

/** Of the files that run; with a plus sign where they have been changed since. */
function commit(): string {
  const git = (...words: string[]) => spawnSync("git", words, { cwd: packageFolder, encoding: "utf8" }).stdout.trim();
  return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+");
}

if (require.main === module) {
  const [folder, path, facts] = process.argv.slice(2);
  Promise.resolve()
    .then(() => {
      if (facts === undefined)
        throw new ConfigError(
          "keep-log: a run's folder, a file and facts must be given, got fewer; npm run keep-log -- RUN_FOLDER LOG FACTS",
        );
      return keepLog(folder, path, JSON.parse(facts) as LogFacts);
    })
    .catch((error: unknown) => {
      console.error(error instanceof AxialError ? error.message : error);
      process.exitCode = error instanceof ConfigError ? 2 : 1;
    });
}
