/** Position-sensitive axial attention as a layer; the functions are in functions/axial-attention.ts. */
import * as tf from "@tensorflow/tfjs";
import { assertOneOf } from "../core/checks.js";
import { ConfigError } from "../core/errors.js";
import {
  axialAttentionWeights,
  axialAttention,
  countPairs,
  normedAxialAttention,
  axialSimilarityStatistics,
} from "../functions/axial-attention.js";
import type { AttentionGeometry } from "../functions/attention.js";
import { fitPositionTable, localWindow, type OffsetRange } from "../functions/relative-position.js";
import { axisSteps, type AttentionStep } from "./attention-layer.js";
import { singleShape, type OwnKeys } from "./layer.js";
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

/** What an `AxialAttention` layer is made of. */
export interface AxialAttentionArgs extends SelfAttentionArgs {
  /** The axis along which places attend to one another. */
  axis: "height" | "width";
  /**
   * What a query sees. `global` (default): the whole axis. `causal`: itself and what comes before it. A number m: the m
   * places around it; of an even m, one more lies after it than before (the padding of the public SASA layers).
   */
  span?: "global" | "causal" | number;
  /**
   * The greatest distance of a key from its query, in places, that has an encoding of its own: the position tables hold
   * the offsets -maxDistance to maxDistance, one row each (causal: up to 0); those beyond get the outermost row (the
   * clipping of Shaw et al., arXiv 1803.02155). Default for `global` and `causal`: the length of the axis at which the
   * layer is built, less 1. For a local span it follows from m (m rows) and must be left out.
   */
  maxDistance?: number;
  /** Which position terms there are. Default all three (the paper's "position-sensitive"). */
  position?: Partial<PositionTerms>;
}

const keys: OwnKeys<AxialAttentionArgs> = {
  ...selfAttentionKeys,
  axis: true,
  span: true,
  maxDistance: true,
  position: positionKeys,
};

/**
 * Position-sensitive attention along one axis of an image (paper eq. 4), any H x W with one set of weights.
 *
 *     q, k, v = BN(x W)                                   W: [Cin, N (2 Dq + Dv)], per head q, k, v; no bias
 *     logits  = BN(q_i.k_j) + BN(q_i.r^q_{j-i}) + BN(k_j.r^k_{j-i})          each term and head a channel
 *     y_i     = BN(sum_j w_ij v_j) + BN(sum_j w_ij r^v_{j-i})                   w = softmax_j(logits)
 *
 * Input [B, H, W, Cin], output [B, H / stride, W / stride, filters]. The heads are concatenated without an output
 * projection and share the tables r. Softmax undoes any shift of a row, so beta of the similarity norm has no effect
 * and no gradient; it is kept, with its running mean, because the published weights have it.
 *
 * Attention weights: [B, W, N, H, H] along the height, [B, H, N, W, W] along the width; query before key.
 *
 * Source: Axial-DeepLab, arXiv 2003.07853, section 3.2; csrhddlam/axial-deeplab, which differs from the text in nothing
 * but in striding by pooling and in mirroring the offsets of queries and values (i - j).
 *
 *     new AxialAttention({ axis: "height", filters: 64 }).apply(x)      // [B, 56, 56, 32] -> [B, 56, 56, 64]
 *
 * @throws ConfigError for arguments: an axis that is none, heads that do not divide the filters, an option that there is not
 */
export class AxialAttention extends SelfAttention<AxialAttentionArgs> {
  static readonly className = "AxialAttention";
  private range: OffsetRange | null;
  private tables!: OfTerms<tf.LayerVariable>;

  constructor(args: AxialAttentionArgs) {
    super(args, allTermsBut(args), keys);
    assertOneOf(this.where, "axis", args.axis ?? null, ["height", "width"]);
    this.range = givenRange(args, this.where);
  }

  /**
   * The offsets that the tables hold; of a local span also its window.
   *
   * @throws ConfigError before the layer is built, where the offsets follow from the axis at hand
   */
  get tableRange(): OffsetRange {
    if (this.range === null)
      throw new ConfigError(
        `${this.where}: the offsets of the tables follow from the axis at hand, got no input yet; apply the layer first, ` +
          `or set maxDistance`,
      );
    return this.range;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const [, height, width] = singleShape(inputShape);
    const length = this.args.axis === "height" ? height : width;
    this.range ??= length === null ? null : distanceRange(length - 1, this.args);
    if (this.range === null)
      throw new ConfigError(
        `${this.where}: maxDistance must be given where the axis has no fixed length, got [${singleShape(inputShape).join(", ")}]; ` +
          `use the length in training less 1`,
      );
    super.build(inputShape);
  }

