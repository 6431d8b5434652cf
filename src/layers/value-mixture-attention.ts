/** The attention stem of SASA: attention inside square blocks, whose values depend on where in the block they are. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "../core/errors.js";
import { channelsOf, Layer, singleShape, singleTensor, type CallOptions, type LayerArgs } from "./layer.js";

/** Depths per head are alike: D = filters / heads. */
export interface ValueMixtureGeometry {
  readonly heads: number;
  /** Side of the blocks. */
  readonly block: number;
}

export interface ValueMixtureInputs {
  /** [B, H, W, heads * D] each: queries, keys, and the M projections of which the values are mixed. */
  readonly query: tf.Tensor4D;
  readonly key: tf.Tensor4D;
  readonly values: readonly tf.Tensor4D[];
  /** [block * block, M]: the share of each projection at each place of a block, row by row; a row sums to 1. */
  readonly mixture: tf.Tensor2D;
  /** [(2 block - 1)^2, D]: encodings of the offsets key - query, row by row; null: none. */
  readonly encodings: tf.Tensor2D | null;
}

/**
 * Attention of every place on the places of its own block:
 *
 *     v_p  = sum_m mixture[place of p in its block, m] values_m,p
 *     y_o  = sum_p softmax_p(q_o.k_p + q_o.r_{p-o}) v_p                 p in the block of o, in the image
 *
 * @returns [B, H, W, heads * D]
 */
export function valueMixtureAttention(inputs: ValueMixtureInputs, geometry: ValueMixtureGeometry): tf.Tensor4D {
  const [batch, height, width, channels] = inputs.query.shape;
  return tf.tidy(() => {
    const weights = valueMixtureWeights(inputs, geometry); // [S, N, K, K]
    const value = splitHeads(toBlocks(mixValues(inputs, geometry), geometry), geometry); // [S, N, K, D]
    const retrieved = weights.matMul(value).transpose([0, 2, 1, 3]); // [S, K, N, D]
    return fromBlocks(retrieved.reshape([-1, geometry.block ** 2, channels]), [batch, height, width], geometry);
  });
}

/**
 * The attention weights, [B * blocks, N, K, K] with K = block * block: block, head, query, key. Places outside the
 * image get none.
 */
export function valueMixtureWeights(
  { query, key, encodings }: Omit<ValueMixtureInputs, "values" | "mixture">,
  geometry: ValueMixtureGeometry,
): tf.Tensor4D {
  const [batch, height, width] = query.shape;
  return tf.tidy(() => {
    const q = splitHeads(toBlocks(query, geometry), geometry); // [S, N, K, D]
    const k = splitHeads(toBlocks(key, geometry), geometry);
    const content = tf.matMul<tf.Tensor4D>(q, k, false, true); // [S, N, K, K]
    const logits = encodings === null ? content : content.add<tf.Tensor4D>(positionTerm(q, encodings, geometry));
    const inImage = tf.ones<tf.Rank.R4>([batch, height, width, 1]);
    const outside = toBlocks(inImage, geometry)
      .sub(1)
      .mul(1e30)
      .reshape([-1, 1, 1, geometry.block ** 2]); // [S, 1, 1, K]
    return logits.add<tf.Tensor4D>(outside).softmax();
  });
}

/** The values of all places, [B, H, W, heads * D]. */
function mixValues({ values, mixture }: ValueMixtureInputs, { block }: ValueMixtureGeometry): tf.Tensor4D {
  const [, height, width] = values[0].shape;
  const [rows, columns] = [Math.ceil(height / block), Math.ceil(width / block)];
  const shares = tf.unstack(mixture, 1); // M of [block * block]
  const parts = values.map((value, m) => {
    const everywhere = shares[m].reshape<tf.Tensor2D>([block, block]).tile([rows, columns]);
    return value.mul<tf.Tensor4D>(everywhere.slice([0, 0], [height, width]).reshape([1, height, width, 1]));
  });
  return tf.addN(parts);
}

/** q_i . r_{j-i} for all places i, j of a block: [S, N, K, D] to [S, N, K, K]. */
function positionTerm(query: tf.Tensor4D, encodings: tf.Tensor2D, { block }: ValueMixtureGeometry): tf.Tensor4D {
  const [sequences, heads, places, depth] = query.shape;
  const side = 2 * block - 1;
  // For each query place of the block the rows of its keys: there are few, so they are picked one by one.
  const perQuery = Array.from({ length: places }, (_, i) => {
    const [row, column] = [Math.floor(i / block), i % block];
    const first = (block - 1 - row) * side + (block - 1 - column);
    const rows = Array.from({ length: block }, (_, y) => encodings.slice([first + y * side, 0], [block, depth]));
    const ofQuery = query.slice([0, 0, i, 0], [sequences, heads, 1, depth]).reshape<tf.Tensor2D>([-1, depth]);
    return ofQuery.matMul(tf.concat(rows, 0), false, true).reshape<tf.Tensor4D>([sequences, heads, 1, places]);
  });
  return tf.concat(perQuery, 2);
}

/** [B, H, W, C] to [B * blocks, block * block, C]; beyond the image zeros. */
function toBlocks(x: tf.Tensor4D, { block }: ValueMixtureGeometry): tf.Tensor3D {
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [Math.ceil(height / block), Math.ceil(width / block)];
  const whole =
    rows * block === height && columns * block === width
      ? x
      : x.pad([
          [0, 0],
          [0, rows * block - height],
          [0, columns * block - width],
          [0, 0],
        ]);
  return whole
    .reshape<tf.Tensor5D>([batch * rows, block, columns, block, channels])
    .transpose([0, 2, 1, 3, 4]) // [B * rows, columns, block, block, C]
    .reshape([batch * rows * columns, block * block, channels]);
}

