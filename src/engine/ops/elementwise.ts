/** Elementwise operations of the training path, threaded. */
import * as tf from "@tensorflow/tfjs";
import { defineKernel, output, pointerOf, type WasmKernel } from "./wasm-kernel.js";

/** Below this many elements a kernel is done sooner than a sleeping thread is woken. */
const minimumElementsToShare = 16_384;

const relu = defineKernel<{ x: tf.TensorInfo }>("Relu", (call) => {
  const { x } = call.inputs;
  if (x.dtype !== "float32") return call.original();
  const y = output(call, x.shape);
  const count = tf.util.sizeFromShape(x.shape);
  const args = [pointerOf(call, x), pointerOf(call, y), count];
  if (count < minimumElementsToShare) call.pool.runAlone("relu", args);
  else call.pool.run("relu", args);
  return y;
});

export const elementwiseKernels: readonly WasmKernel[] = [relu];
