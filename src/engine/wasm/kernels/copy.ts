/**
 * Data movement under tfjs's names, threaded and without the copies that tfjs makes on the way (its Slice reads the whole
 * tensor first): Slice, SplitV, Unpack, Concat, Pack, PadV2, Tile, Transpose, GatherV2 and its gradient
 * UnsortedSegmentSum, which tfjs's WebAssembly backend lacks.
 *
 * Kernels: assembly/copy.ts.
 */
import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../../../core/errors.js";
import {
  defineKernel,
  output,
  pointerOf,
  runSized,
  type KernelCall,
  type WasmContext,
  type WasmKernel,
} from "../kernel.js";
import { compute } from "./followers.js";
import { share } from "./identity.js";

/** One axis of a copy: its size, and the strides in bytes on both sides. */
interface CopyAxis {
  size: number;
  source: number;
  target: number;
}

/** Strides in bytes of a contiguous tensor. */
function byteStrides(shape: number[], dtype: tf.DataType): number[] {
  const element = tf.util.bytesPerElement(dtype);
  return shape.map((_, axis) => element * tf.util.sizeFromShape(shape.slice(axis + 1)));
}

/** Merges axes that follow one another on both sides; axes of size 1 vanish. */
function mergeAxes(axes: readonly CopyAxis[]): CopyAxis[] {
  const merged: CopyAxis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const last = merged.at(-1);
    if (last?.source === axis.size * axis.source && last.target === axis.size * axis.target) {
      merged[merged.length - 1] = { ...axis, size: last.size * axis.size };
    } else merged.push(axis);
  }
  return merged;
}

/** Copies along any axes; false, and nothing done, where more than three are left beside the contiguous one. */
function copyAxes(context: WasmContext, source: number, target: number, axes: CopyAxis[], element: number): boolean {
  const merged = mergeAxes(axes);
  const last = merged.at(-1);
  const contiguous = last?.source === element && last.target === element;
  let bytes = contiguous ? last.size * element : element;
  if (contiguous) merged.pop();
  if (merged.length > 3) return false;
  if (merged.length === 0 && bytes > 8192) {
    // One stretch: cut into pages, so that all threads share it, and what is left.
    const pages = Math.floor(bytes / 4096);
    copyAxes(context, source + pages * 4096, target + pages * 4096, [], bytes - pages * 4096);
    merged.push({ size: pages, source: 4096, target: 4096 });
    bytes = 4096;
  }
  if (bytes === 0) return true;
  while (merged.length < 3) merged.unshift({ size: 1, source: 0, target: 0 });
  const [outer, middle, inner] = merged;
  const total = bytes * outer.size * middle.size * inner.size;
  runSized(context, total / 4, "copyBlocks", {
    source,
    target,
    bytes,
    size0: outer.size,
    size1: middle.size,
    size2: inner.size,
    sourceStride0: outer.source,
    sourceStride1: middle.source,
    sourceStride2: inner.source,
    targetStride0: outer.target,
    targetStride1: middle.target,
    targetStride2: inner.target,
  });
  return true;
}

/** The part of a tensor that starts at `begin`, as a new one; null where the axes are too many. */
function slice(context: WasmContext, x: tf.TensorInfo, begin: number[], size: number[]): tf.TensorInfo | null {
  const source = byteStrides(x.shape, x.dtype);
  const target = byteStrides(size, x.dtype);
  const start = begin.reduce((sum, index, axis) => sum + index * source[axis], pointerOf(context, x));
  const axes = size.map((count, axis) => ({ size: count, source: source[axis], target: target[axis] }));
  const y = output(context, size, x.dtype);
  if (tf.util.sizeFromShape(size) === 0) return y;
  if (copyAxes(context, start, pointerOf(context, y), axes, tf.util.bytesPerElement(x.dtype))) return y;
  context.backend.disposeData(y.dataId);
  return null;
}

const sliceKernel = defineKernel<{ x: tf.TensorInfo }, { begin: number | number[]; size: number | number[] }>(
  "Slice",
  (call) => {
    const { x } = call.inputs;
    if (x.dtype === "string") return call.original();
    const [begin, size] = tf.slice_util.parseSliceParams(x, call.attrs.begin, call.attrs.size);
    tf.slice_util.assertParamsValid(x, begin, size);
    return slice(call, x, begin, size) ?? call.original();
  },
);

const split = defineKernel<{ x: tf.TensorInfo }, { numOrSizeSplits: number | number[]; axis: number }>(
  "SplitV",
  (call) => {
    const { x } = call.inputs;
    if (x.dtype === "string") return call.original();
    const [axis] = tf.util.parseAxisParam(call.attrs.axis, x.shape);
    const sizes = tf.backend_util.prepareSplitSize(x, call.attrs.numOrSizeSplits, axis);
    const begin = x.shape.map(() => 0);
    return sizes.map((count) => {
      const size = x.shape.map((whole, index) => (index === axis ? count : whole));
      const piece = slice(call, x, [...begin], size)!; // two axes at most: always copied
      begin[axis] += count;
      return piece;
    });
  },
);

