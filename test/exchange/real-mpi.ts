/**
 * Trains over real MPI libraries: an optional job, `node dist/test/exchange/real-mpi.js [--kills COUNT] [MPIEXEC ...]`, by default
 * every `mpiexec` on the path (`mpiexec`, `mpiexec.mpich`, `mpiexec.openmpi`). For each: 1, 2 and 3 ranks, twice, which must give
 * the same bits; 50 steps of 2 and 3 ranks whose norms see all images, which must be those of one process within 1e-5; a rank that is killed at a random moment, ten times or COUNT, which must end all within seconds and leave a checkpoint
 * that resumes. Ends with the line `N passed, N failed`.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { packageFolder } from "../../src/core/version.js";
import { readRunLog } from "../../src/training/index.js";

const main = join(packageFolder, "dist", "src", "cli", "main.js");
const folder = mkdtempSync(join(tmpdir(), "real-mpi-"));
const settings = ["--images", "72:24", "--size", "32", "--batch", "6", "--seed", "3", "--threads", "1"];
let passed = 0;
let failed = 0;

function check(title: string, holds: boolean, details = ""): void {
  if (holds) passed++;
  else failed++;
  console.log(`${holds ? "ok" : "NOT OK"}  ${title}${holds ? "" : `  ${details}`}`);
}

/** Open MPI refuses root and more ranks than cores unless told. */
function flagsOf(launcher: string): string[] {
  const { stdout } = spawnSync(launcher, ["--version"], { encoding: "utf8" });
  return /Open MPI|OpenRTE/.test(stdout) ? ["--allow-run-as-root", "--oversubscribe"] : [];
}

const trainWith = (launcher: string, ranks: number, run: string, ...more: string[]): string[] => [
  ...flagsOf(launcher),
  ...["-n", String(ranks), process.execPath, main, "train", ...settings],
  ...(existsSync(join(run, "last.safetensors")) ? ["--resume", run] : ["--out", run]),
  ...more,
];

/** Of all tensors; the header before them tells how long the run took. */
function digest(run: string): string {
  const file = readFileSync(join(run, "last.safetensors"));
  const start = 8 + Number(file.readBigUInt64LE(0));
  return createHash("sha256").update(file.subarray(start)).digest("hex");
}

function repeats(launcher: string, ranks: number): void {
  const runs = ["a", "b"].map((name) => join(folder, `${launcher.replaceAll("/", "_")}-${ranks}-${name}`));
  for (const run of runs) {
    const { status, stderr } = spawnSync(launcher, trainWith(launcher, ranks, run, "--epochs", "2"), {
      encoding: "utf8",
      timeout: 240_000,
    });
    check(`${launcher}: ${ranks} ranks train`, status === 0, stderr.slice(-300));
    if (status !== 0) return;
  }
  check(`${launcher}: ${ranks} ranks give the same bits twice`, digest(runs[0]) === digest(runs[1]));
}

/** The losses of 50 steps of 6 images, which the ranks share. */
function lossesOf(run: string, command: string, args: readonly string[]): number[] | null {
  const more = ["--epochs", "5", "--optimizer", "sgd", "--lr", "0.01", "--average", "0", "--norms-see", "all"];
  const { status, stderr } = spawnSync(command, [...args, main, "train", ...settings, "--out", run, ...more], {
    encoding: "utf8",
    timeout: 240_000,
  });
  if (status !== 0) console.log(stderr.slice(-300));
  if (status !== 0) return null;
  const events = readRunLog(join(run, "log.jsonl"));
  return events.flatMap((event) => (event.event === "step" ? [event.loss] : [])).slice(0, 50);
}

function agreesWithOne(launcher: string, ranks: number, alone: readonly number[] | null): void {
  const run = join(folder, `${launcher.replaceAll("/", "_")}-${ranks}-synchronized`);
  const losses = lossesOf(run, launcher, [...flagsOf(launcher), "-n", String(ranks), process.execPath]);
  const furthest = losses?.reduce((most, loss, i) => Math.max(most, Math.abs(loss / (alone?.[i] ?? NaN) - 1)), 0);
  check(
    `${launcher}: ${ranks} ranks take the 50 steps of one process, to ${furthest?.toExponential(1)}`,
    losses?.length === 50 && furthest !== undefined && furthest < 1e-5,
  );
}

async function survivesKill(launcher: string, attempt: number): Promise<void> {
  const run = join(folder, `${launcher.replaceAll("/", "_")}-killed-${attempt}`);
  const child = spawn(launcher, trainWith(launcher, 2, run, "--epochs", "40"), { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  while (!existsSync(join(run, "last.safetensors")) && child.exitCode === null) await wait(100);
  await wait(Math.random() * 2000);
  const ranks = ranksOf(run);
  if (ranks.length > 0) process.kill(ranks[Math.floor(Math.random() * ranks.length)], "SIGKILL");
  const inTime = await Promise.race([ended.then(() => true), wait(20_000).then(() => false)]);
  if (!inTime) child.kill("SIGKILL");
  await wait(300);
  check(`${launcher}: a killed rank ends all (${attempt})`, inTime && ranksOf(run).length === 0);
  const resumed = spawnSync(process.execPath, [main, "evaluate", run], { encoding: "utf8", timeout: 120_000 });
  check(`${launcher}: what was saved before is whole (${attempt})`, resumed.status === 0, resumed.stderr.slice(-300));
}

/** Processes that train this run, but for the launcher and its helpers, whose arguments name it too. */
function ranksOf(run: string): number[] {
  const lines = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
  return lines
    .filter((line) => line.trim().split(/\s+/)[1] === process.execPath && line.includes(main) && line.includes(run))
    .map((line) => Number.parseInt(line, 10));
}

async function all(launchers: readonly string[], kills: number): Promise<void> {
  const alone = lossesOf(join(folder, "alone"), process.execPath, []);
  for (const launcher of launchers) {
    for (const ranks of [1, 2, 3]) repeats(launcher, ranks);
    for (const ranks of [2, 3]) agreesWithOne(launcher, ranks, alone);
    for (let attempt = 1; attempt <= kills; attempt++) await survivesKill(launcher, attempt);
  }
  rmSync(folder, { recursive: true });
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

const { values, positionals: given } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: "string", default: "10" } },
});
const found = ["mpiexec", "mpiexec.mpich", "mpiexec.openmpi"].filter(
  (name) => spawnSync(name, ["--version"]).status === 0,
);
void all(given.length > 0 ? given : found, Number(values.kills));
