/** Position-sensitive axial attention as a layer: projection, norms and tables around the pure functions. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "../errors.js";
import {
  attentionWeights,
  axialAttention,
  countPairs,
  similarityStatistics,
  type AxialAttentionGeometry,
  type AxialAttentionOutputs,
  type SimilarityInputs,
} from "./attention.js";
import { channelsOf, Layer, singleShape, singleTensor, type CallOptions, type LayerArgs } from "./layer.js";
import {
  addBatchNormWeights,
  batchNorm,
  batchNormPair,
  resolveConstants,
  updateRunningStatistics,
  type BatchNormConstants,
  type BatchNormPreset,
  type BatchNormWeights,
} from "./batch-norm.js";
import { averagePool } from "./pooling.js";
import { fitPositionTable, type OffsetRange } from "./relative-position.js";

/** Training chooses the statistics of the batch; update moves the running ones on the way. */
interface Mode {
  readonly training: boolean;
  readonly update: boolean;
}

export interface AxialAttentionArgs extends LayerArgs {
  /** The axis along which places attend to one another. */
  axis: "height" | "width";
  /** Output channels of all heads together: heads * Dv. */
  filters: number;
  /** N. Default 8, as everywhere in the paper. */
  heads?: number;
  /** Dq, channels of query and key per head. Default half the value depth, as everywhere in the paper. */
  keyDepth?: number;
  /**
   * What a query sees. `global` (default): the whole axis. `causal`: itself and what comes before it. A number m: the m places
   * around it; of an even m, one more lies after it than before (the padding of the public SASA layers).
   */
  span?: "global" | "causal" | number;
  /**
   * K: the position tables hold the offsets -(K - 1) to K - 1, one row each; on longer axes the outermost rows stand for all
   * offsets beyond. Needed for `global` and `causal`, best the length of the axis in training; for a local span
   * it follows from m (m rows) and must be left out.
   */
  tableSpan?: number;
  /** Which position terms there are. Default all three (the paper's "position-sensitive"). */
  position?: { query?: boolean; key?: boolean; value?: boolean };
  /** Which batch norms there are: on q, k, v; on the logit terms; on the two outputs. Default all three. */
  norms?: { projection?: boolean; similarity?: boolean; output?: boolean };
  /** Constants of the batch norms: a preset's name or your own. Default `torch`. */
  constants?: BatchNormPreset | BatchNormConstants;
  /** Average pooling of both axes after the attention, in windows of stride x stride. Default 1: none. */
  stride?: number;
  /** What becomes of the last rows and columns where the stride does not divide the size: dropped or kept. Default "drop". */
  strideRemainder?: "drop" | "keep";
  /** `relu` clamps the result at zero. Default null. */
  activation?: "relu" | null;
  /** Makes the initial weights repeatable. Default: random. */
  seed?: number;
}

/**
 * Position-sensitive attention along one axis of an image (paper eq. 4), any H x W with one set of weights.
 *
 *     q, k, v = BN(x W)                                   W: [Cin, N (2 Dq + Dv)], per head q, k, v; no bias
 *     logits  = BN(q_i.k_j) + BN(q_i.r^q_{j-i}) + BN(k_j.r^k_{j-i})          each term and head a channel
 *     y_i     = BN(sum_j w_ij v_j) + BN(sum_j w_ij r^v_{j-i})                   w = softmax_j(logits)
 *
 * Input [B, H, W, Cin], output [B, H / stride, W / stride, filters]. The heads are concatenated without an output projection and
 * share the tables r. Softmax undoes any shift of a row, so beta of the similarity norm has no effect and no gradient; it
 * is kept, with its running mean, because the published weights have it.
 *
 * Source: Axial-DeepLab, arXiv 2003.07853, section 3.2; csrhddlam/axial-deeplab, which differs from the text in nothing but
 * in striding by pooling and in mirroring the offsets of queries and values (i - j).
 *
 *     new AxialAttention({ axis: "height", filters: 64, tableSpan: 56 }).apply(x)      // [B, 56, 56, 32] -> [B, 56, 56, 64]
 */
