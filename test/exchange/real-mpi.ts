/**
 * Trains over real MPI libraries: an optional job, `node dist/test/exchange/real-mpi.js [--kills COUNT] [--ends] [MPIEXEC ...]`, by
 * default every `mpiexec` on the path (`mpiexec`, `mpiexec.mpich`, `mpiexec.openmpi`). For each: sums of all lengths, under way together;
 * 1, 2 and 3 ranks, twice, which must give the same bits; 50 steps of 2 and 3 ranks whose norms see all images, which must be
 * those of one process within 1e-5; no library, another library, and the library of each other MPI, of which all ranks must
 * speak; a rank that ends before it has joined the others, which must end all; one Ctrl+C, which must end all after the step with
 * a checkpoint; a rank that is killed at a random moment, ten times or COUNT, which must end all within seconds, be named, leave
 * no process, and cost nothing: resumed, the run ends with the bits of one that nobody killed. `--ends`: how runs end alone.
 * Ends with the line `N passed, N failed`.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { packageFolder } from "../../src/core/version.js";
import { openExchange, readLaunch } from "../../src/exchange/index.js";
import { readCheckpoint, readRunLog } from "../../src/training/index.js";
import { readSafetensors } from "../../src/weights/index.js";

const main = join(packageFolder, "dist", "src", "cli", "main.js");
/** Of the job; the ranks that it starts from this file need none. */
let folder: string;
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

/** `(func (export "f") (result i32) (i32.load (i32.const -4)))` with a page of memory. */
const outOfBounds = "0061736d010000000105016000017f030201000503010001070501016600000a09010700417c2802000b";

/** A library may take the signals by which V8 learns of faults in WebAssembly: then this ends the process. */
function assertFaultsAreExceptions(): void {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(outOfBounds, "hex")));
  try {
    (exports["f"] as () => void)();
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return;
  }
  console.log("no exception");
}

