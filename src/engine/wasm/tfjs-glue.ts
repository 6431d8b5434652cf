/**
 * What the glue code of TensorFlow.js's threaded build is given and gives, on Node and in a page: workers that are fewer than
 * the eight it asks for, and the functions that TensorFlow.js's backend calls.
 */
import type { BackendWasmModule } from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm";
import type { BackendWasmThreadedSimdModule } from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd";
import type { Allocator } from "./heap.js";

/** Workers that the glue code starts, and waits for, before anything runs. */
export const preSpawned = 8;

export type TfjsModule = BackendWasmModule &
  BackendWasmThreadedSimdModule &
  Allocator & {
    cwrap(name: string, result: "number" | null, parameters: readonly "number"[]): unknown;
  };

export interface ModuleFactoryOptions {
  wasmMemory: WebAssembly.Memory;
  mainScriptUrlOrBlob: string;
  locateFile: (file: string) => string;
  /** Gives the exports, or an empty object where they come later. */
  instantiateWasm: (imports: WebAssembly.Imports, done: Receive) => WebAssembly.Exports;
}
export type Receive = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;
export type ModuleFactory = (options: ModuleFactoryOptions) => Promise<TfjsModule>;

/** The functions that tfjs's backend expects on its module; tfjs's own start attaches the same. */
export function attachBridge(module: TfjsModule): void {
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

/**
 * What the glue code calls as `new Worker(file)`. Its list of idle workers is a stack, so the last `count` of the eight are
 * real; the others only answer that they have loaded.
 */
export function workerClass(count: number, start: (file: string) => unknown): unknown {
  let asked = 0;
  return function (file: string): unknown {
    asked++;
    return asked <= preSpawned - count ? createIdleWorker() : start(file);
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
      if (message.cmd === "load") setTimeout(() => idle.onmessage({ data: { cmd: "loaded" } }), 0);
    },
  };
  return idle;
}
