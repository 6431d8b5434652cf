/** Starts the WebAssembly backend, threaded or as tfjs has it, and registers it with TensorFlow.js under "wasm". */
import * as tf from "@tensorflow/tfjs";
import type * as tfjsWasm from "@tensorflow/tfjs-backend-wasm";
import { chooseKernels, type EngineChoice } from "../native/choice.js";
import { UnsupportedError } from "../../core/errors.js";
import { gradients } from "../ops/index.js";
import { bytesPerPage, createMemory, watchHeap, type HeapWatch } from "./heap.js";
import { installKernels } from "./install.js";
import { wasmKernels } from "./kernels/index.js";
import { startPool } from "./pool.js";
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

async function register(create: () => tf.KernelBackend | Promise<tf.KernelBackend>): Promise<tfjsWasm.BackendWasm> {
  if (tf.findBackendFactory("wasm") !== null) tf.removeBackend("wasm");
  tf.registerBackend("wasm", create, 3);
  if (!(await tf.setBackend("wasm"))) throw new Error("tfjs could not start it");
  return tf.backend() as tfjsWasm.BackendWasm;
}

/** Makes whatever uses a tensor of a backend that has ended say so, in the place of an error from within it. */
function refuseUse(backend: tfjsWasm.BackendWasm): void {
  const refuse = (): never => {
    throw new UnsupportedError(
      `engine: a tensor must be used while the engine runs that it was made on, got one of an engine that has been stopped; ` +
        `read its values before engine.stop(), and make it anew`,
    );
  };
  const ended = {
    readSync: refuse,
    read: refuse,
    dispose: () => undefined,
    disposeData: () => true,
    refCount: () => 1,
  };
  Object.assign(backend, ended, { incRef: () => undefined });
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
    const pool = await startPool({ ...options, memory, allocator: tfjs.module, native });
    const backend = await register(() => new BackendWasm(tfjs.module));
    tfjs.unref();
    const uninstall = installKernels({ backend, pool }, wasmKernels, gradients);
    let stopped: Promise<unknown> | null = null;
    const dispose = backend.dispose.bind(backend);
    /** In the midst of TensorFlow.js's own disposal, which deletes the backend but would go on to start it again. */
    backend.dispose = () => {
      uninstall();
      dispose();
      refuseUse(backend);
      if (tf.findBackendFactory("wasm") !== null) tf.removeBackend("wasm");
      stopped = Promise.all([pool.stop(), tfjs.stop()]);
      options.ended();
    };
    return {
      threads: options.threads,
      relaxedSimd: pool.relaxedSimd,
      instructionSet: native?.instructionSet ?? null,
      nativeFailure: failure,
      heap,
      stop: async () => {
        if (stopped === null) tf.removeBackend("wasm");
        await stopped;
      },
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
  await register(ownFactory);
  return {
    threads: 1,
    relaxedSimd: false,
    instructionSet: null,
    nativeFailure: null,
    heap: null,
    stop: () => Promise.resolve(tf.removeBackend("wasm")),
  };
}
