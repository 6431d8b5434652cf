/**
 * The engine in a page: TensorFlow.js with our WebAssembly kernels on the reader's processor, with all that it needs in the
 * script itself: a page opened from a disk may fetch nothing.
 *
 * TensorFlow.js's own kernels run on the page's thread; ours, which are nearly all that a network here runs, share their work
 * with workers where the page is cross-origin isolated. Elsewhere a page may not hand shared memory to a worker, and
 * everything runs on its one thread.
 */
import * as tf from "@tensorflow/tfjs";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import * as assets from "axial-lab:assets";
import { glue } from "axial-lab:tfjs-glue";
import { ConfigError } from "../core/errors.js";
import { createMemory, watchHeap } from "../engine/wasm/heap.js";
import { startPool, type CompiledKernels, type KernelThreads } from "../engine/wasm/pool.js";
import { runBackend } from "../engine/wasm/run-backend.js";
import { maximumThreads, type WorkerStart } from "../engine/wasm/shares.js";
import { attachBridge, workerClass, type ModuleFactory, type TfjsModule } from "../engine/wasm/tfjs-glue.js";
import { apart, inflated } from "./inflate.js";

export interface PageEngineOptions {
  /** The page's own included. Default: one a logical core, 8 at most, and 1 where the page is not cross-origin isolated. */
  readonly threads?: number;
  /** Fused multiply-add in our kernels where the browser has it. Default true. */
  readonly relaxedSimd?: boolean;
  /** Most memory for tensors and scratch, in MiB. Default 2048. */
  readonly heapMebibytes?: number;
}

export interface PageEngineReport {
  readonly threads: number;
  readonly relaxedSimd: boolean;
  /** One line: what was chosen and why. */
  readonly reason: string;
}

interface Running {
  readonly report: PageEngineReport;
  stop(): Promise<void>;
}

let running: Promise<Running> | null = null;

/**
 * Starts the engine; where it runs already, gives its report and leaves it as it is.
 *
 * @throws ConfigError for threads or a heap that are no whole numbers within their bounds
 */
export async function start(options: PageEngineOptions = {}): Promise<PageEngineReport> {
  assertOptions(options);
  running ??= begin(options).catch((error: unknown) => {
    running = null;
    throw error;
  });
  return (await running).report;
}

/** Ends the engine's threads and forgets its tensors. Does nothing when no engine runs. */
export async function stop(): Promise<void> {
  const engine = running;
  running = null;
  await (await engine)?.stop();
}

function assertOptions({ threads = 1, heapMebibytes = 2048 }: PageEngineOptions): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > maximumThreads)
    throw new ConfigError(
      `web.start: threads must be a whole number from 1 to ${maximumThreads}, got ${threads}; leave it out for all cores`,
    );
  if (!Number.isInteger(heapMebibytes) || heapMebibytes < 32 || heapMebibytes > 4096)
    throw new ConfigError(
      `web.start: heapMebibytes must be a whole number from 32 to 4096, got ${heapMebibytes}; leave it out for 2048`,
    );
}

async function begin({ relaxedSimd = true, heapMebibytes = 2048, ...options }: PageEngineOptions): Promise<Running> {
  // Memory can be made shared anywhere; only in an isolated page can a worker have it.
  const isolated = globalThis.crossOriginIsolated === true;
  const wanted = options.threads ?? Math.min(navigator.hardwareConcurrency, 8);
  const threads = isolated ? wanted : 1;
  const { memory, limitBytes } = createMemory(heapMebibytes * 16);
  const module = await startTfjs(memory);
  watchHeap(module, memory, limitBytes);
  const kernels = await compileKernels(relaxedSimd);
  const host = { startWorkers, maySleep: false };
  const pool = await startPool({ threads, memory, allocator: module, kernels, host, native: null });
  const create = () => new BackendWasm(module);
  const ended = () => void (running = null);
  const backend = await runBackend({ create, pool, stopModule: () => Promise.resolve(), ended });
  await tf.ready();
  const simd = kernels.relaxedSimd ? "relaxed SIMD" : "SIMD";
  const because = isolated || wanted === 1 ? "" : ", for the page is not cross-origin isolated";
  const reason = `WebAssembly with ${simd} on ${threads} thread${threads > 1 ? "s" : ""}${because}`;
  return { report: { threads, relaxedSimd: kernels.relaxedSimd, reason }, stop: () => backend.stop() };
}

/** TensorFlow.js's module on our memory, without threads of its own. */
async function startTfjs(memory: WebAssembly.Memory): Promise<TfjsModule> {
  const compiled = await WebAssembly.compile(await inflated(assets.tfjs));
  const surroundings = { Worker: workerClass(0, () => null), SharedArrayBuffer: memory.buffer.constructor };
  const createModule = glue(surroundings) as ModuleFactory;
  const module = await createModule({
    wasmMemory: memory,
    mainScriptUrlOrBlob: "",
    locateFile: (file) => file,
    instantiateWasm: (imports, done) => {
      // XNNPACK takes half of the logical cores.
      (imports["env"] as Record<string, unknown>)["emscripten_num_logical_cores"] = () => 2;
      void WebAssembly.instantiate(compiled, imports).then((instance) => done(instance, compiled));
      return {};
    },
  });
  attachBridge(module);
  return module;
}

async function compileKernels(relaxedWanted: boolean): Promise<CompiledKernels> {
  const [plain, relaxed] = apart(await inflated(assets.kernels), assets.kernelBytes);
  const relaxedSimd = relaxedWanted && WebAssembly.validate(relaxed);
  return { module: await WebAssembly.compile(relaxedSimd ? relaxed : plain), relaxedSimd };
}

async function startWorkers(start: Omit<WorkerStart, "thread">): Promise<KernelThreads> {
  const address = URL.createObjectURL(new Blob([assets.worker], { type: "text/javascript" }));
  const workers = Array.from({ length: start.threads - 1 }, (_, index) => {
    const worker = new Worker(address, { name: `kernels ${index + 1}` });
    const ready = new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => reject(new Error(`a kernel thread did not start: ${event.message}`));
    });
    worker.postMessage({ ...start, thread: index + 1 } satisfies WorkerStart);
    return { worker, ready };
  });
  await Promise.all(workers.map(({ ready }) => ready));
  URL.revokeObjectURL(address);
  return {
    stop: () => {
      for (const { worker } of workers) worker.terminate();
      return Promise.resolve();
    },
  };
}
