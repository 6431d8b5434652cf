/**
 * The kernels behind `fusedSimilarityStatistics` on the threaded WebAssembly backend, and their gradient.
 *
 * Inputs are lists: [qkv, ...tables of query and key], and for the gradient kernel after them the mean that was found and the
 * gradients by mean and variance.
 */
import * as tf from "@tensorflow/tfjs";
import type { AxialAttentionAttrs } from "./axial-attention.js";
import { axisOf, bytesOf, partsFor, pointerTo, runParts, sortTables, type AxisCall } from "./axis.js";
import { defineKernel, output, type WasmKernel } from "./wasm-kernel.js";

type Axis = ReturnType<typeof axisOf>;

/** Multiply-adds, about: Gram matrices and their products for each position. */
const workOf = ({ outer, length, inner, fullKeyDepth }: Axis, heads: number): number =>
  outer * length * inner * heads * 4 * fullKeyDepth ** 2;

/** Vectors of one table's windows, and of the running sum behind them (assembly/similarity.ts). */
const windowVectors = ({ length, fullKeyDepth }: Axis): number =>
  ((length + 2) * (fullKeyDepth + 1) * fullKeyDepth) / 4;

const similarityStatistics = defineKernel<AxisCall["inputs"], AxialAttentionAttrs>("SimilarityStatistics", (call) => {
  const { attrs, pool, inputs } = call;
  const [qkv, ...rest] = inputs;
  const { tables } = sortTables(rest, attrs);
  const axis = axisOf(call, qkv, undefined, tables);
  const { outer, length, inner, before, after, fullKeyDepth } = axis;
  const outputs = [output(call, [3, attrs.heads]), output(call, [3, attrs.heads])];
  const scratchBytes = bytesOf(
    axis.vectors +
      2 * fullKeyDepth ** 2 + // Gram matrices
      (1 + length) * fullKeyDepth + // a mean, and vectors less it
      18 + // moments
      2 * windowVectors(axis),
  );
  const sumBytes = bytesOf(Math.ceil((9 * attrs.heads) / 2));
  const parts = partsFor(call, workOf(axis, attrs.heads));
  const scratch = pool.scratch(parts * (scratchBytes + sumBytes));
  const sums = scratch + parts * scratchBytes;
  runParts(call, parts, "similarityStatistics", [...axis.args(scratch, scratchBytes), sums, sumBytes]);
  const allPairs = outer * inner * countPairs(length, before, after);
  pool.runAlone("similarityStatisticsSum", [
    ...[sums, sumBytes, parts, attrs.heads, allPairs],
    ...outputs.map((tensor) => pointerTo(call, tensor)),
  ]);
  return outputs;
});

/** Pairs of query and key of one sequence. */
function countPairs(length: number, before: number, after: number): number {
  let pairs = 0;
  for (let i = 0; i < length; i++) pairs += Math.min(length - 1, i + after) - Math.max(0, i - before) + 1;
  return pairs;
}

/** Outputs: the gradients by qkv (zero for the values) and by the tables. */
const similarityStatisticsGrad = defineKernel<AxisCall["inputs"], AxialAttentionAttrs>(
  "SimilarityStatisticsGrad",
  (call) => {
    const { attrs, pool, inputs } = call;
    const [qkv, ...others] = inputs;
    const { tables, rest } = sortTables(others, attrs);
    const axis = axisOf(call, qkv, undefined, tables);
    const { length, before, after, fullKeyDepth, rowDepth } = axis;
    const slopes = [qkv, ...tables].map((tensor) => tensor && output(call, tensor.shape));
    const scratchBytes = bytesOf(
      axis.vectors +
        Math.ceil((6 * attrs.heads) / 4) + // coefficients
        (length + 1) * rowDepth + // gradients by the rows
        fullKeyDepth ** 2 + // a Gram matrix
        (2 + length) * fullKeyDepth + // a mean, and vectors less it
        2 * windowVectors(axis),
    );
    const sumBytes = bytesOf(2 * length * (fullKeyDepth + 1) * fullKeyDepth);
    const totalBytes = bytesOf(((length + 1) * (fullKeyDepth + 1) * fullKeyDepth) / 2);
    const parts = partsFor(call, 2 * workOf(axis, attrs.heads));
    const scratch = pool.scratch(parts * (scratchBytes + sumBytes) + totalBytes);
    const sums = scratch + parts * scratchBytes;
    runParts(call, parts, "similarityStatisticsGradient", [
      ...axis.args(scratch, scratchBytes),
      ...rest.map((tensor) => pointerTo(call, tensor)), // mean and the gradients
      ...[pointerTo(call, slopes[0]), 0, sums, sumBytes],
    ]);
    pool.runAlone("similarityStatisticsGradientSum", [
      ...[sums, sumBytes, parts, length, attrs.keyDepth, before, after],
      ...[tables[0], tables[1], slopes[1], slopes[2]].map((tensor) => pointerTo(call, tensor)),
      sums + parts * sumBytes,
    ]);
    return slopes.filter((slope) => slope !== undefined);
  },
);

export const similarityStatisticsKernels: readonly WasmKernel[] = [similarityStatistics, similarityStatisticsGrad];

export const similarityStatisticsGradients: readonly tf.GradConfig[] = [
  {
    kernelName: "SimilarityStatistics",
    saveAllInputs: true,
    outputsToSave: [true, false],
    gradFunc: (slopes, saved, attrs) => {
      const inputs = [...saved, ...(slopes as tf.Tensor[])] as unknown as tf.NamedTensorMap;
      const gradients = tf.engine().runKernel<tf.Tensor[]>("SimilarityStatisticsGrad", inputs, attrs);
      return gradients.map((gradient) => () => gradient) as unknown as ReturnType<tf.GradFunc>;
    },
  },
];
