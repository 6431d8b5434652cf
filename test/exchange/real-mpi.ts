/**
 * Trains over real MPI libraries: an optional job, `node dist/test/exchange/real-mpi.js [--kills COUNT] [MPIEXEC ...]`, by default
 * every `mpiexec` on the path (`mpiexec`, `mpiexec.mpich`, `mpiexec.openmpi`). For each: sums of all lengths, under way together;
 * 1, 2 and 3 ranks, twice, which must give the same bits; 50 steps of 2 and 3 ranks whose norms see all images, which must be
 * those of one process within 1e-5; no library, another library, and the library of each other MPI, of which all ranks must
 * speak; a rank that is killed at a random moment, ten times or COUNT, which must end all within seconds and leave a
 * checkpoint that can be used. Ends with the line `N passed, N failed`.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { packageFolder } from "../../src/core/version.js";
import { openExchange } from "../../src/exchange/index.js";
import { readRunLog } from "../../src/training/index.js";

const main = join(packageFolder, "dist", "src", "cli", "main.js");
const folder = mkdtempSync(join(tmpdir(), "real-mpi-"));
/** For a machine that has other work: a rank that waits for one that is not served is no fault. */
const patience = 240_000;
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

/** The library is looked for beside the `mpiexec` on the path: one that was given by its own path comes first there. */
function environmentOf(launcher: string): NodeJS.ProcessEnv {
  const folder = dirname(launcher);
  return folder === "." ? process.env : { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH ?? ""}` };
}

/** Runs to its end. */
const runWith = (launcher: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
  spawnSync(launcher, args, { encoding: "utf8", timeout: patience, env: { ...environmentOf(launcher), ...more } });

const trainWith = (launcher: string, ranks: number, folder: string, ...more: string[]): string[] => [
  ...flagsOf(launcher),
  ...["-n", String(ranks), process.execPath, main, "train", ...settings],
  ...(existsSync(join(folder, "last.safetensors")) ? ["--resume", folder] : ["--out", folder]),
  ...more,
];

/** What sums begun together come to on each rank; run by `mpiexec` as `real-mpi.js --sums`. */
async function sums(): Promise<void> {
  const exchange = openExchange();
  const { rank, size } = exchange;
  const arrays = [1, 3, 17, 1031, 262_147, 1_000_003].map((length, i) =>
    new Float32Array(new ArrayBuffer(4 * length)).fill(rank + 1 + 10 * i),
  );
  const underWay = arrays.map((array) => exchange.beginSum(array));
  const small = [Float64Array.of(rank, 0.5), Float32Array.of(2, rank)];
  exchange.sumAtOnce(small);
  for (const sum of underWay.reverse()) await sum.end();
  const told = Float32Array.of(rank + 5);
  await exchange.broadcast([told]);
  await exchange.barrier();
  const ranks = (size * (size - 1)) / 2;
  const right =
    arrays.every((array, i) => array.every((value) => value === ranks + size * (1 + 10 * i))) &&
    isDeepStrictEqual(small, [Float64Array.of(ranks, 0.5 * size), Float32Array.of(2 * size, ranks)]) &&
    told[0] === 5;
  console.log(right ? "right" : "wrong");
  await exchange.end();
}

function sumsAreRight(launcher: string): void {
  for (const ranks of [2, 3]) {
    const args = [...flagsOf(launcher), "-n", String(ranks), process.execPath, __filename, "--sums"];
    const { stdout, stderr } = runWith(launcher, args);
    const said = stdout.trim().split(/\s+/).sort();
    const right = isDeepStrictEqual(said, new Array<string>(ranks).fill("right"));
    check(`${launcher}: ${ranks} ranks add up`, right, stdout + stderr.slice(-300));
  }
}

/**
 * A library that is not there, and those of the other MPIs: each must end all ranks with a line that says so, or be one that
 * this launcher's processes can speak by after all, as other versions of the same MPI.
 */
function refusesOthers(launcher: string, libraries: readonly string[]): void {
  for (const library of ["/nowhere/libmpi.so.12", ...libraries]) {
    const args = [...flagsOf(launcher), "-n", "2", process.execPath, __filename, "--sums"];
    const { status, stdout, stderr } = runWith(launcher, args, { AXIAL_LAB_MPI: library });
    const said =
      /mpi: (the library of the mpiexec that|the mpiexec of Open MPI must find|mpiexec started 2 processes, got a)/.test(
        stderr,
      );
    if (status === 0) check(`${launcher} with ${library}: speaks by it`, /^right\s+right\s*$/.test(stdout), stdout);
    else check(`${launcher} with ${library}: said, and ended`, said, `${status} ${stderr.slice(-300)}`);
  }
}

/** The library that the processes of a launcher load. */
function libraryOf(launcher: string): string {
  const script = `console.log(require(${JSON.stringify(join(packageFolder, "dist/src/exchange/index.js"))}).describeMpi())`;
  const args = [...flagsOf(launcher), "-n", "1", process.execPath, "-e", script];
  const { stdout } = runWith(launcher, args);
  return /\(([^()]*)\): mpiexec/.exec(stdout)?.[1] ?? "";
}

/** Of all tensors; the header before them tells how long the run took. */
function digest(run: string): string {
  const file = readFileSync(join(run, "last.safetensors"));
  const start = 8 + Number(file.readBigUInt64LE(0));
  return createHash("sha256").update(file.subarray(start)).digest("hex");
}

function repeats(launcher: string, ranks: number): void {
  const runs = ["a", "b"].map((name) => join(folder, `${launcher.replaceAll("/", "_")}-${ranks}-${name}`));
  for (const run of runs) {
    const { status, stderr } = runWith(launcher, trainWith(launcher, ranks, run, "--epochs", "2"));
    check(`${launcher}: ${ranks} ranks train`, status === 0, stderr.slice(-300));
    if (status !== 0) return;
  }
  check(`${launcher}: ${ranks} ranks give the same bits twice`, digest(runs[0]) === digest(runs[1]));
}

/** The losses of 50 steps of 6 images, which the ranks share. */
function lossesOf(run: string, command: string, args: readonly string[]): number[] | null {
  const more = ["--epochs", "5", "--optimizer", "sgd", "--lr", "0.01", "--average", "0", "--norms-see", "all"];
  const { status, stderr } = runWith(command, [...args, main, "train", ...settings, "--out", run, ...more]);
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
  const child = spawn(launcher, trainWith(launcher, 2, run, "--epochs", "40"), {
    stdio: "ignore",
    env: environmentOf(launcher),
  });
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
  const libraries = launchers.map(libraryOf);
  console.log(launchers.map((launcher, i) => `${launcher} loads ${libraries[i]}`).join("\n"));
  for (const [i, launcher] of launchers.entries()) {
    sumsAreRight(launcher);
    refusesOthers(
      launcher,
      libraries.filter((library) => library !== libraries[i]),
    );
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
  options: { kills: { type: "string", default: "10" }, sums: { type: "boolean", default: false } },
});
const found = ["mpiexec", "mpiexec.mpich", "mpiexec.openmpi"].filter(
  (name) => spawnSync(name, ["--version"]).status === 0,
);
void (values.sums ? sums() : all(given.length > 0 ? given : found, Number(values.kills)));
