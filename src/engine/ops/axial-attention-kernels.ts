/**
 * The kernels of axial-attention.ts on the threaded WebAssembly backend, and their gradient.
 *
 * Inputs are lists: [qkv, scales, ...tables], and for the gradient kernel the gradients by the outputs after them.
 */
import * as tf from "@tensorflow/tfjs";
import type { AxialAttentionAttrs } from "./axial-attention.js";
import { axisOf, bytesOf, partsFor, pointerTo, runParts, sortInputs, type AxisCall } from "./axis.js";
import { defineKernel, output, type WasmKernel } from "./wasm-kernel.js";

const axialAttention = defineKernel<AxisCall["inputs"], AxialAttentionAttrs>("AxialAttention", (call) => {
  const { attrs, pool } = call;
  const { qkv, scales, tables } = sortInputs(call);
  const axis = axisOf(call, qkv, scales, tables);
  const shape = [axis.outer, axis.length, axis.inner, attrs.heads * attrs.valueDepth];
  const outputs = [output(call, shape), ...(attrs.tables.value ? [output(call, shape)] : [])];
  const scratchBytes = bytesOf(axis.vectors + logitVectors(axis) + 4 * axis.fullValueDepth);
  const parts = partsFor(call, axis.pairs * (3 * attrs.keyDepth + 2 * attrs.valueDepth));
  const args = [
    ...axis.args(pool.scratch(parts * scratchBytes), scratchBytes),
    ...[pointerTo(call, outputs[0]), pointerTo(call, outputs[1])],
  ];
  runParts(call, parts, "axialAttention", args);
  return outputs;
});

/** Scratch memory that assembly/logits.ts takes. */
function logitVectors({ offsets, rowDepth, fullKeyDepth }: ReturnType<typeof axisOf>): number {
  return (
    8 + // constants
    offsets * (rowDepth / 4 + fullKeyDepth) + // encodings
    4 * fullKeyDepth // queries of a pair
  );
}

/** Outputs: the gradients by qkv, scales and tables. */
const axialAttentionGrad = defineKernel<AxisCall["inputs"], AxialAttentionAttrs>("AxialAttentionGrad", (call) => {
  const { attrs, pool } = call;
  const { qkv, scales, tables, rest: slopes } = sortInputs(call);
  const axis = axisOf(call, qkv, scales, tables);
  const like = (tensor: tf.TensorInfo): tf.TensorInfo => output(call, tensor.shape);
  const qkvSlope = like(qkv);
  const scalesSlope = like(scales);
  const tableSlopes = tables.map((table) => table && like(table));

  const { fullKeyDepth, fullValueDepth, rowDepth, offsets, length, before, after } = axis;
  const scratchBytes = bytesOf(
    axis.vectors +
      logitVectors(axis) +
      (length + offsets) * rowDepth + // gradients by the rows, sums by offset
      2 * (length + 4) + // lines of gradients
      4 * (fullKeyDepth + fullValueDepth), // of a pair of queries
  );
  const sumBytes = bytesOf(offsets * rowDepth + Math.ceil((3 * attrs.heads) / 2));
  const parts = partsFor(call, 3 * axis.pairs * (3 * attrs.keyDepth + 2 * attrs.valueDepth));
  const scratch = pool.scratch(parts * (scratchBytes + sumBytes));
  const sums = scratch + parts * scratchBytes;
  runParts(call, parts, "axialAttentionGradient", [
    ...axis.args(scratch, scratchBytes),
    ...[pointerTo(call, slopes[0]), pointerTo(call, slopes[1]), pointerTo(call, qkvSlope), sums, sumBytes],
  ]);
  pool.runAlone("axialAttentionGradientSum", [
    ...[sums, sumBytes, parts, length, attrs.heads, attrs.keyDepth, attrs.valueDepth, before, after],
    ...[...tableSlopes, scalesSlope].map((slope) => pointerTo(call, slope)),
  ]);
  return [qkvSlope, scalesSlope, ...tableSlopes.filter((slope) => slope !== undefined)];
});

export const axialAttentionKernels: readonly WasmKernel[] = [axialAttention, axialAttentionGrad];

export const axialAttentionGradients: readonly tf.GradConfig[] = [
  {
    kernelName: "AxialAttention",
    saveAllInputs: true,
    gradFunc: (slopes, saved, attrs) => {
      const inputs = [...saved, ...(Array.isArray(slopes) ? slopes : [slopes])] as unknown as tf.NamedTensorMap;
      const gradients = tf.engine().runKernel<tf.Tensor[]>("AxialAttentionGrad", inputs, attrs);
      return gradients.map((gradient) => () => gradient) as unknown as ReturnType<tf.GradFunc>;
    },
  },
];
