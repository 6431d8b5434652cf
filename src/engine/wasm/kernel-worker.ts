/** Body of one kernel thread on Node. */
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { loadNative } from "../native/binding.js";
import { shareForEver, type Kernel, type WorkerStart } from "./shares.js";

async function work(start: WorkerStart): Promise<void> {
  const { module, memory, library, names } = start;
  const native = library === null ? null : await loadNative(library, memory);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const kernels = names.map((name) => native?.kernels.get(name) ?? (instance.exports[name] as Kernel));
  parentPort!.postMessage("ready");
  shareForEver(start, kernels);
}

if (!isMainThread && isWorkerStart(workerData)) void work(workerData);

function isWorkerStart(data: unknown): data is WorkerStart {
  return typeof data === "object" && data !== null && "signals" in data && "names" in data;
}
