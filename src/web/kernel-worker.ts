/** Body of one kernel thread in a page: a classic worker, bundled into the page's script as text. */
import { shareForEver, type Kernel, type WorkerStart } from "../engine/wasm/shares.js";

self.onmessage = async ({ data }: MessageEvent<WorkerStart>): Promise<void> => {
  const { exports } = await WebAssembly.instantiate(data.module, { env: { memory: data.memory } });
  const kernels = data.names.map((name) => exports[name] as Kernel);
  self.postMessage("ready");
  shareForEver(data, kernels);
};
