/** Registers our kernels with TensorFlow.js for as long as the threaded WebAssembly backend runs. */
import * as tf from "@tensorflow/tfjs";
import { announceKernels, type AnnouncedKernel } from "../kernel-registry.js";
import type { WasmContext, WasmKernel } from "./kernel.js";
import { watchReleases } from "./lazy/data-release.js";
import { computeInputs, isWaiting } from "./lazy/lazy-data.js";

let running: WasmContext | null = null;

/** The threaded WebAssembly backend, or null where another backend is the current one. */
export function wasmContext(): WasmContext | null {
  return running !== null && tf.getBackend() === "wasm" ? running : null;
}

/** What is computed later counts for the kernel that does it. */
const announcementOf = (kernel: WasmKernel): AnnouncedKernel => ({
  kernelName: kernel.kernelName,
  multiplyAdds: (work) => (work.outputs.some(isWaiting) ? null : (kernel.multiplyAdds?.(work) ?? null)),
});

/** Registers kernels and gradients; the result takes the kernels out again and puts back tfjs's own. */
export function installKernels(
  context: WasmContext,
  kernels: readonly WasmKernel[],
  gradients: readonly tf.GradConfig[],
): () => void {
  watchReleases(context.backend);
  const replaced: tf.KernelConfig[] = [];
  for (const kernel of kernels) {
    const { kernelName } = kernel;
    const own = tf.getKernel(kernelName, "wasm") as tf.KernelConfig | undefined;
    if (own !== undefined) {
      replaced.push(own);
      tf.unregisterKernel(kernelName, "wasm");
    }
    tf.registerKernel({
      kernelName,
      backendName: "wasm",
      kernelFunc: ({ inputs, attrs, backend }) => {
        const original = (): tf.TensorInfo | tf.TensorInfo[] => {
          if (own === undefined) throw new Error(`internal: tfjs has no kernel named ${kernelName}`);
          return own.kernelFunc({ inputs, attrs, backend });
        };
        const call = { backend: context.backend, pool: context.pool, inputs, attrs: attrs ?? {}, original };
        const deferred = kernel.defer?.(call) ?? null;
        if (deferred !== null) return deferred;
        computeInputs(inputs);
        return kernel.run(call);
      },
    });
  }
  for (const gradient of gradients) tf.registerGradient(gradient);
  running = context;
  const withdraw = announceKernels("wasm", kernels.map(announcementOf));
  return () => {
    running = null;
    withdraw();
    for (const { kernelName } of kernels) tf.unregisterKernel(kernelName, "wasm");
    for (const own of replaced) tf.registerKernel(own);
  };
}
