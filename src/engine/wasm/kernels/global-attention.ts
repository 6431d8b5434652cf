/**
 * GlobalAttention and GlobalSimilarityStatistics, and their gradients (ops/global-attention.ts): an image [B, H, W, C] is one
 * axis of H * W places, which lie in memory as those of an axis do. The loops are those of assembly/axial-attention.ts and
 * assembly/axial-similarity-statistics.ts.
 */
import type * as tf from "@tensorflow/tfjs";
import { attentionKernels } from "./attention.js";
import { axisOf, type AttentionCall, type AttentionInputs } from "./attention-geometry.js";
import { axisPairs } from "./attention-work.js";
import { axisStatisticsKernels } from "./axial-similarity-statistics.js";
import type { WasmKernel } from "../kernel.js";

/** [B, H, W, C] as [B, H * W, 1, C]. */
function asOneAxis(qkv: tf.TensorInfo): tf.TensorInfo {
  const [batch, height, width, channels] = qkv.shape;
  return { ...qkv, shape: [batch, height * width, 1, channels] };
}

const geometryOf = (call: AttentionCall, inputs: AttentionInputs) =>
  axisOf(call, { ...inputs, qkv: asOneAxis(inputs.qkv) });

export const globalAttentionKernels: readonly WasmKernel[] = [
  ...attentionKernels({
    kernelName: "GlobalAttention",
    wasmName: "axialAttention",
    geometryOf,
    pairsOf: ({ inputs: [qkv], ...work }) => axisPairs({ ...work, inputs: [asOneAxis(qkv)] }),
  }),
  ...axisStatisticsKernels("GlobalSimilarityStatistics", geometryOf),
];
