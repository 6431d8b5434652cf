/** Attention of every place of an image on every other: the function and the layer. */
import * as tf from "@tensorflow/tfjs";
import {
  attentionWeights,
  axialAttention,
  normedAxialAttention,
  similarityStatistics,
  type AxialAttentionGeometry,
} from "../functions/axial-attention.js";
import { SelfAttention, type AttentionCore, type SelfAttentionArgs } from "./self-attention.js";

export type GlobalAttentionGeometry = Pick<AxialAttentionGeometry, "heads" | "keyDepth" | "valueDepth">;

/**
 * y_o = sum over all places p of softmax_p(s q_o.k_p) v_p, with one factor s a head: Axial-DeepLab, eq. 1. To the axial
 * functions an image is one axis of H * W places without position encodings.
 *
 * @param qkv [B, H, W, N * (2 Dq + Dv)], per head query, key, value
 * @param scales [N]
 * @returns [B, H, W, N * Dv]
 */
export function globalAttention(qkv: tf.Tensor4D, scales: tf.Tensor1D, geometry: GlobalAttentionGeometry): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, height, width] = qkv.shape;
    const { content } = axialAttention({ ...oneAxis(qkv), scales: contentOnly(scales) }, wholeImage(qkv, geometry));
    return content.reshape([batch, height, width, -1]); // [B, H, W, N * Dv]
  });
}

/**
 * The weights of {@link globalAttention}.
 *
 * @returns [B, N, H, W, H, W]: head, query's row and column, key's row and column
 */
export function globalAttentionWeights(
  qkv: tf.Tensor4D,
  scales: tf.Tensor1D,
  geometry: GlobalAttentionGeometry,
): tf.Tensor<tf.Rank.R6> {
  return tf.tidy(() => {
    const [batch, height, width] = qkv.shape;
    return attentionWeights({ ...oneAxis(qkv), scales: contentOnly(scales) }, wholeImage(qkv, geometry)) // [B, 1, N, HW, HW]
      .reshape([batch, geometry.heads, height, width, height, width]);
  });
}

/** [B, H, W, C] as [B, H * W, 1, C], without encodings. */
function oneAxis(qkv: tf.Tensor4D) {
  const [batch, height, width, channels] = qkv.shape;
  return {
    qkv: qkv.reshape<tf.Tensor4D>([batch, height * width, 1, channels]),
    relative: { query: null, key: null, value: null },
  };
}

function wholeImage(qkv: tf.Tensor4D, geometry: GlobalAttentionGeometry): AxialAttentionGeometry {
  const last = qkv.shape[1] * qkv.shape[2] - 1;
  return { ...geometry, window: { before: last, after: last } };
}

/** [N] to [3, N], the position terms being zero. */
const contentOnly = (scales: tf.Tensor1D): tf.Tensor2D => scales.reshape<tf.Tensor2D>([1, -1]).pad([[0, 2], [0, 0]]); // prettier-ignore

export type GlobalAttentionArgs = SelfAttentionArgs;

/**
 * Global self-attention over both axes (Axial-DeepLab, eq. 1; "non-local"): a place sees the whole image and does not
 * know where anything is. Cost O((H W)^2).
 *
 *     q, k, v = BN(x W);   w = softmax_p(BN(q_o.k_p));   y_o = BN(sum_p w_op v_p)
 *
 * Input [B, H, W, Cin], output [B, H / stride, W / stride, filters]. Attention weights: [B, N, H, W, H, W], query
 * before key. deeplab2's layer of this name doubles its channels on request and adds absolute encodings outside;
 * neither is here.
 *
 *     new GlobalAttention({ filters: 64 }).apply(x)      // [B, 14, 14, 256] -> [B, 14, 14, 64]
 */
export class GlobalAttention extends SelfAttention<GlobalAttentionArgs> {
  static readonly className = "GlobalAttention";
  readonly attentionAxes = ["head", "query y", "query x", "key y", "key x"] as const;
  readonly tableRange = null;

  constructor(args: GlobalAttentionArgs) {
    super(args, { query: false, key: false, value: false });
  }

  protected override addTables(): void {
    // Positions have no part in it.
  }

  protected override core(projected: tf.Tensor2D, image: tf.Tensor4D): AttentionCore {
    const [batch, height, width] = image.shape;
    const qkv = projected.reshape<tf.Tensor4D>([batch, height, width, -1]); // [B, H, W, N * (2 * Dq + Dv)]
    const { heads, keyDepth, valueDepth } = this;
    const geometry = { heads, keyDepth, valueDepth };
    const ofContent = (scales: tf.Tensor2D) => scales.slice([0, 0], [1, heads]).reshape<tf.Tensor1D>([heads]);
    return {
      attend: (scales) => ({ content: globalAttention(qkv, ofContent(scales), geometry), position: null }),
      attendNormed: (norm) => normedAxialAttention(oneAxis(qkv), norm, wholeImage(qkv, geometry)),
      statistics: () => similarityStatistics(oneAxis(qkv), wholeImage(qkv, geometry)),
      pairs: batch * (height * width) ** 2,
      weights: (scales) => globalAttentionWeights(qkv, ofContent(scales), geometry),
    };
  }
}

tf.serialization.registerClass(GlobalAttention);