export class AxialAttention extends Layer {
  static readonly className = "AxialAttention";
  readonly heads: number;
  readonly keyDepth: number;
  readonly valueDepth: number;
  private readonly args: AxialAttentionArgs;
  private readonly constants: BatchNormConstants;
  private readonly offsets: OffsetRange;
  private projection!: tf.LayerVariable;
  private projectionNorm: BatchNormWeights | null = null;
  private similarityNorm: BatchNormWeights | null = null;
  private contentNorm: BatchNormWeights | null = null;
  private positionNorm: BatchNormWeights | null = null;
  private tables: { query: tf.LayerVariable | null; key: tf.LayerVariable | null; value: tf.LayerVariable | null } = {
    query: null,
    key: null,
    value: null,
  };

  constructor(args: AxialAttentionArgs) {
    super(args);
    this.args = args;
    const { filters, heads = 8 } = args;
    const valueDepth = filters / heads;
    const where = `AxialAttention ${this.name}`;
    if (args.axis !== "height" && args.axis !== "width")
      throw new ConfigError(`${where}: axis must be "height" or "width", got ${String(args.axis)}; choose one`);
    if (!Number.isInteger(heads) || heads < 1 || !Number.isInteger(valueDepth) || valueDepth < 1)
      throw new ConfigError(
        `${where}: filters must be a positive multiple of heads, got filters=${filters}, heads=${heads}; ` +
          `use filters=${Math.max(1, Math.round(valueDepth)) * heads}`,
      );
    if (args.stride !== undefined && !(Number.isInteger(args.stride) && args.stride > 0))
      throw new ConfigError(`${where}: stride must be a positive integer, got ${args.stride}; leave it out for none`);
    const keyDepth = args.keyDepth ?? valueDepth / 2;
    if (!Number.isInteger(keyDepth) || keyDepth < 1)
      throw new ConfigError(
        `${where}: key depth must be a positive integer, got ${keyDepth} with filters=${filters}, heads=${heads}; ` +
          `make filters / heads even or set keyDepth`,
      );
    this.heads = heads;
    this.keyDepth = keyDepth;
    this.valueDepth = valueDepth;
    this.constants = resolveConstants(args.constants, where);
    this.offsets = offsetRange(args, where);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = singleShape(inputShape);
    const inputChannels = channelsOf(shape);
    if (shape.length !== 4 || inputChannels === null)
      throw new ShapeError(
        `AxialAttention ${this.name}: input must be [batch, height, width, channels] with known channels, got [${shape.join(", ")}]`,
      );
    const { heads, keyDepth, valueDepth, offsets } = this;
    const { filters, position = {}, norms = {}, seed } = this.args;
    const projected = heads * (2 * keyDepth + valueDepth);
    const normal = (variance: number, index: number) =>
      tf.initializers.randomNormal({ mean: 0, stddev: Math.sqrt(variance), seed: seed && seed + index });
    const { query = true, key = true, value = true } = position;
    const rows = offsets.before + 1 + offsets.after;
    const table = (name: string, depth: number, index: number) =>
      this.add(`relative_${name}`, [rows, depth], normal(1 / valueDepth, index), true);

    this.projection = this.add("projection", [inputChannels, projected], normal(1 / inputChannels, 0), true);
    this.tables = {
      query: query ? table("query", keyDepth, 1) : null,
      key: key ? table("key", keyDepth, 2) : null,
      value: value ? table("value", valueDepth, 3) : null,
    };
    if (norms.projection !== false)
      this.projectionNorm = addBatchNormWeights(this.add, "projection_norm_", [projected]);
    if (norms.similarity !== false)
      this.similarityNorm = addBatchNormWeights(this.add, "similarity_norm_", [1 + Number(query) + Number(key), heads]);
    if (norms.output !== false) {
      this.contentNorm = addBatchNormWeights(this.add, "content_norm_", [filters]);
      if (value) this.positionNorm = addBatchNormWeights(this.add, "position_norm_", [filters]);
    }
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width] = singleShape(inputShape);
    const { stride = 1, strideRemainder = "drop", filters } = this.args;
    const round = strideRemainder === "drop" ? Math.floor : Math.ceil;
    const reduced = (size: number | null) => (size === null ? null : round(size / stride));
    return [batch, reduced(height), reduced(width), filters];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], options: CallOptions = {}): tf.Tensor {
    this.invokeCallHook(inputs, options);
    const { training = false } = options;
    const x = singleTensor(inputs) as tf.Tensor4D;
    const { filters, stride = 1, strideRemainder = "drop", activation } = this.args;
    const [batch, height, width] = x.shape;
    return tf.tidy(() => {
      const relu = activation === "relu";
      const reluInNorm = relu && stride === 1;
      const mode = { training, update: training };
      const core = this.coreInputs(x, mode);
      const geometry = this.geometry(core.qkv.shape[1]);
      const scales = this.similarityScales(core, geometry, mode);
      const outputs = axialAttention({ ...core, scales }, geometry);
      let y = this.sumOutputs(outputs, mode, reluInNorm) // [O, L, I, filters]
        .reshape<tf.Tensor4D>([batch, height, width, filters]);
      y = averagePool(y, stride, strideRemainder);
      return relu && !reluInNorm ? y.relu() : y;
    });
  }

  /**
   * The attention weights that `call` would use on this input, without updating anything.
   *
   * @param x [B, H, W, Cin]
   * @returns height: [B, W, N, H, H]; width: [B, H, N, W, W]; query before key
   */
  attentionWeights(x: tf.Tensor4D, { training = false }: CallOptions = {}): tf.Tensor5D {
    if (!this.built)
      throw new ConfigError(`AxialAttention ${this.name}: it has no weights yet; apply it to an input first`);
    const [batch, height, width] = x.shape;
    return tf.tidy(() => {
      const mode = { training, update: false };
      const core = this.coreInputs(x, mode);
      const geometry = this.geometry(core.qkv.shape[1]);
      const scales = this.similarityScales(core, geometry, mode);
      const weights = attentionWeights({ ...core, scales }, geometry); // [O, I, N, L, L]
      const [others, length] = this.args.axis === "height" ? [width, height] : [height, width];
      return weights.reshape([batch, others, this.heads, length, length]);
    });
  }

  /** The axis along which places attend to one another. */
  get axis(): "height" | "width" {
    return this.args.axis;
  }

  /**
   * The tables r^q, r^k, r^v as they are trained: row r stands for the offset (key - query) r - before. The tensors are
   * the layer's own.
   */
  positionTables(): { readonly before: number } & Readonly<Record<"query" | "key" | "value", tf.Tensor2D | null>> {
    const read = (table: tf.LayerVariable | null) => table && (table.read() as tf.Tensor2D);
    const { query, key, value } = this.tables;
    return { before: this.offsets.before, query: read(query), key: read(key), value: read(value) };
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }

  /** Projected and normalised q, k, v in the axis view, and the tables fitted to the axis. */
  private coreInputs(x: tf.Tensor4D, mode: Mode): SimilarityInputs {
    const [batch, height, width, channels] = x.shape;
    const kernel = this.projection.read() as tf.Tensor2D;
    let rows = x.reshape<tf.Tensor2D>([-1, channels]).matMul<tf.Tensor2D>(kernel); // [B * H * W, N * (2 * Dq + Dv)]
    if (this.projectionNorm !== null)
      rows = batchNorm(rows, this.projectionNorm, { ...mode, constants: this.constants });
    const [outer, length, inner] = this.args.axis === "height" ? [batch, height, width] : [batch * height, width, 1];
    const fitted = (table: tf.LayerVariable | null) =>
      table === null ? null : fitPositionTable(table.read() as tf.Tensor2D, this.offsets, length);
    return {
      qkv: rows.reshape([outer, length, inner, -1]), // [O, L, I, N * (2 * Dq + Dv)]
      relative: {
        query: fitted(this.tables.query),
        key: fitted(this.tables.key),
        value: fitted(this.tables.value),
      },
    };
  }

  private geometry(length: number): AxialAttentionGeometry {
    const { heads, keyDepth, valueDepth, offsets } = this;
    const { span = "global" } = this.args;
    const all = { before: length - 1, after: length - 1 };
    const window = span === "global" ? all : span === "causal" ? { ...all, after: 0 } : offsets;
    return { heads, keyDepth, valueDepth, window };
  }

  /**
   * The factor gamma / sigma of each term and head, [3, N]; zero for absent terms. This is all that is left of a batch norm under
   * a softmax over each row: mean and beta shift whole rows.
   */
  private similarityScales(core: SimilarityInputs, geometry: AxialAttentionGeometry, mode: Mode): tf.Tensor2D {
    const present = [true, core.relative.query !== null, core.relative.key !== null];
    const norm = this.similarityNorm;
    if (norm === null) return spreadRows(tf.ones([present.filter(Boolean).length, this.heads]), present);
    let variance = norm.movingVariance.read() as tf.Tensor2D;
    if (mode.training) {
      const batch = similarityStatistics(core, geometry); // [3, N]
      variance = pickRows(batch.variance, present); // [terms, N]
      const [outer, length, inner] = core.qkv.shape;
      const count = outer * inner * countPairs(length, geometry.window);
      if (mode.update)
        updateRunningStatistics(norm, { mean: pickRows(batch.mean, present), variance, count }, this.constants);
    }
    return spreadRows(norm.gamma.read().mul<tf.Tensor2D>(variance.add(this.constants.epsilon).rsqrt()), present); // [3, N]
  }

  /** BN(content) + BN(position), where there are such. */
  private sumOutputs({ content, position }: AxialAttentionOutputs, mode: Mode, relu: boolean): tf.Tensor4D {
    const { contentNorm, positionNorm } = this;
    const options = { ...mode, constants: this.constants, relu };
    if (contentNorm === null) {
      const sum = position === null ? content : content.add<tf.Tensor4D>(position);
      return relu ? sum.relu() : sum;
    }
    if (position === null || positionNorm === null) return batchNorm(content, contentNorm, options);
    return batchNormPair({ x: content, weights: contentNorm }, { x: position, weights: positionNorm }, options);
  }
}

