/**
 * The kernels behind `fusedLocalSimilarityStatistics` on the threaded WebAssembly backend, and their gradient. Inputs
 * and outputs are those of axial-similarity-statistics.ts.
 */
import type * as tf from "@tensorflow/tfjs";
import type { StatisticsAttrs } from "../../ops/attention.js";
import {
  bytesOf,
  imagesOf,
  partsFor,
  pointerTo,
  runParts,
  sortTables,
  type AttentionCall,
} from "./attention-geometry.js";
import {
  localStatisticsGradVectors,
  localStatisticsVectors,
  momentSumVectors,
  rowsVectors,
} from "../attention-scratch.js";
import { visiblePairs } from "./attention-work.js";
import { share } from "./identity.js";
import { ownCopy } from "./axial-similarity-statistics.js";
import { defineKernel, output, type WasmKernel } from "../kernel.js";

const forward = defineKernel<AttentionCall["inputs"], StatisticsAttrs>("LocalSimilarityStatistics", (call) => {
  const { attrs, pool, inputs } = call;
  const [qkv, ...rest] = inputs;
  const { tables } = sortTables(rest, attrs);
  const images = imagesOf(call, { qkv, tables });
  const [batch, height, width] = qkv.shape;
  const outputs = [output(call, [3, attrs.heads]), output(call, [3, attrs.heads])];
  const { steps, unit, offsets, fullKeyDepth, fullValueDepth } = images;
  const scratchBytes = bytesOf(localStatisticsVectors(steps, unit, offsets, fullKeyDepth, fullValueDepth));
  const sumBytes = bytesOf(momentSumVectors(attrs.heads));
  const parts = partsFor(call, 3 * images.pairs * attrs.keyDepth);
  const scratch = pool.scratch(parts * (scratchBytes + sumBytes));
  const sums = scratch + parts * scratchBytes;
  runParts(call, parts, "localSimilarityStatistics", { ...images.args(scratch, scratchBytes), sums, sumBytes });
  pool.runAlone("similarityStatisticsSum", {
    sums,
    sumBytes,
    shares: parts,
    heads: attrs.heads,
    pairs: batch * visiblePairs(height, attrs.window) * visiblePairs(width, attrs.window),
    mean: pointerTo(call, outputs[0]),
    variance: pointerTo(call, outputs[1]),
  });
  return attrs.passesOn ? [...outputs, share(call, qkv)] : outputs;
});

const backward = defineKernel<AttentionCall["inputs"], StatisticsAttrs>("LocalSimilarityStatisticsGrad", (call) => {
  const { attrs, pool, inputs } = call;
  const [qkv, ...others] = inputs;
  const { tables, rest } = sortTables(others, attrs);
  const [mean, dMean, dVariance, passed] = rest as (tf.TensorInfo | undefined)[];
  const images = imagesOf(call, { qkv, tables });
  const { steps, unit, offsets, fullKeyDepth, fullValueDepth, rowDepth, tableRows } = images;
  const dQkv = passed === undefined ? output(call, qkv.shape) : ownCopy(call, passed);
  const dTables = tables.map((table) => table && output(call, table.shape));
  const scratchBytes = bytesOf(
    localStatisticsGradVectors(steps, unit, offsets, fullKeyDepth, fullValueDepth, attrs.heads),
  );
  const sumBytes = bytesOf(rowsVectors(offsets, rowDepth));
  const parts = partsFor(call, 9 * images.pairs * attrs.keyDepth);
  const scratch = pool.scratch(parts * (scratchBytes + sumBytes));
  const sums = scratch + parts * scratchBytes;
  const pointer = (tensor?: tf.TensorInfo): number => pointerTo(call, tensor);
  runParts(call, parts, "localSimilarityStatisticsGrad", {
    ...images.args(scratch, scratchBytes),
    mean: pointer(mean),
    dMean: pointer(dMean),
    dVariance: pointer(dVariance),
    dQkv: pointer(dQkv),
    adds: Number(passed !== undefined),
    sums,
    sumBytes,
  });
  const { heads, keyDepth, valueDepth } = attrs;
  pool.runAlone("attentionGradSum", {
    sums,
    sumBytes,
    shares: parts,
    heads,
    keyDepth,
    valueDepth,
    offsets,
    tableRows,
    skipped: 0,
    dQueryTable: pointer(dTables[0]),
    dKeyTable: pointer(dTables[1]),
    dValueTable: 0,
    dScales: 0,
  });
  return [dQkv, ...dTables.filter((gradient) => gradient !== undefined)];
});

export const localSimilarityStatisticsKernels: readonly WasmKernel[] = [forward, backward];
