/** Position-sensitive attention in a square window as a layer; the functions are in functions/local-attention.ts. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import {
  countLocalPairs,
  localAttention,
  localAttentionWeights,
  localSimilarityStatistics,
  normedLocalAttention,
} from "../functions/local-attention.js";
import type { AttentionGeometry } from "../functions/attention.js";
import { localWindow, offsetEncodings, type OffsetRange } from "../functions/relative-position.js";
import type { OwnKeys } from "./layer.js";
import {
  mapTerms,
  positionKeys,
  SelfAttention,
  selfAttentionKeys,
  type AttentionCore,
  allTermsBut,
  type OfTerms,
  type PositionTerms,
  type SelfAttentionArgs,
} from "./self-attention.js";
import { viewAs } from "../functions/view.js";

/** What a `LocalAttention` layer is made of. */
export interface LocalAttentionArgs extends SelfAttentionArgs {
  /**
   * M, the side of the window. Default 7, as in SASA. Of an even M, one more row and column lie after the query than
   * before.
   */
  window?: number;
  /** Which position terms there are. Default all three ("position-sensitive"). */
  position?: Partial<PositionTerms>;
}

const keys: OwnKeys<LocalAttentionArgs> = { ...selfAttentionKeys, window: true, position: positionKeys };

/** The encodings of row offsets and of column offsets, [M, D / 2] each; an odd channel more falls to the rows. */
interface OffsetTables<Table> {
  readonly rows: Table;
  readonly columns: Table;
}

const read = ({ rows, columns }: OffsetTables<tf.LayerVariable>): OffsetTables<tf.Tensor2D> => ({
  rows: rows.read() as tf.Tensor2D,
  columns: columns.read() as tf.Tensor2D,
});

/**
 * Position-sensitive attention in an M x M window (Axial-DeepLab, arXiv 2003.07853, eq. 3), any H x W with one set of weights.
 *
 *     q, k, v = BN(x W)
 *     logits  = BN(q_o.k_p) + BN(q_o.r^q_{p-o}) + BN(k_p.r^k_{p-o})        for the places p around o, in the image
 *     y_o     = BN(sum_p w_op v_p) + BN(sum_p w_op r^v_{p-o})                w = softmax_p(logits)
 *
 * An encoding r is the concatenation of one of its row offset and one of its column offset, half the depth each (SASA,
 * eq. 4), shared by the heads. Input [B, H, W, Cin], output [B, H / stride, W / stride, filters]. Attention weights:
 * [B, H, W, N, M, M], zero outside the image.
 *
 *     new LocalAttention({ filters: 64, window: 7 }).apply(x)      // [B, 56, 56, 64] -> [B, 56, 56, 64]
 *
 * @throws ConfigError for arguments: heads that do not divide the filters, a window of no place, an option that there is not
 */
export class LocalAttention<Args extends LocalAttentionArgs = LocalAttentionArgs> extends SelfAttention<Args> {
  static readonly className: string = "LocalAttention";
  readonly attentionSteps = [{ name: "", axes: ["y", "x", "head", "window y", "window x"] }] as const;
  readonly tableRange: OffsetRange;
  private tables!: OfTerms<OffsetTables<tf.LayerVariable>>;

  constructor(args: Args) {
    super(args, allTermsBut(args), keys);
    this.tableRange = localWindow(args.window ?? 7, this.where);
  }

  /**
   * The tables as they are trained, of the offsets of rows and of columns: row r of each stands for the offset
   * (key - query) r - before. The tensors are the layer's own.
   */
  positionTables(): { readonly before: number } & OfTerms<OffsetTables<tf.Tensor2D>> {
    return { before: this.tableRange.before, ...mapTerms(this.tables, read) };
  }

  protected override addTables(): void {
    const side = this.tableRange.before + 1 + this.tableRange.after;
    this.tables = this.ofTerms((name, depth) => {
      if (depth < 2)
        throw new ConfigError(
          `${this.where}: encodings are half of rows, half of columns and need a depth of 2, got ${depth} for ${name}; ` +
            `use fewer heads or switch position.${name} off`,
        );
      return {
        rows: this.addTable(`relative_${name}_rows`, side, Math.ceil(depth / 2)),
        columns: this.addTable(`relative_${name}_columns`, side, Math.floor(depth / 2)),
      };
    });
  }

  protected override core(projected: tf.Tensor2D, image: tf.Tensor4D): AttentionCore {
    const [batch, height, width] = image.shape;
    const { heads, keyDepth, valueDepth, tableRange: window, tables } = this;
    const geometry: AttentionGeometry = { heads, keyDepth, valueDepth, window };
    const inputs = {
      qkv: viewAs<tf.Tensor4D>(projected, [batch, height, width, -1]), // [B, H, W, N * (2 * Dq + Dv)]
      relative: mapTerms(mapTerms(tables, read), ({ rows, columns }) => offsetEncodings(rows, columns)),
    };
    return {
      attend: (scales) => localAttention({ ...inputs, scales }, geometry),
      attendNormed: (norm) => normedLocalAttention(inputs, norm, geometry),
      statistics: () => localSimilarityStatistics(inputs, geometry),
      pairs: batch * countLocalPairs(height, width, geometry),
      weights: (scales) => localAttentionWeights({ ...inputs, scales }, geometry),
    };
  }
}

tf.serialization.registerClass(LocalAttention);
