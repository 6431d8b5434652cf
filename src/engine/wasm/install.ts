/** Registers our kernels with TensorFlow.js for as long as the threaded WebAssembly backend runs. */
import * as tf from "@tensorflow/tfjs";
import { UnsupportedError } from "../../core/errors.js";
import { announceKernels, type AnnouncedKernel } from "../kernel-registry.js";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { KernelCall, WasmContext, WasmKernel } from "./kernel.js";
import { computeInJavaScript, isInJavaScript, isRight } from "./kernels/javascript.js";
import { watchReleases } from "./lazy/data-release.js";
import { computeInputs, isWaiting } from "./lazy/lazy-data.js";
import { withTraps } from "./tfjs-traps.js";

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

/**
 * Registers kernels and gradients; the result takes the kernels out again and puts back TensorFlow.js's own. Those that are
 * not ours are called through {@link KernelCall.original} too, which keeps from them what they get wrong.
 */
export function installKernels(
  context: WasmContext,
  kernels: readonly WasmKernel[],
  gradients: readonly tf.GradConfig[],
): () => void {
  const { backend } = context;
  watchReleases(backend);
  readComplexNumbers(backend);
  const ours = new Set(kernels.map(({ kernelName }) => kernelName));
  const replaced = tf.getKernelsForBackend("wasm");
  const others = new Set([...replaced, ...tf.getKernelsForBackend("cpu")].map(({ kernelName }) => kernelName));
  const rest = [...others].filter((name) => !ours.has(name)).map((kernelName) => ({ kernelName, run: originalOf }));
  for (const { kernelName } of replaced) tf.unregisterKernel(kernelName, "wasm");
  const originals = new Map(replaced.map((kernel) => [kernel.kernelName, kernel]));
  const installed: readonly WasmKernel[] = [...kernels, ...rest];
  const hasJavaScript = tf.findBackendFactory("cpu") !== null;
  for (const kernel of installed) {
    const { kernelName } = kernel;
    const own = originals.get(kernelName);
    tf.registerKernel({
      kernelName,
      backendName: "wasm",
      kernelFunc: ({ inputs, attrs = {} }) => {
        const original = (): tf.TensorInfo | tf.TensorInfo[] => {
          const known = isInJavaScript(kernelName);
          // Where there is JavaScript, what it has no kernel for has but one.
          if (own !== undefined && ((!known && hasJavaScript) || isRight(kernelName, { inputs, attrs })))
            return withTraps(kernelName, backend.wasm, () => own.kernelFunc({ inputs, attrs, backend }));
          if (!known) throw noKernel(kernelName, hasJavaScript);
          return computeInJavaScript(context, kernelName, { inputs, attrs });
        };
        const call = { backend, pool: context.pool, inputs, attrs, original };
        const deferred = kernel.defer?.(call) ?? null;
        if (deferred !== null) return deferred;
        // TensorFlow.js's own ask for an address when they need it; its Reshape never does.
        if (ours.has(kernelName)) computeInputs(inputs);
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
    for (const { kernelName } of installed) tf.unregisterKernel(kernelName, "wasm");
    for (const own of replaced) tf.registerKernel(own);
  };
}

/** A page has no JavaScript backend, for the sake of its size. */
const noKernel = (kernelName: string, hasJavaScript: boolean): Error =>
  hasJavaScript
    ? new Error(`internal: TensorFlow.js has no kernel named ${kernelName}`)
    : new UnsupportedError(
        `engine: ${kernelName} must be of float32 and not empty where TensorFlow.js's JavaScript backend is not there, ` +
          `got other tensors or none that computes it; import @tensorflow/tfjs-backend-cpu before the engine starts`,
      );

const originalOf = (call: KernelCall): tf.TensorInfo | tf.TensorInfo[] => call.original();

/** Complex numbers lie in memory as pairs, which TensorFlow.js's backend does not read. */
function readComplexNumbers(backend: BackendWasm): void {
  const read = backend.readSync.bind(backend);
  backend.readSync = (dataId, start, end) => {
    const record = backend.dataIdMap.get(dataId) as { memoryOffset: number; dtype: tf.DataType; shape: number[] };
    if (record.dtype !== "complex64") return read(dataId, start, end);
    const size = tf.util.sizeFromShape(record.shape);
    const pair = { ...record, dtype: "float32" as const, shape: [size, 2], dataId };
    return backend.typedArrayFromHeap(pair).slice(2 * (start ?? 0), 2 * (end ?? size));
  };
}
