/** Attention of every place of an image on every other as a layer; the functions are in functions/global-attention.ts. */
import * as tf from "@tensorflow/tfjs";
import {
  globalAttention,
  globalAttentionWeights,
  globalSimilarityStatistics,
  normedGlobalAttention,
} from "../functions/global-attention.js";
import { SelfAttention, selfAttentionKeys, type AttentionCore, type SelfAttentionArgs } from "./self-attention.js";

/** What a `GlobalAttention` layer is made of. */
export type GlobalAttentionArgs = SelfAttentionArgs;

/**
 * Global self-attention over both axes (Axial-DeepLab, arXiv 2003.07853, eq. 1; "non-local"): a place sees the whole image and does not
 * know where anything is. Cost O((H W)^2).
 *
 *     q, k, v = BN(x W);   w = softmax_p(BN(q_o.k_p));   y_o = BN(sum_p w_op v_p)
 *
 * Input [B, H, W, Cin], output [B, H / stride, W / stride, filters]. Attention weights: [B, N, H, W, H, W], query
 * before key. deeplab2's layer of this name doubles its channels on request and adds absolute encodings outside;
 * neither is here.
 *
 *     new GlobalAttention({ filters: 64 }).apply(x)      // [B, 14, 14, 256] -> [B, 14, 14, 64]
 *
 * @throws ConfigError for arguments: heads that do not divide the filters, an option that there is not
 */
export class GlobalAttention extends SelfAttention<GlobalAttentionArgs> {
  static readonly className = "GlobalAttention";
  readonly attentionSteps = [{ name: "", axes: ["head", "query y", "query x", "key y", "key x"] }] as const;
  readonly tableRange = null;

  constructor(args: GlobalAttentionArgs) {
    super(args, { query: false, key: false, value: false }, selfAttentionKeys);
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
      attendNormed: (norm) => normedGlobalAttention(qkv, norm, geometry),
      statistics: () => globalSimilarityStatistics(qkv, geometry),
      pairs: batch * (height * width) ** 2,
      weights: (scales) => globalAttentionWeights(qkv, ofContent(scales), geometry),
    };
  }
}

tf.serialization.registerClass(GlobalAttention);
