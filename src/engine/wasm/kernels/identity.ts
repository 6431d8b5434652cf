/**
 * Identity, and Cast to the type that is there already, without a copy. tfjs's WebAssembly backend copies every element for
 * `clone`, and TensorFlow.js clones each tensor that it keeps for a gradient: here both share the memory, which tfjs counts
 * the users of. Other casts to float32 are threaded (kernel castToFloat in assembly/elementwise.ts).
 *
 * Whatever changes memory in place must therefore look at that count first (see optimizer-update.ts).
 */
import * as tf from "@tensorflow/tfjs";
import { defineKernel, output, pointerOf, runSized, type WasmContext, type WasmKernel } from "../kernel.js";

/** The same memory as another tensor, of any shape of the same size. */
export function share({ backend }: WasmContext, x: tf.TensorInfo, shape: number[] = x.shape): tf.TensorInfo {
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape, dtype: x.dtype };
}

export const identityKernels: readonly WasmKernel[] = [
  defineKernel<{ x: tf.TensorInfo }>("Identity", (call) =>
    call.inputs.x.dtype === "string" ? call.original() : share(call, call.inputs.x),
  ),
  defineKernel<{ x: tf.TensorInfo }, { dtype: tf.DataType }>("Cast", (call) => {
    const { x } = call.inputs;
    if (x.dtype === call.attrs.dtype && x.dtype !== "string") return share(call, x);
    if (call.attrs.dtype !== "float32" || (x.dtype !== "int32" && x.dtype !== "bool")) return call.original();
    const y = output(call, x.shape);
    const count = tf.util.sizeFromShape(x.shape);
    const elementBytes = tf.util.bytesPerElement(x.dtype);
    runSized(call, count, "castToFloat", { x: pointerOf(call, x), y: pointerOf(call, y), count, elementBytes });
    return y;
  }),
];
