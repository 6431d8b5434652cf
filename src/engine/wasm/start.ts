/** Starts the WebAssembly backend, threaded or as tfjs has it, and registers it with TensorFlow.js under "wasm". */
import * as tf from "@tensorflow/tfjs";
import type * as tfjsWasm from "@tensorflow/tfjs-backend-wasm";
import { chooseKernels, type EngineChoice } from "../native/choice.js";
import { bytesPerPage, createMemory, watchHeap, type HeapWatch } from "./heap.js";
import { compileKernels, startWorkers } from "./node-threads.js";
import { startPool } from "./pool.js";
import { registerWasm, runBackend } from "./run-backend.js";
import { startThreadedTfjs } from "./tfjs-module.js";

export interface RunningWasm {
  readonly threads: number;
  readonly relaxedSimd: boolean;
  /** Of the native kernels; null where none are in use. */
  readonly instructionSet: string | null;
  /** Why native kernels that are there are not in use; null where that is no surprise. */
  readonly nativeFailure: string | null;
  /** Null where tfjs's own start manages the memory. */
  readonly heap: HeapWatch | null;
  stop(): Promise<void>;
}

/** tfjs registers its own, single-threaded start when it is imported; kept for the fallback. */
let ownFactory: (() => tf.KernelBackend | Promise<tf.KernelBackend>) | undefined;

async function importBackend(): Promise<typeof tfjsWasm> {
  const imported = await import("@tensorflow/tfjs-backend-wasm");
  ownFactory ??= tf.findBackendFactory("wasm");
  return imported;
}

interface ThreadedOptions {
  /** Called when TensorFlow.js itself disposes of the backend (`tf.engine().reset()`): the engine has stopped. */
  readonly ended: () => void;
  readonly threads: number;
  readonly relaxedSimd: boolean;
  readonly engine: EngineChoice;
  /** Most memory, in WebAssembly pages of 64 KiB. */
  readonly pages: number;
}

export async function startThreaded(options: ThreadedOptions): Promise<RunningWasm> {
  const { BackendWasm } = await importBackend();
  const { memory, limitBytes } = createMemory(options.pages);
  const tfjs = await startThreadedTfjs(memory, options.threads);
  try {
    const heap = watchHeap(tfjs.module, memory, limitBytes);
    const { native, failure } = await chooseKernels(options.engine, memory);
    native?.preferLargePages(limitBytes / bytesPerPage);
    const kernels = compileKernels(options.relaxedSimd);
    const host = { startWorkers, maySleep: true };
    const { threads, ended } = options;
    const pool = await startPool({ threads, memory, allocator: tfjs.module, kernels, host, native });
    const create = () => new BackendWasm(tfjs.module);
    const backend = await runBackend({ create, pool, stopModule: () => tfjs.stop(), ended });
    tfjs.unref();
    return {
      threads,
      relaxedSimd: pool.relaxedSimd,
      instructionSet: native?.instructionSet ?? null,
      nativeFailure: failure,
      heap,
      stop: () => backend.stop(),
    };
  } catch (error) {
    await tfjs.stop();
    throw error;
  }
}

/** As tfjs starts it on Node by itself: one thread, none of our kernels. */
export async function startSingle(): Promise<RunningWasm> {
  await importBackend();
  if (ownFactory === undefined) throw new Error("tfjs has not registered its WebAssembly backend");
  await registerWasm(ownFactory);
  return {
    threads: 1,
    relaxedSimd: false,
    instructionSet: null,
    nativeFailure: null,
    heap: null,
    stop: () => Promise.resolve(tf.removeBackend("wasm")),
  };
}