tf.serialization.registerClass(AxialAttention);

/** The rows of [3, N] that are present, together. */
function pickRows(statistic: tf.Tensor2D, present: readonly boolean[]): tf.Tensor2D {
  if (present.every(Boolean)) return statistic;
  return tf.concat(present.flatMap((isPresent, row) => (isPresent ? [statistic.slice([row, 0], [1, -1])] : [])));
}

/** The inverse of {@link pickRows}: zeros in the rows that are absent. */
function spreadRows(rows: tf.Tensor2D, present: readonly boolean[]): tf.Tensor2D {
  if (present.every(Boolean)) return rows;
  const heads = rows.shape[1];
  let next = 0;
  return tf.concat(
    present.map((isPresent) => (isPresent ? rows.slice([next++, 0], [1, heads]) : tf.zeros([1, heads]))),
  );
}

/** The offsets that the tables of a layer hold; for a local span also its window. */
function offsetRange({ span = "global", tableSpan }: AxialAttentionArgs, where: string): OffsetRange {
  if (typeof span === "number") {
    if (!Number.isInteger(span) || span < 1)
      throw new ConfigError(`${where}: a local span must be a positive integer, got ${span}`);
    if (tableSpan !== undefined)
      throw new ConfigError(
        `${where}: a local span has a table of its own size, got span=${span}, tableSpan=${tableSpan}; leave tableSpan out`,
      );
    return { before: Math.ceil(span / 2) - 1, after: Math.floor(span / 2) };
  }
  if (span !== "global" && span !== "causal")
    throw new ConfigError(`${where}: span must be "global", "causal" or a number, got ${String(span)}`);
  if (tableSpan === undefined || !Number.isInteger(tableSpan) || tableSpan < 1)
    throw new ConfigError(
      `${where}: a ${span} span needs a tableSpan of 1 or more, got ${tableSpan}; use the length of the axis in training`,
    );
  return { before: tableSpan - 1, after: span === "causal" ? 0 : tableSpan - 1 };
}
