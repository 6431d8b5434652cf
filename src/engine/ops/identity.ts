/**
 * Identity and Cast without a copy. tfjs's WebAssembly backend copies every element for `clone`, and TensorFlow.js clones each
 * tensor that it keeps for a gradient: here both share the memory, which tfjs counts the users of.
 *
 * Whatever changes memory in place must therefore look at that count first (see optimizer-update.ts).
 */
import type * as tf from "@tensorflow/tfjs";
import { defineKernel, type WasmContext, type WasmKernel } from "./wasm-kernel.js";

/** The same memory as another tensor, of any shape of the same size. */
export function share({ backend }: WasmContext, x: tf.TensorInfo, shape: number[] = x.shape): tf.TensorInfo {
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape, dtype: x.dtype };
}

export const identityKernels: readonly WasmKernel[] = [
  defineKernel<{ x: tf.TensorInfo }>("Identity", (call) =>
    call.inputs.x.dtype === "string" ? call.original() : share(call, call.inputs.x),
  ),
  defineKernel<{ x: tf.TensorInfo }, { dtype: tf.DataType }>("Cast", (call) =>
    call.inputs.x.dtype === call.attrs.dtype ? share(call, call.inputs.x) : call.original(),
  ),
];