const unpack = defineKernel<{ value: tf.TensorInfo }, { axis: number }>("Unpack", (call) => {
  const { value: x } = call.inputs;
  if (x.dtype === "string") return call.original();
  const [axis] = tf.util.parseAxisParam(call.attrs.axis, x.shape);
  const size = x.shape.map((whole, index) => (index === axis ? 1 : whole));
  const shape = x.shape.filter((_, index) => index !== axis);
  return Array.from({ length: x.shape[axis] }, (_, at) => {
    const begin = x.shape.map((_, index) => (index === axis ? at : 0));
    return { ...slice(call, x, begin, size)!, shape }; // two axes at most: always copied
  });
});

/** Null where the types differ or are none of ours. */
function concatenate(call: WasmContext, inputs: readonly tf.TensorInfo[], axis: number): tf.TensorInfo | null {
  const shapes = inputs.map((input) => input.shape);
  tf.backend_util.assertParamsConsistent(shapes, axis);
  if (inputs.some(({ dtype }) => dtype !== inputs[0].dtype) || inputs[0].dtype === "string") return null;
  const y = output(call, tf.backend_util.computeOutShape(shapes, axis), inputs[0].dtype);
  const target = byteStrides(y.shape, y.dtype);
  let start = pointerOf(call, y);
  for (const x of inputs) {
    const source = byteStrides(x.shape, x.dtype);
    const axes = x.shape.map((size, index) => ({ size, source: source[index], target: target[index] }));
    const element = tf.util.bytesPerElement(x.dtype);
    if (tf.util.sizeFromShape(x.shape) > 0) copyAxes(call, pointerOf(call, x), start, axes, element); // two axes at most
    start += x.shape[axis] * target[axis];
  }
  return y;
}

const concat = defineKernel<tf.TensorInfo[], { axis: number }>("Concat", (call) => {
  const [axis] = tf.util.parseAxisParam(call.attrs.axis, call.inputs[0].shape);
  return concatenate(call, call.inputs, axis) ?? call.original();
});

const pack = defineKernel<tf.TensorInfo[], { axis: number }>("Pack", (call) => {
  const [axis] = tf.util.parseAxisParam(call.attrs.axis, [...call.inputs[0].shape, 1]);
  const slabs = call.inputs.map((x) => ({ ...x, shape: [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)] }));
  return concatenate(call, slabs, axis) ?? call.original();
});

interface PadAttrs {
  paddings: [number, number][];
  constantValue: number;
}

/** A padding below zero cuts off, as in TensorFlow.js's JavaScript along the last axis. */
function cropAndPad(call: KernelCall<{ x: tf.TensorInfo }, PadAttrs>): tf.TensorInfo {
  const { x } = call.inputs;
  const { paddings, constantValue } = call.attrs;
  const begin = paddings.map(([before]) => Math.max(0, -before));
  const size = x.shape.map((whole, axis) => whole - begin[axis] - Math.max(0, -paddings[axis][1]));
  if (size.some((left) => left < 0))
    throw new ShapeError(
      `pad: paddings below 0 must leave something, got ${JSON.stringify(paddings)} for [${x.shape.join(", ")}]; cut off less`,
    );
  const rest = paddings.map(([before, after]): [number, number] => [Math.max(0, before), Math.max(0, after)]);
  return compute(call, share(call, x), (whole) => whole.slice(begin, size).pad(rest, constantValue));
}

const pad = defineKernel<{ x: tf.TensorInfo }, PadAttrs>("PadV2", (call) => {
  const { x } = call.inputs;
  const { paddings, constantValue } = call.attrs;
  if (paddings.some(([before, after]) => before < 0 || after < 0)) return cropAndPad(call);
  if (x.dtype !== "float32" || paddings.filter(([before, after]) => before + after > 0).length > 3) {
    return call.original();
  }
  const shape = x.shape.map((size, axis) => size + paddings[axis][0] + paddings[axis][1]);
  const y = output(call, shape);
  call.pool.run("fillValues", {
    target: pointerOf(call, y),
    count: tf.util.sizeFromShape(shape),
    value: constantValue,
  });
  const source = byteStrides(x.shape, x.dtype);
  const target = byteStrides(shape, x.dtype);
  const start = paddings.reduce((sum, [before], axis) => sum + before * target[axis], pointerOf(call, y));
  const axes = x.shape.map((size, axis) => ({ size, source: source[axis], target: target[axis] }));
  if (tf.util.sizeFromShape(x.shape) === 0 || copyAxes(call, pointerOf(call, x), start, axes, 4)) return y;
  call.backend.disposeData(y.dataId);
  return call.original();
});

const tile = defineKernel<{ x: tf.TensorInfo }, { reps: number[] }>("Tile", (call) => {
  const { x } = call.inputs;
  const { reps } = call.attrs;
  if (x.dtype === "string") return call.original();
  const y = output(
    call,
    x.shape.map((size, axis) => size * reps[axis]),
    x.dtype,
  );
  const source = byteStrides(x.shape, x.dtype);
  const target = byteStrides(y.shape, y.dtype);
  const axes = x.shape.flatMap((size, axis) => [
    { size: reps[axis], source: 0, target: size * target[axis] },
    { size, source: source[axis], target: target[axis] },
  ]);
  const element = tf.util.bytesPerElement(x.dtype);
  if (tf.util.sizeFromShape(y.shape) === 0) return y;
  if (copyAxes(call, pointerOf(call, x), pointerOf(call, y), axes, element)) return y;
  call.backend.disposeData(y.dataId);
  return call.original();
});

