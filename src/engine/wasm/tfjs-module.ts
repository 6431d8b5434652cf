/**
 * Starts the threaded SIMD build of TensorFlow.js's WebAssembly backend on Node, where tfjs itself leaves it switched off
 * (tensorflow/tfjs issues 3830, 8059).
 *
 * The build's glue code is compiled here as a function of what it takes from its surroundings, because as it stands it
 * starts eight workers whatever is asked for, replaces `globalThis.Worker`, and adds handlers of uncaught errors to the
 * process (and on disposal removes everyone's). It is given a `Worker` that starts as many as are used, and a `process`
 * whose handlers go nowhere.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import vm from "node:vm";
import { Worker } from "node:worker_threads";
import type { BackendWasmModule } from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm";
import type { BackendWasmThreadedSimdModule } from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd";
import type { Allocator } from "./heap.js";
import { terminate } from "./pool.js";

const build = "tfjs-backend-wasm-threaded-simd";

/** Workers that the glue code starts, and waits for, before anything runs. */
const preSpawned = 8;

export type TfjsModule = BackendWasmModule &
  BackendWasmThreadedSimdModule &
  Allocator & {
    cwrap(name: string, result: "number" | null, parameters: readonly "number"[]): unknown;
  };

interface ModuleFactoryOptions {
  wasmMemory: WebAssembly.Memory;
  mainScriptUrlOrBlob: string;
  locateFile: (file: string) => string;
  instantiateWasm: (imports: WebAssembly.Imports, done: Receive) => WebAssembly.Exports;
}
type Receive = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;
type ModuleFactory = (options: ModuleFactoryOptions) => Promise<TfjsModule>;

export interface ThreadedTfjs {
  readonly module: TfjsModule;
  /** Lets the process end although threads wait for work. Call it once the backend has started its threads. */
  unref(): void;
  stop(): Promise<void>;
}

/** `threads` counts the calling one; tfjs (XNNPACK) uses 8 at most. */
export async function startThreadedTfjs(memory: WebAssembly.Memory, threads: number): Promise<ThreadedTfjs> {
  const glue = require.resolve(`@tensorflow/tfjs-backend-wasm/wasm-out/${build}.js`);
  const workers: Worker[] = [];
  const createModule = compileGlue(glue, createWorkerClass(workers, Math.min(threads, preSpawned) - 1));
  const module = await createModule({
    wasmMemory: memory,
    mainScriptUrlOrBlob: glue,
    locateFile: (file) =>
      file.endsWith(".worker.js") ? path.join(__dirname, "tfjs-worker.js") : path.join(path.dirname(glue), file),
    instantiateWasm: (imports, done) => {
      // XNNPACK takes half of the logical cores.
      (imports["env"] as Record<string, unknown>)["emscripten_num_logical_cores"] = () => 2 * threads;
      const compiled = new WebAssembly.Module(readFileSync(path.join(path.dirname(glue), `${build}.wasm`)));
      const instance = new WebAssembly.Instance(compiled, imports);
      done(instance, compiled);
      return instance.exports;
    },
  });
  attachBridge(module);
  return {
    module,
    unref: () => workers.forEach((worker) => worker.unref()),
    stop: async () => {
      await terminate(workers);
    },
  };
}

/** The functions that tfjs's backend expects on its module; tfjs's own start attaches the same. */
function attachBridge(module: TfjsModule): void {
  const wrap = <T>(name: string, result: "number" | null, parameters: number): T =>
    module.cwrap(name, result, Array<"number">(parameters).fill("number")) as T;
  module.tfjs = {
    init: wrap("init", null, 0),
    initWithThreadsCount: wrap("init_with_threads_count", null, 1),
    getThreadsCount: wrap("get_threads_count", "number", 0),
    registerTensor: wrap("register_tensor", null, 3),
    disposeData: wrap("dispose_data", null, 1),
    dispose: wrap("dispose", null, 0),
  };
}

function compileGlue(file: string, WorkerClass: unknown): ModuleFactory {
  const requireFromGlue = createRequire(file);
  const surroundings = {
    require: (name: string): unknown => (name === "worker_threads" ? { Worker: WorkerClass } : requireFromGlue(name)),
    process: Object.create(process, {
      on: { value: () => undefined },
      listeners: { value: () => [] },
      removeListener: { value: () => undefined },
    }) as unknown,
    global: {},
    Worker: WorkerClass,
    module: { exports: undefined as unknown },
    exports: {},
    __filename: file,
    __dirname: path.dirname(file),
  };
  const run = vm.compileFunction(readFileSync(file, "utf8"), Object.keys(surroundings), { filename: file });
  (run as (...values: unknown[]) => void)(...Object.values(surroundings));
  return surroundings.module.exports as ModuleFactory;
}

/**
 * What the glue code calls as `new Worker(file)`. Its list of idle workers is a stack, so the last `count` of the eight are
 * real; the others only answer that they have loaded.
 */
function createWorkerClass(started: Worker[], count: number): unknown {
  let asked = 0;
  return function (file: string): unknown {
    asked++;
    if (asked <= preSpawned - count) return createIdleWorker();
    const worker = new Worker(file, { execArgv: [], name: "tfjs" });
    started.push(worker);
    return worker;
  };
}

function createIdleWorker(): unknown {
  const idle = {
    onmessage: (event: { data: unknown }): void => void event,
    on: () => undefined,
    ref: () => undefined,
    unref: () => undefined,
    terminate: () => undefined,
    postMessage: (message: { cmd?: string }) => {
      if (message.cmd === "load") setImmediate(() => idle.onmessage({ data: { cmd: "loaded" } }));
    },
  };
  return idle;
}
