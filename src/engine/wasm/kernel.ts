/**
 * A kernel of ours on the threaded WebAssembly backend: what it is given, and how it gets memory and runs kernels of the
 * module.
 *
 * A file of `kernels/` exports a list of `WasmKernel`s under TensorFlow.js's names or ours; kernels/index.ts gathers them,
 * and install.ts registers them while the backend runs. A kernel that TensorFlow.js has under the same name is replaced, so
 * that plain tf.layers models get ours; for a case that ours does not cover it hands back to `original`.
 */
import type * as tf from "@tensorflow/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { KernelWork } from "../kernel-registry.js";
import type { KernelPool } from "./pool.js";
import type { KernelArguments, KernelName } from "./signatures.js";

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

export interface WasmKernel {
  readonly kernelName: string;
  /** Asked first, with inputs that may still wait to be computed (lazy/); null: `run` it. */
  defer?(call: KernelCall): tf.TensorInfo | tf.TensorInfo[] | null;
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

/** Below this many elements a kernel that does little to each is done sooner than a sleeping thread is woken. */
const minimumElementsToShare = 16_384;

/** Runs a kernel that does little to each of `elements` elements: on all threads, or alone where those are few. */
export function runSized<Name extends KernelName>(
  { pool }: WasmContext,
  elements: number,
  name: Name,
  args: KernelArguments<Name>,
): void {
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