/** Axes that stay together become one: the sizes of what moves, and where it moves to. */
function mergePermutation(shape: number[], permutation: number[]): { sizes: number[]; order: number[] } {
  const groups: number[][] = [];
  for (const axis of permutation.filter((axis) => shape[axis] !== 1)) {
    const last = groups.at(-1);
    const previous = last?.at(-1);
    const between = shape.slice((previous ?? axis) + 1, axis);
    if (previous !== undefined && previous < axis && between.every((size) => size === 1)) last!.push(axis);
    else groups.push([axis]);
  }
  const sorted = [...groups].sort((a, b) => a[0] - b[0]);
  const sizes = sorted.map((group) => group.reduce((product, axis) => product * shape[axis], 1));
  return { sizes, order: groups.map((group) => sorted.indexOf(group)) };
}

const transpose = defineKernel<{ x: tf.TensorInfo }, { perm: number[] }>("Transpose", (call) => {
  const { x } = call.inputs;
  const { perm } = call.attrs;
  const { sizes, order } = mergePermutation(x.shape, perm);
  const element = tf.util.bytesPerElement(x.dtype);
  if (x.dtype === "string" || tf.util.sizeFromShape(x.shape) === 0) return call.original();
  const y = output(
    call,
    perm.map((axis) => x.shape[axis]),
    x.dtype,
  );
  const addresses = [pointerOf(call, x), pointerOf(call, y)];
  const [outer, rows, columns] = sizes.length === 2 ? [1, ...sizes] : sizes;
  const isMatrix = order.join() === "1,0" || order.join() === "0,2,1";
  if (isMatrix && element === 4) {
    const matrices = { x: addresses[0], y: addresses[1], outer, rows, columns };
    runSized(call, tf.util.sizeFromShape(sizes), "transposeMatrices", matrices);
    return y;
  }
  const source = byteStrides(sizes, x.dtype);
  const target = byteStrides(
    order.map((axis) => sizes[axis]),
    x.dtype,
  );
  const axes = order.map((axis, index) => ({ size: sizes[axis], source: source[axis], target: target[index] }));
  const lastStays = order.at(-1) === sizes.length - 1;
  if (lastStays && copyAxes(call, addresses[0], addresses[1], axes, element)) return y;
  call.backend.disposeData(y.dataId);
  return call.original();
});

const gather = defineKernel<{ x: tf.TensorInfo; indices: tf.TensorInfo }, { axis: number; batchDims: number }>(
  "GatherV2",
  (call) => {
    const { x, indices } = call.inputs;
    const [axis] = tf.util.parseAxisParam(call.attrs.axis, x.shape);
    if (indices.dtype !== "int32") return call.original();
    const rows = x.shape[axis];
    const outside = call.backend.typedArrayFromHeap(indices).find((index) => index < 0 || index >= rows);
    if (outside !== undefined) {
      throw new ShapeError(
        `gather: indices must be rows from 0 to ${rows - 1}, got ${outside}; check where they come from ` +
          `(GatherV2: the index value ${outside} is not in [0, ${rows - 1}])`,
      );
    }
    if (axis !== 0 || call.attrs.batchDims !== 0 || x.dtype === "string") return call.original();
    const y = output(call, [...indices.shape, ...x.shape.slice(1)], x.dtype);
    const bytes = tf.util.sizeFromShape(x.shape.slice(1)) * tf.util.bytesPerElement(x.dtype);
    call.pool.run("gatherRows", {
      table: pointerOf(call, x),
      indices: pointerOf(call, indices),
      y: pointerOf(call, y),
      count: tf.util.sizeFromShape(indices.shape),
      bytes,
    });
    return y;
  },
);

const segmentSum = defineKernel<{ x: tf.TensorInfo; segmentIds: tf.TensorInfo }, { numSegments: number }>(
  "UnsortedSegmentSum",
  (call) => {
    const { x, segmentIds } = call.inputs;
    const { numSegments } = call.attrs;
    if (x.dtype !== "float32") return call.original();
    const count = tf.util.sizeFromShape(segmentIds.shape);
    const rest = x.shape.slice(segmentIds.shape.length);
    const y = output(call, [numSegments, ...rest]);
    call.pool.run("segmentSum", {
      x: pointerOf(call, x),
      ids: pointerOf(call, segmentIds),
      sums: pointerOf(call, y),
      count,
      channels: tf.util.sizeFromShape(rest),
      segments: numSegments,
    });
    return y;
  },
);

export const copyKernels: readonly WasmKernel[] = [
  sliceKernel,
  split,
  unpack,
  concat,
  pack,
  pad,
  tile,
  transpose,
  gather,
  segmentSum,
];
