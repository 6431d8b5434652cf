/**
 * The kernels behind `fusedAxialSimilarityStatistics` on the threaded WebAssembly backend, and their gradient.
 *
 * Inputs are lists: [qkv, ...tables of query and key], and for the gradient kernel after them the mean that was found
 * and the gradients with respect to mean and variance.
 */
import * as tf from "@tensorflow/tfjs";
import type { StatisticsAttrs } from "../../ops/attention.js";
import {
  axisOf,
  bytesOf,
  partsFor,
  pointerTo,
  runParts,
  sortTables,
  type AttentionCall,
} from "./attention-geometry.js";
import { visiblePairs } from "./attention-work.js";
import { share } from "./identity.js";
import { defineKernel, output, type WasmContext, type WasmKernel } from "../kernel.js";

type Axis = ReturnType<typeof axisOf>;

/**
 * Whether Gram matrices (time L Dq^2) beat products (time L^2 Dq): on an axis without a window that is long for its
 * depth. Measured, with the gradient: 2.3 times as fast at L = 28, Dq = 8; 1.4 times at L = 28, Dq = 16; 0.85 times at
 * L = 14, Dq = 16.
 */
const goesByGram = ({ rows, offsets, fullKeyDepth }: Axis): boolean =>
  offsets === 2 * rows - 1 && 2 * rows >= 3 * fullKeyDepth;

/** Multiply-adds, about. */
const workOf = ({ pairs, rows, fullKeyDepth, offsets }: Axis): number =>
  (pairs / offsets) * 3 * fullKeyDepth * Math.min(rows, offsets, 2 * fullKeyDepth);

/** Vectors of one table's windows, and of the running sum behind them (assembly/similarity-gram.ts). */
const windowVectors = ({ rows, fullKeyDepth }: Axis): number => ((rows + 2) * (fullKeyDepth + 1) * fullKeyDepth) / 4;

const axialSimilarityStatistics = defineKernel<AttentionCall["inputs"], StatisticsAttrs>(
  "AxialSimilarityStatistics",
  (call) => {
    const { attrs, pool, inputs } = call;
    const [qkv, ...rest] = inputs;
    const { tables } = sortTables(rest, attrs);
    const axis = axisOf(call, { qkv, tables });
    const [outer, length, inner] = qkv.shape;
    const { fullKeyDepth } = axis;
    const byGram = goesByGram(axis);
    const outputs = [output(call, [3, attrs.heads]), output(call, [3, attrs.heads])];
    const scratchBytes = bytesOf(
      axis.vectors +
        18 + // moments
        (byGram
          ? 2 * fullKeyDepth ** 2 + // Gram matrices
            (1 + length) * fullKeyDepth + // a mean, and vectors less it
            2 * windowVectors(axis)
          : (2 * axis.offsets * fullKeyDepth) / 4), // encodings
    );
    const sumBytes = bytesOf(Math.ceil((9 * attrs.heads) / 2));
    const parts = partsFor(call, workOf(axis));
    const scratch = pool.scratch(parts * (scratchBytes + sumBytes));
    const sums = scratch + parts * scratchBytes;
    runParts(call, parts, "axialSimilarityStatistics", {
      ...axis.args(scratch, scratchBytes),
      ...{ byGram: Number(byGram), sums, sumBytes },
    });
    const allPairs = outer * inner * visiblePairs(length, axis);
    const [mean, variance] = outputs.map((tensor) => pointerTo(call, tensor));
    const { heads } = attrs;
    const found = { pairs: allPairs, mean, variance };
    pool.runAlone("similarityStatisticsSum", { sums, sumBytes, shares: parts, heads, ...found });
    return attrs.passesOn ? [...outputs, share(call, qkv)] : outputs;
  },
);

/** Outputs: the gradients with respect to qkv (for the values zero, or what was passed on) and by the tables. */
const axialSimilarityStatisticsGrad = defineKernel<AttentionCall["inputs"], StatisticsAttrs>(
  "AxialSimilarityStatisticsGrad",
  (call) => {
    const { attrs, pool, inputs } = call;
    const [qkv, ...others] = inputs;
    const { tables, rest } = sortTables(others, attrs);
    const [mean, dMean, dVariance, passed] = rest as (tf.TensorInfo | undefined)[];
    const axis = axisOf(call, { qkv, tables });
    const { rows: length, before, after, offsets, fullKeyDepth, rowDepth } = axis;
    const byGram = goesByGram(axis);
    const dQkv = passed === undefined ? output(call, qkv.shape) : ownCopy(call, passed);
    const dTables = tables.map((table) => table && output(call, table.shape));
    const scratchBytes = bytesOf(
      axis.vectors +
        Math.ceil((6 * attrs.heads) / 4) +
        6 + // coefficients
        length * rowDepth + // gradients with respect to the rows
        (byGram
          ? fullKeyDepth ** 2 + // a Gram matrix
            (1 + length) * fullKeyDepth + // a mean, and vectors less it
            2 * windowVectors(axis)
          : 4 * fullKeyDepth + // of a pair
            (2 * offsets * fullKeyDepth) / 4), // encodings
    );
    const sumBytes = 2 * bytesOf(fullKeyDepth * (byGram ? length * (fullKeyDepth + 1) : offsets));
    const totalBytes = bytesOf(((length + 1) * (fullKeyDepth + 1) * fullKeyDepth) / 2);
    const parts = partsFor(call, 2 * workOf(axis));
    const scratch = pool.scratch(parts * (scratchBytes + sumBytes) + totalBytes);
    const sums = scratch + parts * scratchBytes;
    const pointer = (tensor?: tf.TensorInfo): number => pointerTo(call, tensor);
    runParts(call, parts, "axialSimilarityStatisticsGrad", {
      ...axis.args(scratch, scratchBytes),
      ...{ byGram: Number(byGram), mean: pointer(mean), dMean: pointer(dMean), dVariance: pointer(dVariance) },
      ...{ dQkv: pointer(dQkv), adds: Number(passed !== undefined), sums, sumBytes },
    });
    pool.runAlone("axialSimilarityStatisticsGradSum", {
      ...{ byGram: Number(byGram), sums, sumBytes, shares: parts, length, keyDepth: attrs.keyDepth, before, after },
      ...{ queryTable: pointer(tables[0]), keyTable: pointer(tables[1]) },
      ...{ dQueryTable: pointer(dTables[0]), dKeyTable: pointer(dTables[1]), scratch: sums + parts * sumBytes },
    });
    return [dQkv, ...dTables.filter((gradient) => gradient !== undefined)];
  },
);

/** The tensor itself, to be changed in place, if nothing else shares its memory; a copy otherwise. */
export function ownCopy(call: WasmContext, tensor: tf.TensorInfo): tf.TensorInfo {
  if (call.backend.refCount(tensor.dataId) === 1) return share(call, tensor);
  const copy = output(call, tensor.shape);
  const start = pointerTo(call, tensor);
  const bytes = tf.util.sizeFromShape(tensor.shape) * 4;
  new Uint8Array(call.pool.memory.buffer).copyWithin(pointerTo(call, copy), start, start + bytes);
  return copy;
}

export const axialSimilarityStatisticsKernels: readonly WasmKernel[] = [
  axialSimilarityStatistics,
  axialSimilarityStatisticsGrad,
];
