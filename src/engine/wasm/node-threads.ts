/** Our kernels on Node: the compiled module from its file, and worker threads. */
import { readFileSync } from "node:fs";
import path from "node:path";
import v8 from "node:v8";
import { Worker } from "node:worker_threads";
import type { CompiledKernels, KernelThreads } from "./pool.js";
import type { WorkerStart } from "./shares.js";

/** Referenced first: a process that waits for nothing but their end would end itself, before whoever waits goes on. */
export async function terminate(workers: readonly Worker[]): Promise<void> {
  await Promise.all(
    workers.map((worker) => {
      worker.ref();
      return worker.terminate();
    }),
  );
}

export async function startWorkers(start: Omit<WorkerStart, "thread">): Promise<KernelThreads> {
  const file = path.join(__dirname, "kernel-worker.js");
  const workers = await Promise.all(
    Array.from({ length: start.threads - 1 }, async (_, index) => {
      const workerData: WorkerStart = { ...start, thread: index + 1 };
      const worker = new Worker(file, { workerData, execArgv: [], name: `kernels ${index + 1}` });
      await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
      worker.unref();
      return worker;
    }),
  );
  return { stop: () => terminate(workers) };
}

export function compileKernels(relaxedWanted: boolean): CompiledKernels {
  const read = (variant: string) => new Uint8Array(readFileSync(path.join(__dirname, `${variant}.wasm`)));
  if (relaxedWanted) {
    const relaxed = read("kernels-relaxed");
    // Node 20's V8 knows relaxed SIMD, behind a flag that it reads when it compiles.
    if (!WebAssembly.validate(relaxed) && process.versions.node.startsWith("20.")) {
      v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
    }
    if (WebAssembly.validate(relaxed)) return { module: new WebAssembly.Module(relaxed), relaxedSimd: true };
  }
  return { module: new WebAssembly.Module(read("kernels")), relaxedSimd: false };
}
