/**
 * How much faster several processes of one thread train than one, and than one process of as many threads:
 * `node dist/test/bench/ranks.js [--mpiexec PATH] [--ranks COUNT] [--size SIDE] [--model NAME] [--rounds COUNT] [--json FILE]`. All
 * share the same batch, so each rank has less of it; images are generated. Each of the rounds, three by default, measures
 * everything; ratios are to the one process of the same round. The share of time in the exchange is rank 0's, waiting for the
 * others included; the share overlapped is of the gradient, summed while the backward pass went on.
 *
 * Two more rows tell what no exchange can give: one process with a rank's part of the batch, times the ranks (what smaller
 * batches cost), and as many such processes at once that know nothing of each other (what the machine has for them).
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { packageFolder } from "../../src/core/version.js";
import { readRunLog } from "../../src/training/index.js";

const { values: options } = parseArgs({
  options: {
    mpiexec: { type: "string", default: "mpiexec" },
    ranks: { type: "string", default: "2" },
    size: { type: "string" },
    model: { type: "string", default: "axial-resnet-26-s" },
    rounds: { type: "string", default: "3" },
    json: { type: "string" },
  },
});
const ranks = Number(options.ranks);
const work = [
  { size: 64, batch: 64, steps: 12 },
  { size: 128, batch: 32, steps: 9 },
].filter(({ size }) => options.size === undefined || size === Number(options.size));
/** Compile, allocate and find the fastest way. */
const warmUpSteps = 3;

interface Speed {
  readonly imagesPerSecond: number;
  /** Shares of the time; 0 where there is no exchange. */
  readonly exchanging: number;
  readonly overlapped: number;
}

type Work = (typeof work)[number];

/** Of `processes` ranks that share the work. */
async function speedOf(processes: number, threads: number, { size, batch, steps }: Work): Promise<Speed> {
  const out = mkdtempSync(join(tmpdir(), "bench-ranks-"));
  const main = join(packageFolder, "dist", "src", "cli", "main.js");
  const command = [process.execPath, main, "train", "--out", join(out, "run"), "--epochs", "1", "--seed", "1"];
  command.push("--model", options.model, "--size", String(size), "--batch", String(batch));
  command.push("--images", `${batch * steps}:${ranks}`, "--threads", String(threads));
  const [program, ...args] = processes === 1 ? command : [options.mpiexec, ...launcherFlags(processes), ...command];
  try {
    await promisify(execFile)(program, args);
    const events = readRunLog(join(out, "run", "log.jsonl"));
    const done = events.filter((event) => event.event === "step").slice(warmUpSteps);
    const sum = (of: (step: (typeof done)[number]) => number): number =>
      done.reduce((total, step) => total + of(step), 0);
    const seconds = sum(({ imagesPerSecond }) => batch / imagesPerSecond);
    // The median of the steps: other work of the machine holds up single ones.
    return {
      imagesPerSecond: median(done.map(({ imagesPerSecond }) => imagesPerSecond)),
      exchanging: sum(({ exchanging = 0 }) => exchanging) / seconds,
      overlapped: sum(({ overlapped = 0 }) => overlapped) / done.length,
    };
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** A rank's part of the batch in one process, as if that were done everywhere at once. */
async function partTimesRanks(task: Work): Promise<Speed> {
  const one = await speedOf(1, 1, partOf(task));
  return { ...one, imagesPerSecond: ranks * one.imagesPerSecond };
}

/** The same really done at once, in processes of which none waits for another. */
async function apart(task: Work): Promise<Speed> {
  const each = await Promise.all(Array.from({ length: ranks }, () => speedOf(1, 1, partOf(task))));
  return { ...each[0], imagesPerSecond: each.reduce((sum, { imagesPerSecond }) => sum + imagesPerSecond, 0) };
}

const partOf = (task: Work): Work => ({ ...task, batch: task.batch / ranks });

/** Open MPI refuses root unless told, and keeps a rank of its own on one core unless told. */
function launcherFlags(processes: number): string[] {
  const { stdout } = spawnSync(options.mpiexec, ["--version"], { encoding: "utf8" });
  const open = /Open MPI|OpenRTE/.test(stdout) ? ["--allow-run-as-root", "--oversubscribe"] : [];
  return [...open, "-n", String(processes)];
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

async function all(): Promise<void> {
  const machine = `${cpus()[0].model.trim()}, ${availableParallelism()} logical cores, Node ${process.version}`;
  console.log(machine);
  const results = [];
  for (const task of work) {
    console.log(`${options.model}, ${task.size} px, ${task.batch} images a step`);
    const runs: readonly (readonly [what: string, run: () => Promise<Speed>])[] = [
      ["1 process x 1 thread", () => speedOf(1, 1, task)],
      [`${ranks} ranks x 1 thread`, () => speedOf(ranks, 1, task)],
      [`${ranks} processes apart`, () => apart(task)],
      [`1 process with 1 / ${ranks} of the batch, times ${ranks}`, () => partTimesRanks(task)],
      [`1 process x ${ranks} threads`, () => speedOf(1, ranks, task)],
    ];
    const rounds: Speed[][] = [];
    while (rounds.length < Number(options.rounds)) {
      const speeds: Speed[] = [];
      for (const [, run] of runs) speeds.push(await run());
      rounds.push(speeds);
    }
    results.push({ model: options.model, ...task, runs: runs.map(([what]) => what), rounds });
    for (const [index, [what]] of runs.entries()) {
      const of = (value: (speed: Speed) => number): number => median(rounds.map((round) => value(round[index])));
      const ratios = rounds.map((round) => round[index].imagesPerSecond / round[0].imagesPerSecond);
      const [ratio, least, most] = [median(ratios), Math.min(...ratios), Math.max(...ratios)].map((x) => x.toFixed(2));
      const exchanging = of((speed) => speed.exchanging);
      const exchange = `, exchange ${percent(exchanging)}, overlapped ${percent(of((speed) => speed.overlapped))}`;
      const speed = of(({ imagesPerSecond }) => imagesPerSecond).toFixed(1);
      console.log(`  ${what}: ${speed} images/s, ${ratio}x (${least} to ${most})${exchanging > 0 ? exchange : ""}`);
    }
  }
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify({ machine, results }, null, 2));
}

void all();