/** What sums begun together come to on each rank; run by `mpiexec` as `real-mpi.js --sums`. */
async function sums(): Promise<void> {
  const exchange = openExchange();
  assertFaultsAreExceptions();
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
    const { status, signal, stderr } = runWith(launcher, trainWith(launcher, ranks, run, "--epochs", "2"));
    check(`${launcher}: ${ranks} ranks train`, status === 0, `${status ?? signal} ${stderr.slice(-300)}`);
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

/** Epochs of the runs that are killed: some seconds, all in all. */
const longer = ["--epochs", "8"];

/** A run that nobody kills. */
interface WholeRun {
  readonly run: string;
  readonly digest: string;
  /** Milliseconds from its first checkpoint to its end. */
  readonly goesOnFor: number;
}

async function wholeRun(launcher: string): Promise<WholeRun | null> {
  const run = join(folder, `${launcher.replaceAll("/", "_")}-whole`);
  const { child, said } = start(launcher, run);
  const ended = once(child, "exit");
  await firstCheckpoint(child, run);
  const from = performance.now();
  const [code, signal] = (await ended) as [number | null, string | null];
  check(`${launcher}: trains the run that others are compared with`, code === 0, `${code ?? signal} ${said().slice(0, 900)}`); // prettier-ignore
  return code === 0 ? { run, digest: digest(run), goesOnFor: performance.now() - from } : null;
}

/** Begins, or goes on with, a run of two ranks, all of whose processes bear its mark. */
function start(launcher: string, run: string, { detached = false } = {}): { child: ChildProcess; said: () => string } {
  const env = { ...environmentOf(launcher), [mark]: run };
  const args = trainWith(launcher, 2, run, ...longer);
  const child = spawn(launcher, args, { stdio: ["ignore", "pipe", "pipe"], env, detached });
  let text = "";
  for (const pipe of [child.stdout, child.stderr])
    pipe.setEncoding("utf8").on("data", (part: string) => (text += part));
  return { child, said: () => text };
}

/** Waits for it; whether the run is still going on then. */
async function firstCheckpoint(child: ChildProcess, run: string): Promise<boolean> {
  const goesOn = (): boolean => child.exitCode === null && child.signalCode === null;
  while (!existsSync(join(run, "last.safetensors")) && goesOn()) await wait(20);
  return goesOn();
}

async function survivesKill(launcher: string, attempt: number, whole: WholeRun): Promise<void> {
  const { digest: right, goesOnFor } = whole;
  const run = join(folder, `${launcher.replaceAll("/", "_")}-killed-${attempt}`);
  const { child, said } = start(launcher, run);
  const ended = once(child, "exit").then(() => true);
  await firstCheckpoint(child, run);
  const after = Math.random() * goesOnFor * 0.8;
  await wait(after);
  if (child.exitCode === 0) {
    // The machine is faster than it was, and the run is over.
    rmSync(run, { recursive: true });
    return survivesKill(launcher, attempt, { ...whole, goesOnFor: goesOnFor / 2 });
  }
  const ranks = processesOf(run).filter(({ args }) => args[0] === process.execPath);
  const title = `${launcher}: a rank killed ${after.toFixed(0)} ms after the first checkpoint (${attempt})`;
  if (ranks.length !== 2) {
    child.kill("SIGKILL");
    return check(title, false, `${ranks.length} ranks were there: ${said().slice(-300)}`);
  }
  const { pid } = ranks[Math.floor(Math.random() * ranks.length)];
  process.kill(pid, "SIGKILL");
  const inTime = await Promise.race([ended, wait(20_000).then(() => false)]);
  if (!inTime) child.kill("SIGKILL");
  await wait(500); // The launcher's helpers may outlive it by a moment.
  const left = processesOf(run).map(({ args }) => args.join(" "));
  check(`${title} ends all, and leaves no process`, inTime && left.length === 0, left.join("; "));
  check(`${title} is named`, new RegExp(`rank \\d+\\b|PID ${pid}\\b`).test(said()), said().slice(-500));

  const { child: again, said: saidAgain } = start(launcher, run);
  const [code] = (await once(again, "exit")) as [number | null];
  const same = code === 0 && digest(run) === right;
  check(`${title} loses nothing: resumed, the run ends with the same bits`, same, saidAgain().slice(-300));
}

/**
 * Tensors that differ. What a checkpoint in mid-epoch holds of running statistics is their mean over the ranks, which go on from
 * it: their means afterwards are those of the other run, added up in another order.
 */
async function differences(one: string, other: string): Promise<string[]> {
  const [a, b] = await Promise.all([one, other].map((run) => readSafetensors(join(run, "last.safetensors"))));
  return [...a.tensors].flatMap(([name, { data }]) => {
    const [here, there] = [data, b.tensors.get(name)!.data].map((values) => Array.from(values, Number));
    const furthest = here.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - there[i]) / Math.max(1, Math.abs(value))),
      0,
    );
    const allowed = /moving_(mean|variance)$/.test(name) ? 1e-6 : 0;
    return furthest <= allowed ? [] : [`${name} by ${furthest.toExponential(1)}`];
  });
}

/** One Ctrl+C, as a terminal gives it to mpiexec and whatever stands in its group. */
async function stopsOnSignal(launcher: string, { run: whole }: WholeRun): Promise<void> {
  const run = join(folder, `${launcher.replaceAll("/", "_")}-stopped`);
  const { child, said } = start(launcher, run, { detached: true });
  const ended = once(child, "exit").then(() => true);
  if (!(await firstCheckpoint(child, run)))
    return check(`${launcher}: trains until Ctrl+C`, false, `${child.exitCode ?? child.signalCode} ${said()}`);
  process.kill(-child.pid!, "SIGINT");
  const inTime = await Promise.race([ended, wait(20_000).then(() => false)]);
  if (!inTime) child.kill("SIGKILL");
  await wait(500);
  const left = processesOf(run);
  check(`${launcher}: Ctrl+C ends all`, inTime && left.length === 0, `${left.length} are left; ${said().slice(-300)}`);
  const { state } = await readCheckpoint(run);
  const events = readRunLog(join(run, "log.jsonl"));
  const steps = events.filter(({ event }) => event === "step").length;
  const saved = state.step === steps;
  check(`${launcher}: Ctrl+C saves the last step, ${state.step}`, saved, `${steps} were taken`);

  const { child: again, said: saidAgain } = start(launcher, run);
  const [code] = (await once(again, "exit")) as [number | null];
  const title = `${launcher}: what Ctrl+C stopped goes on to the same weights, and to the same running statistics but for rounding`;
  const apart = code === 0 ? await differences(run, whole) : [`${code} ${saidAgain().slice(-300)}`];
  check(title, apart.length === 0, apart.join("; "));
}

