/** The attention stem of SASA as a layer; the functions are in functions/value-mixture-attention.ts. */
import * as tf from "@tensorflow/tfjs";
import { assertPositiveIntegers } from "../core/checks.js";
import { ConfigError, ShapeError } from "../core/errors.js";
import { offsetEncodings } from "../functions/relative-position.js";
import {
  valueMixtureAttention,
  valueMixtureAttentionWeights,
  type ValueMixtureAttentionGeometry,
  type ValueMixtureAttentionInputs,
} from "../functions/value-mixture-attention.js";
import type { AttentionLayer } from "./attention-layer.js";
import { normal } from "./initializers.js";
import {
  channelsOf,
  Layer,
  singleShape,
  singleTensor,
  type CallOptions,
  type LayerArgs,
  type OwnKeys,
} from "./layer.js";

/** What a `ValueMixtureAttention` layer is made of. */
export interface ValueMixtureAttentionArgs extends LayerArgs {
  /** Output channels of all heads together. */
  filters: number;
  /** Default 4, as in the stem of SASA. */
  heads?: number;
  /** Side of the blocks. Default 4: those of the max pooling that follows. */
  block?: number;
  /** M, projections that the values are mixed of. Default 4. */
  mixtures?: number;
  /** Makes the initial weights repeatable. Default: random. */
  seed?: number;
}

const keys: OwnKeys<ValueMixtureAttentionArgs> = {
  filters: true,
  heads: true,
  block: true,
  mixtures: true,
  seed: true,
};

/**
 * The attention stem's layer: near the image, where content alone says little, values that vary over a block let
 * attention learn edges as a convolution does (SASA, arXiv 1906.05909, section 3.2 and appendix):
 *
 *     v_p = sum_m softmax_m((e_row(a) + e_column(b)) . e_m) W_m x_p         (a, b): place of p in its block
 *     y_o = sum_p softmax_p(q_o.k_p + q_o.r_{p-o}) v_p
 *
 * Blocks do not overlap and are those of the max pooling that follows; the mixture is shared by the heads. Input
 * [B, H, W, Cin], output [B, H, W, filters]; attention weights [B, blocks down, blocks
 * across, N, block^2, block^2]. leaderj1001's port
 * slides its window instead, and leaves the sum over channels out.
 *
 *     new ValueMixtureAttention({ filters: 64 }).apply(x)      // [B, 224, 224, 3] -> [B, 224, 224, 64]
 *
 * @throws ConfigError for filters that are no multiple of the heads, or other counts that are no whole numbers from 1
 */
export class ValueMixtureAttention extends Layer implements AttentionLayer {
  static readonly className = "ValueMixtureAttention";
  private readonly geometry: ValueMixtureAttentionGeometry;
  private readonly mixtures: number;
  private projection!: tf.LayerVariable;
  private mixtureTables!: Record<"rows" | "columns" | "mixtures", tf.LayerVariable>;
  private relative!: Record<"rows" | "columns", tf.LayerVariable>;

  constructor(private readonly args: ValueMixtureAttentionArgs) {
    super(args, keys);
    const { filters, heads = 4, block = 4, mixtures = 4 } = args;
    const { where } = this;
    assertPositiveIntegers(where, { heads, block, mixtures });
    if (!Number.isInteger(filters) || !Number.isInteger(filters / heads) || filters / heads < 2)
      throw new ConfigError(
        `${where}: filters must be a multiple of heads, at least 2 heads, got filters=${filters}, heads=${heads}; use ${2 * heads}`,
      );
    this.geometry = { heads, block };
    this.mixtures = mixtures;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = singleShape(inputShape);
    const channels = channelsOf(shape);
    if (shape.length !== 4 || channels === null)
      throw new ShapeError(
        `${this.where}: input must be [batch, height, width, channels] with known channels, got [${shape.join(", ")}]; reshape it`,
      );
    const { filters, seed } = this.args;
    const { heads, block } = this.geometry;
    const depth = filters / heads;
    let draw = 0;
    const add = (name: string, shape: number[], variance: number) =>
      this.add(name, shape, normal(Math.sqrt(variance), seed, draw++), true);
    this.projection = add("projection", [channels, (2 + this.mixtures) * filters], 1 / channels);
    this.mixtureTables = {
      rows: add("mixture_rows", [block, depth], 1 / depth),
      columns: add("mixture_columns", [block, depth], 1 / depth),
      mixtures: add("mixture_embeddings", [this.mixtures, depth], 1),
    };
    this.relative = {
      rows: add("relative_query_rows", [2 * block - 1, Math.ceil(depth / 2)], 1 / depth),
      columns: add("relative_query_columns", [2 * block - 1, Math.floor(depth / 2)], 1 / depth),
    };
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return [...singleShape(inputShape).slice(0, 3), this.args.filters];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], options: CallOptions = {}): tf.Tensor {
    this.invokeCallHook(inputs, options);
    return tf.tidy(() => valueMixtureAttention(this.project(singleTensor(inputs) as tf.Tensor4D), this.geometry));
  }

  readonly attentionSteps = [{ name: "", axes: ["block y", "block x", "head", "query", "key"] }] as const;

  /**
   * The attention weights that `call` uses on this input, [B, blocks down, blocks across, N, block^2, block^2]: see
   * {@link AttentionLayer}.
   */
  attentionWeights(x: tf.Tensor): tf.Tensor {
    this.assertBuilt();
    return tf.tidy(() => {
      const weights = valueMixtureAttentionWeights(this.project(x as tf.Tensor4D), this.geometry); // [S, N, K, K]
      const [down, across] = [x.shape[1]!, x.shape[2]!].map((side) => Math.ceil(side / this.geometry.block));
      return weights.reshape([x.shape[0], down, across, ...weights.shape.slice(1)]);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }

  private project(x: tf.Tensor4D): ValueMixtureAttentionInputs {
    const [batch, height, width, channels] = x.shape;
    const { filters } = this.args;
    const { block } = this.geometry;
    const rows = x.reshape<tf.Tensor2D>([-1, channels]).matMul(this.projection.read()); // [B * H * W, (2 + M) * filters]
    const parts = tf
      .split(rows, 2 + this.mixtures, 1)
      .map((part) => part.reshape<tf.Tensor4D>([batch, height, width, filters]));
    const ofPlace = gridSum(this.mixtureTables.rows, this.mixtureTables.columns, block); // [block * block, D]
    const mixture = ofPlace
      .matMul(this.mixtureTables.mixtures.read() as tf.Tensor2D, false, true)
      .softmax() as tf.Tensor2D;
    const [query, key, ...values] = parts;
    const { rows: relativeRows, columns: relativeColumns } = this.relative;
    const encodings = offsetEncodings(relativeRows.read() as tf.Tensor2D, relativeColumns.read() as tf.Tensor2D);
    return { query, key, values, mixture, encodings };
  }
}

/** rows[a] + columns[b] for all a, b: [n, D] each to [n * n, D]. */
function gridSum(rows: tf.LayerVariable, columns: tf.LayerVariable, size: number): tf.Tensor2D {
  const sum = rows.read().expandDims(1).add(columns.read().expandDims(0)); // [n, n, D]
  return sum.reshape([size * size, -1]);
}

tf.serialization.registerClass(ValueMixtureAttention);
