/**
 * Elementwise operations of the training path, threaded, with whatever broadcasting comes down to three axes: equal
 * shapes, scalars, biases and scales along the last axis, values per row, gradients of means. All else stays with tfjs.
 *
 * Kernels: assembly/elementwise.ts.
 */
import * as tf from "@tensorflow/tfjs";
import type { RepeatAttrs } from "../../ops/reductions.js";
import { defineKernel, output, pointerOf, runSized, type WasmContext, type WasmKernel } from "../kernel.js";

/** Numbers as in the kernels, here and below. */
const unaryOperations = {
  Relu: 0,
  Relu6: 1,
  Square: 2,
  Sqrt: 3,
  Rsqrt: 4,
  Neg: 5,
  Abs: 6,
  Exp: 7,
  LeakyRelu: 8,
  ClipByValue: 9,
} as const;

/** Only the leaky operations have a parameter, and clipping. */
interface ElementwiseAttrs {
  readonly alpha?: number;
  readonly clipValueMin?: number;
  readonly clipValueMax?: number;
}

const unaryKernels = Object.entries(unaryOperations).map(([name, operation]) =>
  defineKernel<{ x: tf.TensorInfo }, ElementwiseAttrs>(name, (call) => {
    const { x } = call.inputs;
    if (x.dtype !== "float32") return call.original();
    const y = output(call, x.shape);
    const count = tf.util.sizeFromShape(x.shape);
    const { alpha, clipValueMin, clipValueMax } = call.attrs;
    runSized(call, count, "elementwiseUnary", {
      operation,
      x: pointerOf(call, x),
      y: pointerOf(call, y),
      count,
      parameter: alpha ?? clipValueMin ?? 0,
      second: clipValueMax ?? 0,
    });
    return y;
  }),
);

const binaryOperations = {
  Add: 0,
  Sub: 1,
  Multiply: 2,
  RealDiv: 3,
  Maximum: 4,
  Minimum: 5,
  SquaredDifference: 6,
  ReluGrad: 7,
  LeakyReluGrad: 8,
} as const;

const binaryKernels = Object.entries(binaryOperations).map(([name, operation]) =>
  defineKernel<{ a: tf.TensorInfo; b: tf.TensorInfo }, ElementwiseAttrs>(name, (call) => {
    const { a, b } = call.inputs;
    if (a.dtype !== "float32" || b.dtype !== "float32") return call.original();
    const shape = tf.backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const axes = collapseAxes(a.shape, b.shape, shape);
    if (axes === null) return call.original();
    const y = output(call, shape);
    const [outer, middle, inner] = axes.sizes;
    const [ofA, ofB] = axes.strides;
    runSized(call, outer * middle * inner, "elementwiseBinary", {
      operation,
      outer,
      middle,
      inner,
      y: pointerOf(call, y),
      parameter: call.attrs.alpha ?? 0,
      a: pointerOf(call, a),
      aOuter: ofA[0],
      aMiddle: ofA[1],
      aInner: ofA[2],
      b: pointerOf(call, b),
      bOuter: ofB[0],
      bMiddle: ofB[1],
      bInner: ofB[2],
    });
    return y;
  }),
);

interface CollapsedAxes {
  /** Outer, middle, inner. */
  readonly sizes: [number, number, number];
  /** Of each operand, in bytes, 0 where it is repeated. */
  readonly strides: [number[], number[]];
}

/**
 * Neighbouring axes along which an operand is repeated (or not) alike become one; null where more than three are left.
 */
export function collapseAxes(aShape: number[], bShape: number[], shape: number[]): CollapsedAxes | null {
  const operands = [aShape, bShape];
  const isRepeated = (operand: number[], axis: number): boolean => {
    const own = axis - (shape.length - operand.length);
    return own < 0 || operand[own] === 1;
  };
  const merged: { size: number; repeated: boolean[] }[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const repeated = operands.map((operand) => isRepeated(operand, axis));
    const last = merged.at(-1);
    if (last !== undefined && last.repeated.every((value, index) => value === repeated[index])) last.size *= size;
    else merged.push({ size, repeated });
  });
  if (merged.length > 3) return null;
  while (merged.length < 3) merged.unshift({ size: 1, repeated: [true, true] });
  const stridesOf = (operand: number): number[] => {
    const strides: number[] = [];
    let next = 4;
    for (const { size, repeated } of [...merged].reverse()) {
      strides.unshift(repeated[operand] ? 0 : next);
      if (!repeated[operand]) next *= size;
    }
    return strides;
  };
  return { sizes: merged.map(({ size }) => size) as [number, number, number], strides: [stridesOf(0), stridesOf(1)] };
}

const addN = defineKernel<tf.TensorInfo[]>("AddN", (call) => {
  const [first, ...others] = call.inputs;
  const count = tf.util.sizeFromShape(first.shape);
  if (others.length === 0 || call.inputs.some(({ dtype }) => dtype !== "float32")) return call.original();
  const sum = output(call, first.shape);
  let left = first;
  for (const right of others) {
    call.pool.run("elementwiseBinary", {
      operation: binaryOperations.Add,
      outer: 1,
      middle: 1,
      inner: count,
      y: pointerOf(call, sum),
      parameter: 0,
      a: pointerOf(call, left),
      aOuter: 0,
      aMiddle: 0,
      aInner: 4,
      b: pointerOf(call, right),
      bOuter: 0,
      bMiddle: 0,
      bInner: 4,
    });
    left = sum;
  }
  return sum;
});

/** x repeated along its axes of size 1: times one, which leaves all bits of a number as they are. */
function repeat(context: WasmContext, x: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  const axes = collapseAxes(x.shape, [], shape);
  if (axes === null) {
    const axis = x.shape.findIndex((size, index) => size !== shape[index]);
    const once = repeat(
      context,
      x,
      x.shape.map((size, index) => (index === axis ? shape[axis] : size)),
    );
    const y = repeat(context, once, shape);
    context.backend.disposeData(once.dataId);
    return y;
  }
  const { pool } = context;
  const one = pool.scratch(Float32Array.BYTES_PER_ELEMENT);
  new Float32Array(pool.memory.buffer, one, 1)[0] = 1;
  const y = output(context, shape);
  const [outer, middle, inner] = axes.sizes;
  const [aOuter, aMiddle, aInner] = axes.strides[0];
  const of = { operation: binaryOperations.Multiply, outer, middle, inner, y: pointerOf(context, y), parameter: 0 };
  const a = { a: pointerOf(context, x), aOuter, aMiddle, aInner };
  runSized(context, outer * middle * inner, "elementwiseBinary", { ...of, ...a, b: one, bOuter: 0, bMiddle: 0, bInner: 0 }); // prettier-ignore
  return y;
}

const repeatKernel = defineKernel<{ x: tf.TensorInfo }, RepeatAttrs>("Repeat", (call) =>
  repeat(call, call.inputs.x, [...call.attrs.shape]),
);

export const elementwiseKernels: readonly WasmKernel[] = [...unaryKernels, ...binaryKernels, addN, repeatKernel];