/** Rank 1 ends before it has joined the others, who wait for it to. */
async function endsWithOneThatNeverJoins(launcher: string): Promise<void> {
  const run = join(folder, `${launcher.replaceAll("/", "_")}-early`);
  const args = [...flagsOf(launcher), "-n", "2", process.execPath, __filename, "--early"];
  const child = spawn(launcher, args, { stdio: "ignore", env: { ...environmentOf(launcher), [mark]: run } });
  const inTime = await Promise.race([once(child, "exit").then(() => true), wait(20_000).then(() => false)]);
  if (!inTime) for (const { pid } of processesOf(run)) process.kill(pid, "SIGKILL");
  await wait(500);
  const left = processesOf(run).length;
  check(`${launcher}: a rank that ends before it has joined ends all`, inTime && child.exitCode !== 0 && left === 0);
}

/** Run by `mpiexec` as `real-mpi.js --early`. */
async function early(): Promise<void> {
  if (readLaunch()?.rank === 1) process.exit(3);
  await sums();
}

/** An environment variable, which every process of a run inherits. */
const mark = "AXIAL_LAB_REAL_MPI_RUN";

/** All processes of a run, the launcher's helpers too; Linux alone tells. */
function processesOf(run: string): { readonly pid: number; readonly args: readonly string[] }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const [environment, args] = ["environ", "cmdline"].map((file) =>
        readFileSync(join("/proc", name, file), "utf8").split("\0"),
      );
      return environment.includes(`${mark}=${run}`) ? [{ pid: Number(name), args }] : [];
    } catch {
      return []; // It has ended meanwhile, or is another user's.
    }
  });
}

async function all(launchers: readonly string[], kills: number, endsAlone: boolean): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), "real-mpi-"));
  const alone = endsAlone ? null : lossesOf(join(folder, "alone"), process.execPath, []);
  const libraries = launchers.map(libraryOf);
  console.log(launchers.map((launcher, i) => `${launcher} loads ${libraries[i]}`).join("\n"));
  for (const [i, launcher] of launchers.entries()) {
    if (!endsAlone) {
      sumsAreRight(launcher);
      refusesOthers(
        launcher,
        libraries.filter((library) => library !== libraries[i]),
      );
      for (const ranks of [1, 2, 3]) repeats(launcher, ranks);
      for (const ranks of [2, 3]) agreesWithOne(launcher, ranks, alone);
    }
    await endsWithOneThatNeverJoins(launcher);
    const whole = await wholeRun(launcher);
    if (whole) await stopsOnSignal(launcher, whole);
    for (let attempt = 1; whole && attempt <= kills; attempt++) await survivesKill(launcher, attempt, whole);
  }
  rmSync(folder, { recursive: true });
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

const { values, positionals: given } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: "string", default: "10" },
    sums: { type: "boolean", default: false },
    early: { type: "boolean", default: false },
    ends: { type: "boolean", default: false },
  },
});
const found = ["mpiexec", "mpiexec.mpich", "mpiexec.openmpi"].filter(
  (name) => spawnSync(name, ["--version"]).status === 0,
);
void (values.sums
  ? sums()
  : values.early
    ? early()
    : all(given.length > 0 ? given : found, Number(values.kills), values.ends));