  /** With the distance that the tables were built for, so that the weights fit whatever the next input. */
  override getConfig(): tf.serialization.ConfigDict {
    const local = typeof this.args.span === "number";
    return { ...super.getConfig(), ...(this.range === null || local ? {} : { maxDistance: this.range.before }) };
  }

  get attentionSteps(): readonly [AttentionStep] {
    return [{ ...axisSteps[this.args.axis], name: "" }];
  }

  /** The axis along which places attend to one another. */
  get axis(): "height" | "width" {
    return this.args.axis;
  }

  /**
   * The tables r^q, r^k, r^v as they are trained: row r stands for the offset (key - query) r - before. The tensors are
   * the layer's own.
   */
  positionTables(): { readonly before: number } & OfTerms<tf.Tensor2D> {
    return { before: this.tableRange.before, ...mapTerms(this.tables, (table) => table.read() as tf.Tensor2D) };
  }

  protected override addTables(): void {
    const rows = this.tableRange.before + 1 + this.tableRange.after;
    this.tables = this.ofTerms((name, depth) => this.addTable(`relative_${name}`, rows, depth));
  }

  protected override core(projected: tf.Tensor2D, image: tf.Tensor4D): AttentionCore {
    const [batch, height, width] = image.shape;
    const alongHeight = this.args.axis === "height";
    const [outer, length, inner] = alongHeight ? [batch, height, width] : [batch * height, width, 1];
    const geometry = this.geometry(length);
    const inputs = {
      qkv: viewAs<tf.Tensor4D>(projected, [outer, length, inner, -1]), // [O, L, I, N * (2 * Dq + Dv)]
      relative: mapTerms(this.tables, (table) =>
        fitPositionTable(table.read() as tf.Tensor2D, this.tableRange, length),
      ),
    };
    return {
      attend: (scales, options) => axialAttention({ ...inputs, scales }, geometry, options),
      attendNormed: (norm, options) => normedAxialAttention(inputs, norm, geometry, options),
      statistics: () => axialSimilarityStatistics(inputs, geometry),
      pairs: outer * inner * countPairs(length, geometry.window),
      weights: (scales) =>
        axialAttentionWeights({ ...inputs, scales }, geometry) // [O, I, N, L, L]
          .reshape([batch, alongHeight ? width : height, this.heads, length, length]),
    };
  }

  private geometry(length: number): AttentionGeometry {
    const { heads, keyDepth, valueDepth, tableRange } = this;
    const { span = "global" } = this.args;
    const all = { before: length - 1, after: length - 1 };
    const window = span === "global" ? all : span === "causal" ? { ...all, after: 0 } : tableRange;
    return { heads, keyDepth, valueDepth, window };
  }
}

tf.serialization.registerClass(AxialAttention);

/** The offsets of the tables where they do not follow from the axis at hand; null where they do. */
function givenRange(args: AxialAttentionArgs, where: string): OffsetRange | null {
  const { span = "global", maxDistance } = args;
  if (typeof span === "number") {
    if (maxDistance !== undefined)
      throw new ConfigError(
        `${where}: a local span has a table of its own size, got span=${span}, maxDistance=${maxDistance}; leave maxDistance out`,
      );
    return localWindow(span, where);
  }
  if (span !== "global" && span !== "causal")
    throw new ConfigError(`${where}: span must be "global", "causal" or a number, got ${String(span)}; choose one`);
  if (maxDistance === undefined) return null;
  if (!Number.isInteger(maxDistance) || maxDistance < 0)
    throw new ConfigError(
      `${where}: maxDistance must be a whole number of places, got ${maxDistance}; use the length in training less 1`,
    );
  return distanceRange(maxDistance, args);
}

const distanceRange = (maxDistance: number, { span }: AxialAttentionArgs): OffsetRange => ({
  before: maxDistance,
  after: span === "causal" ? 0 : maxDistance,
});
