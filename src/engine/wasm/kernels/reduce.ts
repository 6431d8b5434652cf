/**
 * Sum, Mean and Max along neighbouring axes, threaded; what reduces scattered axes stays with tfjs.
 *
 * Kernels: assembly/reduce.ts.
 */
import * as tf from "@tensorflow/tfjs";
import { defineKernel, output, pointerOf, runSized, type KernelCall, type WasmKernel } from "../kernel.js";

interface Reduction {
  /** Number as in the kernels. */
  readonly operation: 0 | 1;
  readonly factor: (length: number) => number;
  /** The result where there are no values. */
  readonly ofNothing: number;
}

const reductions: Readonly<Record<string, Reduction>> = {
  Sum: { operation: 0, factor: () => 1, ofNothing: 0 },
  Mean: { operation: 0, factor: (length) => 1 / length, ofNothing: NaN },
  Max: { operation: 1, factor: () => 1, ofNothing: -Infinity },
};

interface ReduceAttrs {
  axis?: number | number[];
  reductionIndices?: number | number[];
  keepDims?: boolean;
}

/** x as [outer, length, inner], length being all reduced axes; null where they do not lie together. */
export function viewReduced(shape: number[], axes: number[]): [number, number, number] | null {
  const reduced = shape.map((size, axis) => axes.includes(axis) || size === 1);
  const first = shape.findIndex((size, axis) => axes.includes(axis) && size > 1);
  if (first < 0) return [tf.util.sizeFromShape(shape), 1, 1];
  let end = first;
  while (end < shape.length && reduced[end]) end++;
  if (shape.some((size, axis) => axes.includes(axis) && size > 1 && axis >= end)) return null;
  const size = (from: number, to: number): number => tf.util.sizeFromShape(shape.slice(from, to));
  return [size(0, first), size(first, end), size(end, shape.length)];
}

function reduce(
  call: KernelCall<{ x: tf.TensorInfo }, ReduceAttrs>,
  { operation, factor, ofNothing }: Reduction,
): tf.TensorInfo | tf.TensorInfo[] {
  const { inputs, attrs, pool } = call;
  const { x } = inputs;
  const axes = tf.util.parseAxisParam((attrs.axis ?? attrs.reductionIndices)!, x.shape);
  const view = viewReduced(x.shape, axes);
  const size = tf.util.sizeFromShape(x.shape);
  if (x.dtype !== "float32" || view === null) return call.original();
  const [outer, length, inner] = view;
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const y = output(call, attrs.keepDims === true ? kept : kept.filter((_, axis) => !axes.includes(axis)));
  if (size === 0) {
    pool.runAlone("fillValues", {
      target: pointerOf(call, y),
      count: tf.util.sizeFromShape(y.shape),
      value: ofNothing,
    });
    return y;
  }
  if (inner === 1 && outer >= pool.threads) {
    const tensors = { x: pointerOf(call, x), y: pointerOf(call, y) };
    runSized(call, size, "reduceTrailing", { operation, ...tensors, outer, length, factor: factor(length) });
    return y;
  }
  // Enough tasks for all threads: by the outer axis, or else by chunks of the reduced one.
  const chunks = outer >= pool.threads ? 1 : Math.min(length, pool.threads);
  const partial = pool.scratch(outer * chunks * inner * 8);
  runSized(call, size, "reduceChunks", { operation, x: pointerOf(call, x), outer, length, inner, chunks, partial });
  const finish = { operation, partial, outer, chunks, inner, factor: factor(length), y: pointerOf(call, y) };
  runSized(call, outer * inner, "reduceFinish", finish);
  return y;
}

export const reduceKernels: readonly WasmKernel[] = Object.entries(reductions).map(([name, reduction]) =>
  defineKernel<{ x: tf.TensorInfo }, ReduceAttrs>(name, (call) => reduce(call, reduction)),
);
