/**
 * The gradients of MaxPool and AvgPool under tfjs's names, threaded. Forward, tfjs's own kernels are as fast as memory.
 *
 * Kernels: wasm/assembly/pooling.ts. The gradient of an average differs from tfjs's in windows that reach beyond the edge,
 * where tfjs's is not the gradient of its own forward pass.
 */
import * as tf from "@tensorflow/tfjs";
import { defineKernel, output, pointerOf, type WasmKernel } from "./wasm-kernel.js";

interface PoolAttrs {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  dimRoundingMode?: "floor" | "round" | "ceil";
}

/** The twelve slots of geometry. */
function geometryOf(shape: number[], attrs: PoolAttrs): number[] {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const info = tf.backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const size = [info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth];
  const window = [info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth];
  return [...size, ...window, info.padInfo.top, info.padInfo.left];
}

interface GradientInputs {
  dy: tf.TensorInfo;
  input: tf.TensorInfo;
  output: tf.TensorInfo;
}

export const poolingKernels: readonly WasmKernel[] = [
  defineKernel<GradientInputs, PoolAttrs>("MaxPoolGrad", (call) => {
    const { dy, input, output: y } = call.inputs;
    const dx = output(call, input.shape);
    const tensors = [input, y, dy, dx].map((tensor) => pointerOf(call, tensor));
    call.pool.run("maxPoolGradient", [...geometryOf(input.shape, call.attrs), ...tensors]);
    return dx;
  }),
  defineKernel<Omit<GradientInputs, "output">, PoolAttrs>("AvgPoolGrad", (call) => {
    const { dy, input } = call.inputs;
    const dx = output(call, input.shape);
    const tensors = [pointerOf(call, dy), pointerOf(call, dx)];
    call.pool.run("averagePoolGradient", [...geometryOf(input.shape, call.attrs), ...tensors]);
    return dx;
  }),
];
