/**
 * The gradients of MaxPool and AvgPool under tfjs's names, threaded, and the average over windows side by side by which
 * attention strides. tfjs's own MaxPool is as fast as memory.
 *
 * Kernels: assembly/pooling.ts. The gradient of an average differs from tfjs's in windows that reach beyond the
 * edge, where tfjs's is not the gradient of its own forward pass.
 */
import * as tf from "@tensorflow/tfjs";
import type { AveragePoolAttrs } from "../../ops/pooling.js";
import { defineKernel, output, pointerOf, runSized, type WasmKernel } from "../kernel.js";

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

function windowGeometry({ shape, stride, rows, columns }: AveragePoolAttrs): number[] {
  return [...shape, rows, columns, stride, stride, stride, stride, 0, 0];
}

export const poolingKernels: readonly WasmKernel[] = [
  defineKernel<{ x: tf.TensorInfo }, AveragePoolAttrs>("AveragePool", (call) => {
    const { shape, rows, columns } = call.attrs;
    const y = output(call, [shape[0], rows, columns, shape[3]]);
    const tensors = [pointerOf(call, call.inputs.x), pointerOf(call, y)];
    runSized(call, tf.util.sizeFromShape([...shape]), "averagePool", [...windowGeometry(call.attrs), ...tensors]);
    return y;
  }),
  defineKernel<{ dy: tf.TensorInfo }, AveragePoolAttrs>("AveragePoolGrad", (call) => {
    const { shape } = call.attrs;
    const dx = output(call, [...shape]);
    const tensors = [pointerOf(call, call.inputs.dy), pointerOf(call, dx)];
    const args = [...windowGeometry(call.attrs), ...tensors];
    runSized(call, tf.util.sizeFromShape([...shape]), "averagePoolGrad", args);
    return dx;
  }),
  defineKernel<GradientInputs, PoolAttrs>("MaxPoolGrad", (call) => {
    const { dy, input, output: y } = call.inputs;
    const dx = output(call, input.shape);
    const tensors = [input, y, dy, dx].map((tensor) => pointerOf(call, tensor));
    call.pool.run("maxPoolGrad", [...geometryOf(input.shape, call.attrs), ...tensors]);
    return dx;
  }),
  defineKernel<Omit<GradientInputs, "output">, PoolAttrs>("AvgPoolGrad", (call) => {
    const { dy, input } = call.inputs;
    const dx = output(call, input.shape);
    const tensors = [pointerOf(call, dy), pointerOf(call, dx)];
    call.pool.run("averagePoolGrad", [...geometryOf(input.shape, call.attrs), ...tensors]);
    return dx;
  }),
];
