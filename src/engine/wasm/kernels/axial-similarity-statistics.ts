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
import {
  gramStatisticsGradVectors,
  gramStatisticsVectors,
  gramSumVectors,
  gramTotalVectors,
  momentSumVectors,
  productStatisticsGradVectors,
  productStatisticsVectors,
  productSumVectors,
} from "../attention-scratch.js";
import { visiblePairs } from "./attention-work.js";
import { share } from "./identity.js";
import { defineKernel, output, type WasmContext, type WasmKernel } from "../kernel.js";

type Axis = ReturnType<typeof axisOf>;
type GeometryOf = typeof axisOf;

/**
 * Whether Gram matrices (time L Dq^2) beat products (time L^2 Dq): on an axis without a window that is long for its
 * depth. Measured, with the gradient: 2.3 times as fast at L = 28, Dq = 8; 1.4 times at L = 28, Dq = 16; 0.85 times at
 * L = 14, Dq = 16.
 */
const goesByGram = ({ steps, offsets, fullKeyDepth }: Axis): boolean =>
  offsets === 2 * steps - 1 && 2 * steps >= 3 * fullKeyDepth;

/** Multiply-adds, about. */
const workOf = ({ pairs, steps, fullKeyDepth, offsets }: Axis): number =>
  (pairs / offsets) * 3 * fullKeyDepth * Math.min(steps, offsets, 2 * fullKeyDepth);

const forward = (kernelName: string, geometryOf: GeometryOf): WasmKernel =>
  defineKernel<AttentionCall["inputs"], StatisticsAttrs>(kernelName, (call) => {
    const { attrs, pool, inputs } = call;
    const [qkv, ...rest] = inputs;
    const { tables } = sortTables(rest, attrs);
    const axis = geometryOf(call, { qkv, tables });
    const { steps: length, offsets, fullKeyDepth, fullValueDepth } = axis;
    const byGram = goesByGram(axis);
    const outputs = [output(call, [3, attrs.heads]), output(call, [3, attrs.heads])];
    const scratchBytes = bytesOf(
      byGram
        ? gramStatisticsVectors(length, fullKeyDepth, fullValueDepth)
        : productStatisticsVectors(length, offsets, fullKeyDepth, fullValueDepth),
    );
    const sumBytes = bytesOf(momentSumVectors(attrs.heads));
    const parts = partsFor(call, workOf(axis));
    const scratch = pool.scratch(parts * (scratchBytes + sumBytes));
    const sums = scratch + parts * scratchBytes;
    runParts(call, parts, "axialSimilarityStatistics", {
      ...axis.args(scratch, scratchBytes),
      byGram: Number(byGram),
      sums,
      sumBytes,
    });
    pool.runAlone("similarityStatisticsSum", {
      sums,
      sumBytes,
      shares: parts,
      heads: attrs.heads,
      pairs: axis.sequences * visiblePairs(length, axis),
      mean: pointerTo(call, outputs[0]),
      variance: pointerTo(call, outputs[1]),
    });
    return attrs.passesOn ? [...outputs, share(call, qkv)] : outputs;
  });

/** Outputs: the gradients with respect to qkv (for the values zero, or what was passed on) and to the tables. */
const backward = (kernelName: string, geometryOf: GeometryOf): WasmKernel =>
  defineKernel<AttentionCall["inputs"], StatisticsAttrs>(`${kernelName}Grad`, (call) => {
    const { attrs, pool, inputs } = call;
    const [qkv, ...others] = inputs;
    const { tables, rest } = sortTables(others, attrs);
    const [mean, dMean, dVariance, passed] = rest as (tf.TensorInfo | undefined)[];
    const axis = geometryOf(call, { qkv, tables });
    const { steps: length, before, after, offsets, fullKeyDepth, fullValueDepth } = axis;
    const byGram = goesByGram(axis);
    const dQkv = passed === undefined ? output(call, qkv.shape) : ownCopy(call, passed);
    const dTables = tables.map((table) => table && output(call, table.shape));
    const scratchBytes = bytesOf(
      byGram
        ? gramStatisticsGradVectors(length, fullKeyDepth, fullValueDepth, attrs.heads)
        : productStatisticsGradVectors(length, offsets, fullKeyDepth, fullValueDepth, attrs.heads),
    );
    const sumBytes =
      2 * bytesOf(byGram ? gramSumVectors(length, fullKeyDepth) : productSumVectors(offsets, fullKeyDepth));
    const totalBytes = bytesOf(gramTotalVectors(length, fullKeyDepth));
    const parts = partsFor(call, 2 * workOf(axis));
    const scratch = pool.scratch(parts * (scratchBytes + sumBytes) + totalBytes);
    const sums = scratch + parts * scratchBytes;
    const pointer = (tensor?: tf.TensorInfo): number => pointerTo(call, tensor);
    runParts(call, parts, "axialSimilarityStatisticsGrad", {
      ...axis.args(scratch, scratchBytes),
      byGram: Number(byGram),
      mean: pointer(mean),
      dMean: pointer(dMean),
      dVariance: pointer(dVariance),
      dQkv: pointer(dQkv),
      adds: Number(passed !== undefined),
      sums,
      sumBytes,
    });
    pool.runAlone("axialSimilarityStatisticsGradSum", {
      byGram: Number(byGram),
      sums,
      sumBytes,
      shares: parts,
      length,
      keyDepth: attrs.keyDepth,
      before,
      after,
      queryTable: pointer(tables[0]),
      keyTable: pointer(tables[1]),
      dQueryTable: pointer(dTables[0]),
      dKeyTable: pointer(dTables[1]),
      scratch: sums + parts * sumBytes,
    });
    return [dQkv, ...dTables.filter((gradient) => gradient !== undefined)];
  });

/** The tensor itself, to be changed in place, if nothing else shares its memory; a copy otherwise. */
export function ownCopy(call: WasmContext, tensor: tf.TensorInfo): tf.TensorInfo {
  if (call.backend.refCount(tensor.dataId) === 1) return share(call, tensor);
  const copy = output(call, tensor.shape);
  const start = pointerTo(call, tensor);
  const bytes = tf.util.sizeFromShape(tensor.shape) * 4;
  new Uint8Array(call.pool.memory.buffer).copyWithin(pointerTo(call, copy), start, start + bytes);
  return copy;
}

/** The kernel and its gradient, of what `geometryOf` sees as an axis. */
export const axisStatisticsKernels = (kernelName: string, geometryOf: GeometryOf): readonly WasmKernel[] => [
  forward(kernelName, geometryOf),
  backward(kernelName, geometryOf),
];

export const axialSimilarityStatisticsKernels = axisStatisticsKernels("AxialSimilarityStatistics", axisOf);
