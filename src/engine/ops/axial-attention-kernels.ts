/**
 * The kernels of axial-attention.ts on the threaded WebAssembly backend, and their gradient.
 *
 * Inputs are lists: [qkv, scales, ...tables], and for the gradient kernel the gradients by the outputs after them.
 */
import * as tf from "@tensorflow/tfjs";
import type { AxialAttentionAttrs } from "./axial-attention.js";
import { defineKernel, output, pointerOf, type KernelCall, type WasmKernel } from "./wasm-kernel.js";

type Call = KernelCall<readonly tf.TensorInfo[], AxialAttentionAttrs>;

/** Below this many multiply-adds a kernel is done sooner than a sleeping thread is woken. */
const minimumWorkToShare = 200_000;

/** Bytes of so many vectors, up to whole cache lines, so that threads do not share one. */
const bytesOf = (vectors: number): number => Math.ceil(vectors / 4) * 64;

const axialAttention = defineKernel<Call["inputs"], AxialAttentionAttrs>("AxialAttention", (call) => {
  const { attrs, pool } = call;
  const axis = axisOf(call);
  const shape = [axis.outer, axis.length, axis.inner, attrs.heads * attrs.valueDepth];
  const outputs = [output(call, shape), ...(attrs.tables.value ? [output(call, shape)] : [])];
  const scratchBytes = bytesOf(axis.commonVectors + 4 * axis.fullValueDepth);
  const parts = axis.work < minimumWorkToShare ? 1 : pool.threads;
  const args = [
    ...axis.args(pool.scratch(parts * scratchBytes), scratchBytes),
    ...[pointerTo(call, outputs[0]), pointerTo(call, outputs[1])],
  ];
  runParts(call, parts, "axialAttention", args);
  return outputs;
});

/** Outputs: the gradients by qkv, scales and tables. */
const axialAttentionGrad = defineKernel<Call["inputs"], AxialAttentionAttrs>("AxialAttentionGrad", (call) => {
  const { attrs, pool } = call;
  const axis = axisOf(call);
  const { qkv, scales, query, key, value, slopes } = axis.inputs;
  const like = (tensor: tf.TensorInfo): tf.TensorInfo => output(call, tensor.shape);
  const qkvSlope = like(qkv);
  const scalesSlope = like(scales);
  const tableSlopes = [query, key, value].map((table) => table && like(table));

  const { fullKeyDepth, fullValueDepth, rowDepth, offsets, length, before, after } = axis;
  const scratchBytes = bytesOf(
    axis.commonVectors +
      (length + offsets) * rowDepth + // gradients by the rows, sums by offset
      2 * (length + 4) + // lines of gradients
      4 * (fullKeyDepth + fullValueDepth), // of a pair of queries
  );
  const sumBytes = bytesOf(offsets * rowDepth + Math.ceil((3 * attrs.heads) / 2));
  const parts = axis.work < minimumWorkToShare / 3 ? 1 : pool.threads;
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

/** What the kernels have in common: inputs by name, sizes, and the arguments that assembly/axis.ts reads. */
function axisOf(call: Call) {
  const { tables, heads, keyDepth, valueDepth, window } = call.attrs;
  const [qkv, scales, ...rest] = call.inputs;
  const query = tables.query ? rest.shift() : undefined;
  const key = tables.key ? rest.shift() : undefined;
  const value = tables.value ? rest.shift() : undefined;
  const [outer, length, inner] = qkv.shape;
  const before = Math.min(window.before, length - 1);
  const after = Math.min(window.after, length - 1);
  const offsets = before + 1 + after;
  const fullKeyDepth = Math.ceil(keyDepth / 4) * 4;
  const fullValueDepth = Math.ceil(valueDepth / 4) * 4;
  const rowDepth = 2 * fullKeyDepth + fullValueDepth;
  return {
    inputs: { qkv, scales, query, key, value, slopes: rest },
    ...{ outer, length, inner, before, after, offsets, fullKeyDepth, fullValueDepth, rowDepth },
    /** Scratch memory that assembly/axis.ts takes, in vectors of 16 bytes. */
    commonVectors:
      8 + // constants
      offsets * (rowDepth / 4 + fullKeyDepth) + // encodings
      (length + 2) * rowDepth + // rows
      2 * (length + 4) + // lines
      4 * fullKeyDepth, // of a pair of queries
    /** Multiply-adds of the forward pass, about. */
    work: outer * inner * heads * length * offsets * (3 * keyDepth + 2 * valueDepth),
    args: (scratch: number, scratchBytes: number): number[] => [
      ...[qkv, query, key, value, scales].map((tensor) => pointerTo(call, tensor)),
      ...[scratch, scratchBytes, outer, length, inner, heads, keyDepth, valueDepth, before, after],
    ],
  };
}

/** Address of a tensor; 0 where there is none. */
function pointerTo(call: Call, tensor: tf.TensorInfo | undefined): number {
  return tensor === undefined ? 0 : pointerOf(call, tensor);
}

function runParts({ pool }: Call, parts: number, name: string, args: readonly number[]): void {
  if (parts === 1) pool.runAlone(name, args);
  else pool.run(name, args);
}

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
