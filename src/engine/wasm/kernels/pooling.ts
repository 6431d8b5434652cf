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
import type { KernelArguments } from "../signatures.js";

interface PoolAttrs {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  dimRoundingMode?: "floor" | "round" | "ceil";
}

type Windows = Omit<KernelArguments<"averagePool">, "x" | "y">;

function geometryOf(shape: number[], attrs: PoolAttrs): Windows {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const info = tf.backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  return {
    batch: info.batchSize,
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    outputHeight: info.outHeight,
    outputWidth: info.outWidth,
    windowHeight: info.filterHeight,
    windowWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}

interface GradientInputs {
  dy: tf.TensorInfo;
  input: tf.TensorInfo;
  output: tf.TensorInfo;
}

function windowGeometry({ shape, stride, rows, columns }: AveragePoolAttrs): Windows {
  const [batch, height, width, channels] = shape;
  return {
    batch,
    height,
    width,
    channels,
    outputHeight: rows,
    outputWidth: columns,
    windowHeight: stride,
    windowWidth: stride,
    strideHeight: stride,
    strideWidth: stride,
    padTop: 0,
    padLeft: 0,
  };
}

const forward = (kernelName: string, wasmName: "maxPool" | "averagePool"): WasmKernel =>
  defineKernel<{ x: tf.TensorInfo }, PoolAttrs>(kernelName, (call) => {
    const { x } = call.inputs;
    if (x.dtype !== "float32") return call.original();
    const windows = geometryOf(x.shape, call.attrs);
    const { batch, outputHeight, outputWidth, channels } = windows;
    const y = output(call, [batch, outputHeight, outputWidth, channels]);
    const tensors = { x: pointerOf(call, x), y: pointerOf(call, y) };
    runSized(call, tf.util.sizeFromShape(x.shape), wasmName, { ...windows, ...tensors });
    return y;
  });

export const poolingKernels: readonly WasmKernel[] = [
  defineKernel<{ x: tf.TensorInfo }, AveragePoolAttrs>("AveragePool", (call) => {
    const { shape, rows, columns } = call.attrs;
    const y = output(call, [shape[0], rows, columns, shape[3]]);
    const tensors = { x: pointerOf(call, call.inputs.x), y: pointerOf(call, y) };
    runSized(call, tf.util.sizeFromShape([...shape]), "averagePool", { ...windowGeometry(call.attrs), ...tensors });
    return y;
  }),
  defineKernel<{ dy: tf.TensorInfo }, AveragePoolAttrs>("AveragePoolGrad", (call) => {
    const { shape } = call.attrs;
    const dx = output(call, [...shape]);
    const tensors = { dy: pointerOf(call, call.inputs.dy), dx: pointerOf(call, dx) };
    runSized(call, tf.util.sizeFromShape([...shape]), "averagePoolGrad", { ...windowGeometry(call.attrs), ...tensors });
    return dx;
  }),
  forward("MaxPool", "maxPool"),
  forward("AvgPool", "averagePool"),
  defineKernel<GradientInputs, PoolAttrs>("MaxPoolGrad", (call) => {
    const { dy, input, output: y } = call.inputs;
    const dx = output(call, input.shape);
    call.pool.run("maxPoolGrad", {
      ...geometryOf(input.shape, call.attrs),
      x: pointerOf(call, input),
      y: pointerOf(call, y),
      dy: pointerOf(call, dy),
      dx: pointerOf(call, dx),
    });
    return dx;
  }),
  defineKernel<Omit<GradientInputs, "output">, PoolAttrs>("AvgPoolGrad", (call) => {
    const { dy, input } = call.inputs;
    const dx = output(call, input.shape);
    const tensors = { dy: pointerOf(call, dy), dx: pointerOf(call, dx) };
    call.pool.run("averagePoolGrad", { ...geometryOf(input.shape, call.attrs), ...tensors });
    return dx;
  }),
];
