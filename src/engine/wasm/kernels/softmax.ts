/** Softmax over the last axis under tfjs's name, threaded. Kernel: assembly/softmax.ts. */
import * as tf from "@tensorflow/tfjs";
import { defineKernel, output, pointerOf, runSized, type WasmKernel } from "../kernel.js";

export const softmaxKernels: readonly WasmKernel[] = [
  defineKernel<{ logits: tf.TensorInfo }, { dim: number }>("Softmax", (call) => {
    const { logits } = call.inputs;
    const size = tf.util.sizeFromShape(logits.shape);
    const columns = logits.shape[call.attrs.dim];
    if (logits.dtype !== "float32" || size === 0 || call.attrs.dim !== logits.shape.length - 1) return call.original();
    const y = output(call, logits.shape);
    const tensors = { x: pointerOf(call, logits), y: pointerOf(call, y) };
    runSized(call, size, "softmaxRows", { ...tensors, rows: size / columns, columns });
    return y;
  }),
];
