/**
 * Chooses and starts the engine: the TensorFlow.js backend that everything runs on.
 *
 *     const report = await engine.start();           // threaded WebAssembly on all cores, wherever it runs
 *     console.log(report.reason);
 *     ...
 *     await engine.stop();                           // frees the threads; tensors of the engine are gone
 *
 * Where the best choice does not start, the next one does, and the report says why: threaded WebAssembly with our kernels,
 * native ones where they are built, then tfjs's own WebAssembly on one thread, then plain JavaScript. The native backends are used when they are installed:
 * tfjs-node-gpu by itself, tfjs-node when it is named (it lacks the fused kernels).
 */
import * as tf from "@tensorflow/tfjs";
import { threadsByDefault } from "../core/cores.js";
import { ConfigError, UnsupportedError } from "../core/errors.js";
import { engineChoices, type EngineChoice } from "./native/choice.js";
import { registerFileModels } from "./file-models.js";
import { nativeBackends, startNative, type NativeBackend } from "./native.js";
import type { HeapUse, HeapWatch } from "./wasm/heap.js";
import { readyBy } from "./ready.js";
import { choose } from "./verified.js";
import { startSingle, startThreaded } from "./wasm/start.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** The backends of TensorFlow.js that `engine.start` can start. */
export type BackendName = "wasm" | "cpu" | NativeBackend;

/** What `engine.start` starts. */
export interface EngineOptions {
  /** Default "auto". A backend that is named is not replaced by another: `start` fails where it cannot run. */
  readonly backend?: "auto" | BackendName;
  /**
   * Whose kernels run on the WebAssembly backend's memory: native ones, those in WebAssembly, or native ones where they load.
   * Default: the environment variable AXIAL_LAB_ENGINE, or else "auto". `start` fails where "native" cannot be had.
   */
  readonly engine?: EngineChoice;
  /** Threads of the WebAssembly backend, the calling one included. Default: the environment variable AXIAL_LAB_THREADS, or else one a logical core. */
  readonly threads?: number;
  /** Fused multiply-add in our kernels where the runtime has it. Default true. */
  readonly relaxedSimd?: boolean;
  /** Most memory of the WebAssembly backend for tensors and scratch, in MiB. Default 4096, all that its pointers reach. */
  readonly heapMebibytes?: number;
}

const keys: KeysOf<EngineOptions> = {
  backend: true,
  engine: true,
  threads: true,
  relaxedSimd: true,
  heapMebibytes: true,
};

/** What `engine.start` has started, and why that. */
export interface EngineReport {
  readonly backend: BackendName;
  /** Threads that share the work of one operation; 1 where the backend does not say. */
  readonly threads: number;
  readonly simd: boolean;
  readonly relaxedSimd: boolean;
  /** Whether our fused kernels are in use. */
  readonly kernels: boolean;
  /** Whose kernels these are; null where they are not in use. */
  readonly engine: "native" | "wasm" | null;
  /** Of native kernels; null where there are none. */
  readonly instructionSet: string | null;
  /** One line: what was chosen and why. */
  readonly reason: string;
}

/** What tensors and the heap take at this moment. */
export interface EngineMemory {
  readonly tensors: number;
  readonly tensorBytes: number;
  /** The heap of the threaded WebAssembly backend; null on other backends. */
  readonly heap: HeapUse | null;
}

interface RunningEngine {
  readonly key: string;
  readonly report: EngineReport;
  readonly heap: HeapWatch | null;
  stop(): Promise<void>;
}

let running: RunningEngine | null = null;
/** Starts and stops take turns. */
let turn: Promise<unknown> = Promise.resolve();

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const result = turn.then(work);
  turn = result.catch(() => undefined);
  return result;
}

/**
 * Starts the engine. Called again with the same options it gives the same report; with others it stops the engine (whose
 * tensors are lost) and starts anew.
 *
 * @throws ConfigError for options
 * @throws UnsupportedError where a backend or an engine that is named cannot run here
 */
export function start(options: EngineOptions = {}): Promise<EngineReport> {
  assertKnownKeys("engine.start", options, keys);
  const resolved = resolveOptions(options);
  const key = JSON.stringify(resolved);
  return inTurn(async () => {
    if (running?.key === key) return running.report;
    await stopRunning();
    silenceAdvice();
    registerFileModels();
    running = { key, ...(await startFirst(resolved)) };
    choose(tf.getBackend());
    return running.report;
  });
}

/** Ends the engine's threads and forgets its tensors. Does nothing when no engine runs. */
export function stop(): Promise<void> {
  return inTurn(stopRunning);
}

/** The report of the running engine, or null. */
export function report(): EngineReport | null {
  return running?.report ?? null;
}

readyBy(async () => {
  if (report() === null) await start();
});

/** What tensors and the heap use at this moment, and the most they ever did. */
export function memory(): EngineMemory {
  const { numTensors, numBytes } = tf.memory();
  return { tensors: numTensors, tensorBytes: numBytes, heap: running?.heap?.use() ?? null };
}

/** The most bytes of the heap that were in use at one moment of `work`; null where {@link memory} knows no heap. */
export function peakHeapDuring(work: () => void): number | null {
  if (running?.heap) return running.heap.peakDuring(work);
  work();
  return null;
}

/** TensorFlow.js has disposed of the backend itself; whoever starts the engine next gets a new one. */
function forgetRunning(): void {
  running = null;
  choose(null);
}