/** The inverse of {@link toBlocks}. */
function fromBlocks(
  x: tf.Tensor3D,
  [batch, height, width]: readonly [number, number, number],
  { block }: ValueMixtureGeometry,
): tf.Tensor4D {
  const channels = x.shape[2];
  const [rows, columns] = [Math.ceil(height / block), Math.ceil(width / block)];
  return x
    .reshape<tf.Tensor5D>([batch * rows, columns, block, block, channels])
    .transpose([0, 2, 1, 3, 4]) // [B * rows, block, columns, block, C]
    .reshape<tf.Tensor4D>([batch, rows * block, columns * block, channels])
    .slice([0, 0, 0, 0], [batch, height, width, channels]);
}

/** [S, K, heads * D] to [S, heads, K, D]. */
function splitHeads(x: tf.Tensor3D, { heads }: ValueMixtureGeometry): tf.Tensor4D {
  const [sequences, places, channels] = x.shape;
  return x.reshape<tf.Tensor4D>([sequences, places, heads, channels / heads]).transpose([0, 2, 1, 3]);
}

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

/**
 * The attention stem's layer: near the image, where content alone says little, values that vary over a block let
 * attention learn edges as a convolution does (SASA, arXiv 1906.05909, section 3.2 and appendix):
 *
 *     v_p = sum_m softmax_m((e_row(a) + e_column(b)) . e_m) W_m x_p         (a, b): place of p in its block
 *     y_o = sum_p softmax_p(q_o.k_p + q_o.r_{p-o}) v_p
 *
 * Blocks do not overlap and are those of the max pooling that follows; the mixture is shared by the heads. Input
 * [B, H, W, Cin], output [B, H, W, filters]; attention weights [B * blocks, N, block^2, block^2]. leaderj1001's port
 * slides its window instead, and leaves the sum over channels out.
 *
 *     new ValueMixtureAttention({ filters: 64 }).apply(x)      // [B, 224, 224, 3] -> [B, 224, 224, 64]
 */
export class ValueMixtureAttention extends Layer {
  static readonly className = "ValueMixtureAttention";
  private readonly geometry: ValueMixtureGeometry;
  private readonly mixtures: number;
  private projection!: tf.LayerVariable;
  private mixtureTables!: Record<"rows" | "columns" | "mixtures", tf.LayerVariable>;
  private relative!: Record<"rows" | "columns", tf.LayerVariable>;

  constructor(private readonly args: ValueMixtureAttentionArgs) {
    super(args);
    const { filters, heads = 4, block = 4, mixtures = 4 } = args;
    const where = `ValueMixtureAttention ${this.name}`;
    for (const [name, value] of Object.entries({ heads, block, mixtures }))
      if (!Number.isInteger(value) || value < 1)
        throw new ConfigError(`${where}: ${name} must be a positive integer, got ${value}; leave it out for 4`);
    if (!Number.isInteger(filters / heads) || filters / heads < 2)
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
        `ValueMixtureAttention ${this.name}: input must be [batch, height, width, channels] with known channels, got [${shape.join(", ")}]; reshape it`,
      );
    const { filters, seed } = this.args;
    const { heads, block } = this.geometry;
    const depth = filters / heads;
    let drawn = 0;
    const add = (name: string, shape: number[], variance: number) => {
      const next = seed === undefined ? undefined : seed + drawn++;
      const initializer = tf.initializers.randomNormal({ mean: 0, stddev: Math.sqrt(variance), seed: next });
      return this.add(name, shape, initializer, true);
    };
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

  /** The attention weights that `call` uses on this input. */
  attentionWeights(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => valueMixtureWeights(this.project(x), this.geometry));
  }

  /** How many blocks there are down and across an image [B, H, W, C]. */
  blocksOf([, height, width]: readonly number[]): [down: number, across: number] {
    const { block } = this.geometry;
    return [Math.ceil(height / block), Math.ceil(width / block)];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }

  private project(x: tf.Tensor4D): ValueMixtureInputs {
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
    return { query, key, values, mixture, encodings: this.encodings() };
  }

  /** One encoding an offset: that of its row before that of its column, [(2 block - 1)^2, D]. */
  private encodings(): tf.Tensor2D {
    const side = 2 * this.geometry.block - 1;
    const [rows, columns] = [this.relative.rows.read() as tf.Tensor2D, this.relative.columns.read() as tf.Tensor2D];
    const [ofRow, ofColumn] = [rows.expandDims(1).tile([1, side, 1]), columns.expandDims(0).tile([side, 1, 1])];
    return tf.concat<tf.Tensor>([ofRow, ofColumn], 2).reshape([side * side, -1]);
  }
}

/** rows[a] + columns[b] for all a, b: [n, D] each to [n * n, D]. */
function gridSum(rows: tf.LayerVariable, columns: tf.LayerVariable, size: number): tf.Tensor2D {
  const sum = rows.read().expandDims(1).add(columns.read().expandDims(0)); // [n, n, D]
  return sum.reshape([size * size, -1]);
}

tf.serialization.registerClass(ValueMixtureAttention);
