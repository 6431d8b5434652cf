/** CrissCrossAttention and CrissCrossAttentionGrad (ops/criss-cross-attention.ts). */
import type * as tf from "@tensorflow/tfjs";
import { axisOf, bytesOf, partsFor, pointerTo, runParts, type AttentionCall } from "./attention-geometry.js";
import { crissCrossGradVectors, crissCrossVectors, gradSumVectors } from "../attention-scratch.js";
import type { CrissCrossAttentionGeometry } from "../../ops/criss-cross-attention.js";
import { defineKernel, output, type KernelCall, type WasmKernel } from "../kernel.js";

/**
 * The images as sequences: its rows, then its columns. Each is attention along an axis without encodings or factors.
 */
function directionsOf(call: KernelCall<unknown, CrissCrossAttentionGeometry>, qkv: tf.TensorInfo) {
  const [batch, height, width, channels] = qkv.shape;
  const window = { before: Infinity, after: Infinity };
  const tables = { query: false, key: false, value: false };
  const axisCall: AttentionCall = { ...call, inputs: [], attrs: { ...call.attrs, window, tables } };
  const shapes = [
    [batch * height, width, 1, channels],
    [batch, height, width, channels],
  ];
  return shapes.map((shape) => axisOf(axisCall, { qkv: { ...qkv, shape }, tables: [] }));
}

/** Outputs: the retrieved values, and each softmax's shift and 1 / sum, [B, H, W, N, 2]. */
const forward = defineKernel<{ qkv: tf.TensorInfo }, CrissCrossAttentionGeometry>("CrissCrossAttention", (call) => {
  const { pool, inputs, attrs } = call;
  const places = inputs.qkv.shape.slice(0, 3);
  const content = output(call, [...places, attrs.heads * attrs.valueDepth]);
  const moments = output(call, [...places, attrs.heads, 2]);
  directionsOf(call, inputs.qkv).forEach((geometry, columns) => {
    const { steps, offsets, fullKeyDepth, fullValueDepth } = geometry;
    const scratchBytes = bytesOf(crissCrossVectors(steps, offsets, fullKeyDepth, fullValueDepth));
    const parts = partsFor(call, geometry.pairs * (attrs.keyDepth + attrs.valueDepth));
    runParts(call, parts, "crissCrossAttention", {
      ...geometry.args(pool.scratch(parts * scratchBytes), scratchBytes),
      output: pointerTo(call, content),
      moments: pointerTo(call, moments),
      columns,
    });
  });
  return [content, moments];
});

interface GradInputs {
  readonly qkv: tf.TensorInfo;
  readonly content: tf.TensorInfo;
  readonly moments: tf.TensorInfo;
  readonly dContent: tf.TensorInfo;
}

/** Output: the gradient with respect to qkv. */
const backward = defineKernel<GradInputs, CrissCrossAttentionGeometry>("CrissCrossAttentionGrad", (call) => {
  const { pool, inputs, attrs } = call;
  const { qkv, content, moments, dContent } = inputs;
  const dQkv = output(call, qkv.shape);
  directionsOf(call, qkv).forEach((geometry, columns) => {
    const { steps, offsets, fullKeyDepth, fullValueDepth, rowDepth } = geometry;
    const scratchBytes = bytesOf(crissCrossGradVectors(steps, offsets, fullKeyDepth, fullValueDepth));
    const sumBytes = bytesOf(gradSumVectors(0, rowDepth, attrs.heads));
    const parts = partsFor(call, 3 * geometry.pairs * (attrs.keyDepth + attrs.valueDepth));
    const scratch = pool.scratch(parts * (scratchBytes + sumBytes));
    runParts(call, parts, "crissCrossAttentionGrad", {
      ...geometry.args(scratch, scratchBytes),
      dContent: pointerTo(call, dContent),
      dPosition: 0,
      dQkv: pointerTo(call, dQkv),
      sums: scratch + parts * scratchBytes,
      sumBytes,
      output: pointerTo(call, content),
      moments: pointerTo(call, moments),
      columns,
    });
  });
  return dQkv;
});

export const crissCrossAttentionKernels: readonly WasmKernel[] = [forward, backward];