async function stopRunning(): Promise<void> {
  const engine = running;
  running = null;
  choose(null);
  await engine?.stop();
}

type Resolved = Required<EngineOptions>;

function resolveOptions(options: EngineOptions): Resolved {
  const { threads = threadsByDefault(), relaxedSimd = true, heapMebibytes = 4096 } = options;
  const { engine = (process.env["AXIAL_LAB_ENGINE"] || "auto") as EngineChoice } = options;
  // Who names the kernels names the backend that has them.
  const { backend = engine === "native" ? "wasm" : "auto" } = options;
  const names = ["auto", "wasm", "cpu", ...nativeBackends];
  if (!names.includes(backend)) {
    throw new ConfigError(
      `engine.start: backend must be a name of one, got ${String(backend)}; use ${names.join(", ")}`,
    );
  }
  if (!engineChoices.includes(engine)) {
    throw new ConfigError(
      `engine.start: engine must be a name of one, got ${String(engine)}; use ${engineChoices.join(", ")}`,
    );
  }
  if (options.engine === "native" && backend !== "wasm") {
    throw new ConfigError(
      `engine.start: engine native must run on backend wasm, got ${backend}; leave one of them out`,
    );
  }
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new ConfigError(
      `engine.start: threads must be a whole number from 1 to 64, got ${threads}; leave it out for one a core`,
    );
  }
  if (!Number.isInteger(heapMebibytes) || heapMebibytes < 32 || heapMebibytes > 4096) {
    throw new ConfigError(
      `engine.start: heapMebibytes must be a whole number from 32 to 4096, got ${heapMebibytes}; leave it out for all`,
    );
  }
  return { backend, engine, threads, relaxedSimd, heapMebibytes };
}

type Started = Omit<RunningEngine, "key">;

/** Ways to start, best first; each may throw. */
function candidates({
  backend,
  engine,
  threads,
  relaxedSimd,
  heapMebibytes,
}: Resolved): ((before: string) => Promise<Started>)[] {
  const threaded = async (before: string): Promise<Started> => {
    const wasm = await startThreaded({
      engine,
      threads,
      relaxedSimd,
      pages: heapMebibytes * 16,
      ended: forgetRunning,
    });
    const failure = wasm.nativeFailure === null ? "" : `${wasm.nativeFailure}; `;
    const on = `on ${threads} thread${threads > 1 ? "s" : ""}`;
    const fallback = `WebAssembly with ${wasm.relaxedSimd ? "relaxed SIMD" : "SIMD"}`;
    const what =
      wasm.instructionSet === null
        ? `${fallback} ${on}, fused kernels`
        : `native kernels with ${wasm.instructionSet} ${on}, ${fallback} for the rest`;
    const owner = wasm.instructionSet === null ? "wasm" : "native";
    return engineOn("wasm", {
      ...wasm,
      simd: true,
      kernels: true,
      engine: owner,
      reason: `${before}${failure}${what}`,
    });
  };
  const single = async (before: string): Promise<Started> => {
    const wasm = await startSingle();
    const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
    const reason = `${before}WebAssembly on one thread as TensorFlow.js starts it, without our kernels`;
    return engineOn("wasm", { ...wasm, simd: simd === true, kernels: false, reason });
  };
  const native = (name: NativeBackend) => async (before: string) => {
    const stopNative = await startNative(name);
    const reason = `${before}TensorFlow's native library (tfjs-${name}), which is installed`;
    return engineOn(name, { threads: 1, simd: true, kernels: false, reason, stop: stopNative });
  };
  const plain = async (before: string): Promise<Started> => {
    await tf.setBackend("cpu");
    const reason = `${before}plain JavaScript on one thread: right, but very slow`;
    return engineOn("cpu", { threads: 1, simd: false, kernels: false, reason });
  };
  switch (backend) {
    case "auto":
      return [native("node-gpu"), threaded, single, plain];
    case "wasm":
      return engine === "native" ? [threaded] : [threaded, single];
    case "cpu":
      return [plain];
    case "node":
    case "node-gpu":
      return [native(backend)];
  }
}

async function startFirst(options: Resolved): Promise<Started> {
  const failures: string[] = [];
  for (const candidate of candidates(options)) {
    try {
      return await candidate(failures.map((failure) => `${failure}; `).join(""));
    } catch (error) {
      // That an optional package is not installed is no failure unless it was named.
      if (error instanceof UnsupportedError && options.backend === "auto") continue;
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new UnsupportedError(
    `engine.start: backend ${options.backend} must be able to run here, got ${failures.join(", and ")}; leave backend out for one that can`,
  );
}

function engineOn(
  backend: BackendName,
  parts: Pick<EngineReport, "threads" | "simd" | "kernels" | "reason"> &
    Partial<Pick<EngineReport, "relaxedSimd" | "engine" | "instructionSet"> & Pick<Started, "heap" | "stop">>,
): Started {
  const { threads, simd, relaxedSimd = false, kernels, engine = null, instructionSet = null, reason } = parts;
  return {
    report: { backend, threads, simd, relaxedSimd, kernels, engine, instructionSet, reason },
    heap: parts.heap ?? null,
    stop: parts.stop ?? (() => Promise.resolve()),
  };
}

/** tfjs's JavaScript backend prints an advertisement of tfjs-node when it is first used, even by another backend. */
function silenceAdvice(): void {
  (tf.findBackend("cpu") as unknown as { firstUse: boolean }).firstUse = false;
}
