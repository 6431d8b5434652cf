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
import { terminate } from "./node-threads.js";
import { endWaitsOnTraps } from "./tfjs-traps.js";
import { attachBridge, preSpawned, workerClass, type ModuleFactory, type TfjsModule } from "./tfjs-glue.js";

const build = "tfjs-backend-wasm-threaded-simd";

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
  const startWorker = (file: string): Worker => {
    const worker = new Worker(file, { execArgv: [], name: "tfjs" });
    // The glue code's would throw once more what a kernel's caller has been told, where nobody can catch it.
    Object.defineProperty(worker, "onerror", { value: () => undefined });
    workers.push(worker);
    return worker;
  };
  const createModule = compileGlue(glue, workerClass(Math.min(threads, preSpawned) - 1, startWorker));
  const module = await createModule({
    wasmMemory: memory,
    mainScriptUrlOrBlob: glue,
    locateFile: (file) =>
      file.endsWith(".worker.js") ? path.join(__dirname, "tfjs-worker.js") : path.join(path.dirname(glue), file),
    instantiateWasm: (imports, done) => {
      const env = imports["env"] as Record<string, unknown>;
      // XNNPACK takes half of the logical cores.
      env["emscripten_num_logical_cores"] = () => 2 * threads;
      endWaitsOnTraps(env, () => instance.exports);
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
