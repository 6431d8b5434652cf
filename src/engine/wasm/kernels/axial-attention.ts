/** AxialAttention and AxialAttentionGrad: attention along one axis (ops/axial-attention.ts). */
import { attentionKernels } from "./attention.js";
import { axisOf } from "./attention-geometry.js";
import { axisPairs } from "./attention-work.js";

export const axialAttentionKernels = attentionKernels({
  kernelName: "AxialAttention",
  wasmName: "axialAttention",
  geometryOf: axisOf,
  pairsOf: axisPairs,
});
