/**
 * Joining the other ranks. `MPI_Init` waits for all of them, without a word, and MPICH's launcher lets them wait for ever where one
 * ends before it has joined (a package that one machine lacks is enough). Meanwhile a thread watches: see joining-watch.ts.
 */
import { join as joinPath } from "node:path";
import { Worker } from "node:worker_threads";
import type { Watched } from "./joining-watch.js";
import type { Launch } from "./launcher.js";

/** Calls `join`, watched where the launcher does not watch itself and the system tells what processes there are. */
export function joinWatched({ family, rank, size }: Launch, join: () => void): void {
  if (family !== "mpich" || process.platform !== "linux") return join();
  const hasJoined = new Int32Array(new SharedArrayBuffer(4));
  new Worker(joinPath(__dirname, "joining-watch.js"), {
    workerData: { rank, size, hasJoined } satisfies Watched,
  }).unref();
  try {
    join();
  } finally {
    Atomics.store(hasJoined, 0, 1);
  }
}
