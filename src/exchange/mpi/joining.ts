/**
 * Joining the other ranks. `MPI_Init` waits for all of them, without a word, and MPICH's launcher lets them wait for ever where one
 * ends before it has joined (a package that one machine lacks is enough). Meanwhile a thread looks at the processes that the
 * same launcher has started on this machine: when one of them is gone it says which, and ends this process too, by which the
 * launcher ends all. Of ranks on other machines nothing is seen; after a while the thread says that it waits.
 */
import { readdirSync, readFileSync, writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import type { Launch } from "./launcher.js";

/** What the launcher gave to each process that it started. */
const rankVariable = "PMI_RANK";

const lookEvery = 250;
/** Then ranks on other machines should have started. */
const longWait = 120_000;

/** Calls `join`, watched where the launcher does not watch itself and the system tells what processes there are. */
export function joinWatched({ family, rank, size }: Launch, join: () => void): void {
  if (family !== "mpich" || process.platform !== "linux") return join();
  const hasJoined = new Int32Array(new SharedArrayBuffer(4));
  new Worker(__filename, { workerData: { rank, size, hasJoined } satisfies Watched }).unref();
  try {
    join();
  } finally {
    Atomics.store(hasJoined, 0, 1);
  }
}

/** What the thread is told; it ends by itself once `hasJoined` is set. */
interface Watched extends Pick<Launch, "rank" | "size"> {
  readonly hasJoined: Int32Array;
}

/** A process, as the system tells of it. */
interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Whether it has ended, and nobody has asked how. */
  readonly isOver: boolean;
}

function readProcess(pid: number): Process | null {
  try {
    // The name before the state is in brackets, and may hold any.
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return { pid, parent: Number(parent), isOver: state === "Z" || state === "X" };
  } catch {
    return null;
  }
}

/** Null where the launcher has not started it, or it is gone. */
function rankOf(pid: number): number | null {
  try {
    const found = new RegExp(`(?:^|\\0)${rankVariable}=(\\d+)\\0`).exec(readFileSync(`/proc/${pid}/environ`, "utf8"));
    return found && Number(found[1]);
  } catch {
    return null;
  }
}

/** The process that started this one's like: above `npx` and a shell, which have this one's rank. */
function launcherOf(pid: number): number | null {
  let top = readProcess(pid);
  while (top !== null && rankOf(top.parent) !== null) top = readProcess(top.parent);
  return top && top.parent;
}

/** Ranks by process, of those that a launcher has started on this machine. */
function startedBy(launcher: number): Map<number, number> {
  const started = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const found = /^\d+$/.test(name) ? readProcess(Number(name)) : null;
    const rank = found?.parent === launcher ? rankOf(found.pid) : null;
    if (rank !== null) started.set(found!.pid, rank);
  }
  return started;
}

function watch({ rank, size, hasJoined }: Watched): void {
  const launcher = launcherOf(process.pid);
  if (launcher === null) return;
  /** All that were ever seen. */
  const seen = new Map<number, number>();
  const localRanks = Number(process.env["MPI_LOCALNRANKS"] ?? NaN);
  const since = performance.now();
  let looks = 0;
  let hasTold = false;
  const looking = setInterval(() => {
    if (Atomics.load(hasJoined, 0) === 1) return clearInterval(looking);
    for (const [pid, other] of startedBy(launcher)) seen.set(pid, other);
    const gone = [...seen].filter(([pid]) => readProcess(pid)?.isOver ?? true).map(([, other]) => other);
    // One that was over before the first look has no name any more; all are started at once.
    const missed = ++looks > 2 && seen.size < localRanks ? localRanks - seen.size : 0;
    if (gone.length > 0 || missed > 0) {
      const alive = new Set(seen.values());
      const unseen = localRanks === size ? [...Array(size).keys()].filter((other) => !alive.has(other)) : [];
      const ranks = [...gone, ...unseen].join(" and ") || "of this machine";
      writeSync(2, `mpi: rank ${ranks} ended before it had joined the others; all processes end with it\n`);
      process.kill(process.pid, "SIGKILL"); // The main thread is in the library and hears nothing.
    }
    if (hasTold || performance.now() - since < longWait) return;
    hasTold = true;
    const seconds = longWait / 1000;
    writeSync(
      2,
      `mpi: rank ${rank} has waited ${seconds} s for the others of ${size} to join; see whether all have started\n`,
    );
  }, lookEvery);
}

if (!isMainThread) watch(workerData as Watched);
