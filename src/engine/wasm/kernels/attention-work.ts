/** Multiply-adds of attention in a window, for the profile: only pairs inside both window and axis or image count. */
import type { KernelWork } from "../../kernel-registry.js";
import type { AttentionAttrs } from "../../ops/attention.js";
import type * as tf from "@tensorflow/tfjs";

type Work = KernelWork<readonly tf.TensorInfo[], AttentionAttrs>;

/** Pairs of a query and a key that it sees, along one axis. */
export function visiblePairs(length: number, window: AttentionAttrs["window"]): number {
  const [before, after] = [window.before, window.after].map((reach) => Math.min(reach, length - 1));
  return length * (1 + before + after) - (before * (before + 1)) / 2 - (after * (after + 1)) / 2;
}

/** Along the second of qkv's axes [O, L, I, C]. */
export function axisPairs({ inputs: [qkv], attrs }: Work): number {
  const [outer, length, inner] = qkv.shape;
  return outer * inner * attrs.heads * visiblePairs(length, attrs.window);
}

/** In a square of qkv's images [B, H, W, C]. */
export function imagePairs({ inputs: [qkv], attrs }: Work): number {
  const [batch, height, width] = qkv.shape;
  return batch * attrs.heads * visiblePairs(height, attrs.window) * visiblePairs(width, attrs.window);
}

/** Of one pair: depth of all the products that make its logit, and of all the vectors that its weight takes. */
const depths = ({ keyDepth, valueDepth, tables }: AttentionAttrs) => ({
  logit: keyDepth * (1 + Number(tables.query) + Number(tables.key)),
  value: valueDepth * (1 + Number(tables.value)),
});

export function forwardWork(pairs: number, attrs: AttentionAttrs): number {
  const { logit, value } = depths(attrs);
  return pairs * (logit + value);
}

/** The logits once more and both factors of each; of the values the weight's gradient and the vector's. */
export function backwardWork(pairs: number, attrs: AttentionAttrs): number {
  const { logit, value } = depths(attrs);
  return pairs * (3 * logit + 2 * value);
}
