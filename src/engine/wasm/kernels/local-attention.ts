/** LocalAttention and LocalAttentionGrad: attention in a window of an image (ops/local-attention.ts). */
import { attentionKernels } from "./attention.js";
import { imagesOf } from "./attention-geometry.js";
import { imagePairs } from "./attention-work.js";

export const localAttentionKernels = attentionKernels({
  kernelName: "LocalAttention",
  wasmName: "localAttention",
  geometryOf: imagesOf,
  pairsOf: imagePairs,
});
