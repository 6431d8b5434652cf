/**
 * An exchange over MPI: `mpiexec -n 4 npx axial-lab train ...` starts four processes that train one model. Sums are made in
 * place, in the engine's own memory or wherever an array lies; nothing is copied on the way.
 */
import { AxialError, UnsupportedError } from "../../core/errors.js";
import { localExchange, type Exchange } from "../exchange.js";
import { findMpi } from "./find.js";
import { joinWatched } from "./joining.js";
import { readLaunch, type Launch } from "./launcher.js";
import { loadMpi, type MpiLibrary } from "./library.js";
import { ended, endNow } from "./waiting.js";

/** Floats that are summed at once: many small arrays travel together. */
const bucketFloats = 1 << 20;

let opened: Exchange | null = null;

/**
 * The exchange of all processes that `mpiexec` started; the local one where the process was started by itself, and then
 * nothing is loaded. The same at every call.
 *
 * @throws UnsupportedError when there is an `mpiexec` and no library of its family, or one of another.
 */
export function openExchange(): Exchange {
  if (opened !== null) return opened;
  const launch = readLaunch();
  opened = launch === null || launch.size < 2 ? localExchange : mpiExchange(launch, openLibrary(launch));
  return opened;
}

/** The first library of the launcher's family that loads. */
export function openLibrary({ family }: Pick<Launch, "family">): MpiLibrary {
  const failures: string[] = [];
  for (const candidate of findMpi(family)) {
    try {
      return loadMpi(candidate);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new UnsupportedError(
    `mpi: the library of the mpiexec that started this process must load, got ${failures[0] ?? "none on this platform"}; ` +
      `install ${family === "mpich" ? "mpich" : "openmpi"}, or name it by AXIAL_LAB_MPI`,
  );
}

/** One line about the MPI that is there, or how to get one. Loads it to ask its version. */
export function describeMpi(): string {
  for (const candidate of findMpi(readLaunch()?.family ?? null)) {
    try {
      const { version, path, abi } = loadMpi(candidate);
      return `${version}, ${abi.name} (${path}): mpiexec -n 2 npx axial-lab train`;
    } catch {
      // The next one may load.
    }
  }
  return "no MPI found; install mpich or openmpi by the system's package manager, or pip install mpich";
}

function mpiExchange(launch: Launch, mpi: MpiLibrary): Exchange {
  // MPICH ends the process in C where it finds Open MPI's launcher, with words that help nobody.
  if (launch.family === "open-mpi" && !mpi.version.includes("Open MPI")) {
    throw new UnsupportedError(
      `mpi: the mpiexec of Open MPI must find a library of Open MPI, got ${mpi.version} (${mpi.path}); ` +
        `use the mpiexec of that MPI, or name another library by AXIAL_LAB_MPI`,
    );
  }
  joinWatched(launch, () => mpi.init());
  const size = mpi.size();
  if (size !== launch.size) {
    throw new UnsupportedError(
      `mpi: mpiexec started ${launch.size} processes, got a library that knows of ${size} (${mpi.version}, ${mpi.path}); ` +
        `use the mpiexec of that MPI, or name the library of this one by AXIAL_LAB_MPI`,
    );
  }
  const rank = mpi.rank();
  const leave = endOthersOnFailure(mpi, rank);
  return {
    rank,
    size,
    async sum(arrays) {
      for (const values of inBuckets(arrays)) await ended(mpi.sum(values));
    },
    sumAtOnce(arrays) {
      for (const values of inBuckets(arrays)) endNow(mpi.sum(values));
    },
    beginSum(values) {
      const sum = mpi.sum(values);
      return { poll: () => sum.poll(), end: () => ended(sum) };
    },
    async broadcast(arrays) {
      for (const values of inBuckets(arrays)) await ended(mpi.broadcast(values));
    },
    barrier: () => ended(mpi.barrier()),
    end() {
      leave();
      mpi.finalize();
      return Promise.resolve();
    },
  };
}

/**
 * A rank that fails would leave the others waiting for ever: it takes all with it and says which it was. One that has
 * nothing left to do, as a script that never calls `end`, leaves as it should. The result calls both off.
 */
function endOthersOnFailure(mpi: MpiLibrary, rank: number): () => void {
  const abort = (code: number): void => {
    process.stderr.write(`mpi: rank ${rank} ended early with code ${code}; all processes end with it\n`);
    mpi.abort(code === 0 ? 1 : code);
  };
  const leave = (): void => void process.off("exit", abort).off("beforeExit", finish);
  const finish = (code: number): void => {
    leave();
    if (code === 0) mpi.finalize();
    else abort(code);
  };
  process.on("exit", abort).on("beforeExit", finish);
  return leave;
}

/**
 * Small arrays of one kind are put together, large ones go as they are. Whatever is done to what comes out is done to the
 * arrays, before the next comes out.
 */
function* inBuckets(arrays: readonly (Float32Array | Float64Array)[]): Generator<Float32Array | Float64Array> {
  let pending: Float32Array[] = [];
  let pendingFloats = 0;
  const flushed = function* (): Generator<Float32Array> {
    if (pending.length === 1) yield pending[0];
    else if (pending.length > 1) {
      const bucket = new Float32Array(pendingFloats);
      let at = 0;
      for (const array of pending) {
        bucket.set(array, at);
        at += array.length;
      }
      yield bucket;
      at = 0;
      for (const array of pending) {
        array.set(bucket.subarray(at, at + array.length));
        at += array.length;
      }
    }
    [pending, pendingFloats] = [[], 0];
  };
  for (const array of arrays) {
    if (array.length === 0) continue;
    if (!(array instanceof Float32Array || array instanceof Float64Array))
      throw new AxialError("internal: an exchange takes arrays of floats");
    if (array instanceof Float64Array || array.length >= bucketFloats) {
      yield* flushed();
      yield array;
      continue;
    }
    if (pendingFloats + array.length > bucketFloats) yield* flushed();
    pending.push(array);
    pendingFloats += array.length;
  }
  yield* flushed();
}
