/**
 * NdAxialAttention and NdAxialAttentionGrad (ops/nd-axial-attention.ts): of a tensor [B, S1, ..., Sn, C] the axes before the
 * attended one are the outer places of an axis, those after it the inner ones. The loops are those of
 * assembly/axial-attention.ts.
 */
import * as tf from "@tensorflow/tfjs";
import type { AttentionAttrs } from "../../ops/attention.js";
import { attentionKernels } from "./attention.js";
import { axisOf } from "./attention-geometry.js";
import { axisPairs } from "./attention-work.js";

/** [..., L, ..., C] as [O, L, I, C]. */
function alongAxis(qkv: tf.TensorInfo, { axis }: AttentionAttrs): tf.TensorInfo {
  const size = (first: number, end: number) => tf.util.sizeFromShape(qkv.shape.slice(first, end));
  const last = qkv.shape.length - 1;
  return { ...qkv, shape: [size(0, axis!), qkv.shape[axis!], size(axis! + 1, last), qkv.shape[last]] };
}

export const ndAxialAttentionKernels = attentionKernels({
  kernelName: "NdAxialAttention",
  wasmName: "axialAttention",
  geometryOf: (call, inputs) => axisOf(call, { ...inputs, qkv: alongAxis(inputs.qkv, call.attrs) }),
  pairsOf: ({ inputs: [qkv], ...work }) => axisPairs({ ...work, inputs: [alongAxis(qkv, work.attrs)] }),
});
