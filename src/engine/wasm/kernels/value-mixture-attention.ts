/**
 * ValueMixtureAttention and ValueMixtureAttentionGrad (ops/value-mixture-attention.ts): a block is an image of its own, and a
 * window that reaches a block's side less one place each way holds, of every place, the whole block. The loops are those of
 * assembly/local-attention.ts.
 */
import { attentionKernels } from "./attention.js";
import { imagesOf } from "./attention-geometry.js";
import { imagePairs } from "./attention-work.js";

export const valueMixtureAttentionKernels = attentionKernels({
  kernelName: "ValueMixtureAttention",
  wasmName: "localAttention",
  geometryOf: imagesOf,
  pairsOf: imagePairs,
});
