/**
 * Trains over real MPI libraries: an optional job, `node dist/test/exchange/real-mpi.js [MPIEXEC ...]`, by default every
 * `mpiexec` on the path (`mpiexec`, `mpiexec.mpich`, `mpiexec.openmpi`). For each: 1, 2 and 3 ranks, twice, which must give the
 * same bits; a rank that is killed at a random moment, ten times, which must end all within seconds and leave a checkpoint
 * that resumes. Ends with the line `N passed, N failed`.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { packageFolder } from "../../src/core/version.js";

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

const digest = (run: string): string =>
  createHash("sha256")
    .update(readFileSync(join(run, "last.safetensors")))
    .digest("hex");

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

/** Processes that train this run, but for the launcher. */
function ranksOf(run: string): number[] {
  const lines = execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" }).split("\n");
  return lines
    .filter(
      (line) =>
        line.includes(main) && line.includes(run) && line.includes(process.execPath) && !line.includes("mpiexec"),
    )
    .filter((line) => !line.includes("hydra"))
    .map((line) => Number.parseInt(line, 10));
}

async function all(launchers: readonly string[]): Promise<void> {
  for (const launcher of launchers) {
    for (const ranks of [1, 2, 3]) repeats(launcher, ranks);
    for (let attempt = 1; attempt <= 10; attempt++) await survivesKill(launcher, attempt);
  }
  rmSync(folder, { recursive: true });
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

const given = process.argv.slice(2);
const found = ["mpiexec", "mpiexec.mpich", "mpiexec.openmpi"].filter(
  (name) => spawnSync(name, ["--version"]).status === 0,
);
void all(given.length > 0 ? given : found);
