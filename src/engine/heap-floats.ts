/** Numbers between tensors and arrays of one's own, copied once where the engine's memory can be reached, else as TensorFlow.js does. */
import * as tf from "@tensorflow/tfjs";
import { wasmContext } from "./wasm/install.js";
import { hasBorrowedMemory } from "./wasm/lazy/lazy-data.js";

/**
 * The values of a float32 tensor: where they lie, on the WebAssembly backend, to be read at once and left as they are; a copy on
 * others.
 */
export function floatsOf(tensor: tf.Tensor): Float32Array {
  const context = tensor.dtype === "float32" && tensor.size > 0 ? wasmContext() : null;
  if (context === null) return tensor.dataSync<"float32">();
  return context.backend.typedArrayFromHeap(tensor) as Float32Array;
}

/** A tensor of these values, which may change afterwards. */
export function tensorOfFloats(values: Float32Array, shape: number[]): tf.Tensor {
  // Elsewhere a tensor may keep the array that it is made of.
  return tf.tensor(wasmContext() === null ? values.slice() : values, shape);
}

/** The memory itself of a float32 tensor that shares it with no other, to be changed in place; null where there is none. */
export function floatsInPlace(tensor: tf.Tensor): Float32Array | null {
  const context = tensor.dtype === "float32" && tensor.size > 0 ? wasmContext() : null;
  if (context === null || context.backend.refCount(tensor.dataId) !== 1 || hasBorrowedMemory(tensor)) return null;
  return context.backend.typedArrayFromHeap(tensor) as Float32Array;
}
