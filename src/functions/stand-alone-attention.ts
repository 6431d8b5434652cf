/**
 * Stand-alone self-attention as a function on tensors: local attention whose query alone knows where the keys are.
 *
 * Source: Ramachandran et al., Stand-Alone Self-Attention in Vision Models, arXiv 1906.05909, equation 3; Axial-DeepLab,
 * arXiv 2003.07853, equation 2.
 */
import type * as tf from "@tensorflow/tfjs";
import type { AttentionGeometry, AttentionInputs } from "./attention.js";
import { localAttention } from "./local-attention.js";

/** What stand-alone attention reads: queries, keys and values, and one table of encodings. */
export interface StandAloneAttentionInputs extends Pick<AttentionInputs, "qkv" | "scales"> {
  /** r: [M * M, Dq], one row an offset of the window, row by row. */
  readonly encodings: tf.Tensor2D;
}

/**
 * Attention of every place o on the places p around it that lie in the image:
 *
 *     y_o = sum_p softmax_p(s0 q_o.k_p + s1 q_o.r_{p-o}) v_p            s0 = s1 = 1 in the paper
 *
 * @param inputs qkv [B, H, W, N * (2 Dq + Dv)], scales [3, N], of which the last row has no part in it
 * @returns [B, H, W, N * Dv]
 * @throws ShapeError when qkv, a table or the scales have other sizes than heads, depths and window say
 * @throws UnsupportedError on a backend where attention in windows is known to be wrong
 */
export function standAloneAttention(inputs: StandAloneAttentionInputs, geometry: AttentionGeometry): tf.Tensor4D {
  const { encodings, ...rest } = inputs;
  return localAttention({ ...rest, relative: { query: encodings, key: null, value: null } }, geometry).content;
}
