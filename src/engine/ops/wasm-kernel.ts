/**
 * How our WebAssembly kernels become operations of TensorFlow.js.
 *
 * An ops file exports a list of `WasmKernel`s (and of gradients, for names that tfjs does not have); index.ts gathers them,
 * and the engine installs them when it starts the threaded backend and takes them out again when it stops. A kernel that
 * tfjs has under the same name is replaced, so that plain tf.layers models get ours; for a case that ours does not cover it
 * hands back to `original`.
 */
import * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { KernelPool } from "../wasm/pool.js";
import { watchReleases } from "./data-release.js";
import { computeInputs } from "./lazy-data.js";

/** The threaded WebAssembly backend while it runs. */
export interface WasmContext {
  readonly backend: BackendWasm;
  readonly pool: KernelPool;
}

export interface KernelCall<Inputs = tf.NamedTensorInfoMap, Attrs = tf.NamedAttrMap> extends WasmContext {
  readonly inputs: Inputs;
  readonly attrs: Attrs;
  /** What tfjs does under this name; throws where it has nothing. */
  original(): tf.TensorInfo | tf.TensorInfo[];
}

/** What one call reads and gives, for counting its work. */
export interface KernelWork<Inputs = tf.NamedTensorInfoMap, Attrs = tf.NamedAttrMap> {
  readonly inputs: Inputs;
  readonly attrs: Attrs;
  readonly outputs: readonly tf.TensorInfo[];
}

export interface WasmKernel {
  readonly kernelName: string;
  /** Asked first, with inputs that may still wait to be computed (lazy-data.ts); null: `run` it. */
  defer?(call: KernelCall): tf.TensorInfo | null;
  run(call: KernelCall): tf.TensorInfo | tf.TensorInfo[];
  /** Multiply-adds of a call, where the kernel is bound by arithmetic; for the profile. */
  multiplyAdds?(work: KernelWork): number;
}

/** Declares a kernel with the types of its inputs and attributes, which tfjs itself leaves open. */
export function defineKernel<Inputs, Attrs = object>(
  kernelName: string,
  run: (call: KernelCall<Inputs, Attrs>) => tf.TensorInfo | tf.TensorInfo[],
  multiplyAdds?: (work: KernelWork<Inputs, Attrs>) => number,
): WasmKernel {
  return {
    kernelName,
    run: (call) => run(call as unknown as KernelCall<Inputs, Attrs>),
    multiplyAdds: multiplyAdds && ((work) => multiplyAdds(work as unknown as KernelWork<Inputs, Attrs>)),
  };
}

let running: WasmContext | null = null;

/** The threaded WebAssembly backend, or null where another backend is the current one: the caller then composes. */
export function wasmContext(): WasmContext | null {
  return running !== null && tf.getBackend() === "wasm" ? running : null;
}

/** Below this many elements a kernel that does little to each is done sooner than a sleeping thread is woken. */
const minimumElementsToShare = 16_384;

/** Runs a kernel that does little to each of `elements` elements: on all threads, or alone where those are few. */
export function runSized({ pool }: WasmContext, elements: number, name: string, args: readonly number[]): void {
  if (elements < minimumElementsToShare) pool.runAlone(name, args);
  else pool.run(name, args);
}

/** Address of a tensor's first element. */
export function pointerOf({ backend }: WasmContext, tensor: tf.TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

/** A new tensor, not initialised. */
export function output({ backend }: WasmContext, shape: number[], dtype: tf.DataType = "float32"): tf.TensorInfo {
  return backend.makeOutput(shape, dtype);
}

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
  return () => {
    running = null;
    for (const { kernelName } of kernels) tf.unregisterKernel(kernelName, "wasm");
    for (const own of replaced) tf.registerKernel(own);
  };
}
