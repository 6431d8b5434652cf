/**
 * What all attention layers of this family share: one projection to the queries, keys and values of all heads, up to
 * three batch norms, the sum of the retrieved values and encodings, striding. Who sees whom, and where from, each layer
 * says itself through an {@link AttentionCore}.
 */
import * as tf from "@tensorflow/tfjs";
import { foldedLinear, fusedLinear } from "../engine/ops/linear.js";
import { assertOneOf, assertPositiveIntegers } from "../core/checks.js";
import { ConfigError, ShapeError } from "../core/errors.js";
import type { KeysOf } from "../core/options.js";
import type {
  AttentionOutputs,
  NormedAttentionOutputs,
  SimilarityNorm,
  SimilarityStatistics,
} from "../functions/attention.js";
import { normFactors } from "../functions/similarity-statistics.js";
import {
  batchNorm,
  batchNormPair,
  givenNorm,
  resolveConstants,
  runningAffine,
  updateRunningStatistics,
  type BatchNormConstants,
  type BatchNormPreset,
  type BatchNormWeights,
} from "../functions/batch-norm.js";
import { addBatchNormWeights } from "./batch-norm-weights.js";
import type { AttentionLayer, AttentionStep } from "./attention-layer.js";
import { normal } from "./initializers.js";
import {
  channelsOf,
  Layer,
  singleShape,
  singleTensor,
  type CallOptions,
  type Initializer,
  type LayerArgs,
  type OwnKeys,
} from "./layer.js";
import { linear } from "../functions/linear.js";
import { averagePool } from "../functions/pooling.js";
import type { OffsetRange } from "../functions/relative-position.js";
import { momentsOfAll, synchronizesNorms } from "../functions/synchronized-moments.js";
import { viewAs } from "../functions/view.js";

/** Which position terms there are: query . encoding, key . encoding, retrieved encoding. */
export interface PositionTerms {
  readonly query: boolean;
  readonly key: boolean;
  readonly value: boolean;
}

/** One for each position term; null: there is no such term. */
export type OfTerms<T> = Readonly<Record<keyof PositionTerms, T | null>>;

/** The same of each term that there is. */
export const mapTerms = <A, B>({ query, key, value }: OfTerms<A>, change: (of: A) => B): OfTerms<B> => ({
  query: query && change(query),
  key: key && change(key),
  value: value && change(value),
});

/** What all layers of self-attention over images are made of. */
export interface SelfAttentionArgs extends LayerArgs {
  /** Output channels of all heads together: heads * Dv. */
  filters: number;
  /** N. Default 8, as everywhere in the paper. */
  heads?: number;
  /** Dq, channels of query and key per head. Default half the value depth, as everywhere in the paper. */
  keyDepth?: number;
  /** Whether queries, keys and values have a bias. Default false: a batch norm follows. */
  bias?: boolean;
  /** Which batch norms there are: on q, k, v; on the logit terms; on the two outputs. Default all three. */
  norms?: { projection?: boolean; similarity?: boolean; output?: boolean };
  /** Constants of the batch norms: a preset's name or your own. Default `torch`. */
  constants?: BatchNormPreset | BatchNormConstants;
  /** Average pooling of both axes after the attention, in windows of stride x stride. Default 1: none. */
  stride?: number;
  /**
   * What becomes of the last rows and columns where the stride does not divide the size: dropped or kept. Default
   * "drop".
   */
  strideRemainder?: "drop" | "keep";
  /** `relu` clamps the result at zero. Default null. */
  activation?: "relu" | null;
  /** Makes the initial weights repeatable. Default: random. */
  seed?: number;
}

export const selfAttentionKeys: OwnKeys<SelfAttentionArgs> = {
  filters: true,
  heads: true,
  keyDepth: true,
  bias: true,
  norms: { projection: true, similarity: true, output: true },
  constants: { rate: true, epsilon: true, unbiased: true },
  stride: true,
  strideRemainder: true,
  activation: true,
  seed: true,
};

/** Every term but those that `position` leaves out. Of no arguments at all it is the constructor that says so. */
export const allTermsBut = (
  args: { readonly position?: Partial<PositionTerms> } | null | undefined,
): PositionTerms => ({ query: true, key: true, value: true, ...args?.position });

export const positionKeys: KeysOf<PositionTerms> = { query: true, key: true, value: true };

/** Attention over the queries, keys and values of one input, as one layer defines it. */
export interface AttentionCore {
  /**
   * Given [3, N] factors of the terms: retrieved values and encodings, [.., filters] in the order of the image's
   * places.
   *
   * @param options.sum the two will be added as they are, so they may be given as one
   */
  attend(scales: tf.Tensor2D, options: { readonly sum: boolean }): AttentionOutputs;
  /** As `attend`, with the factors that a batch norm of the terms gives by their statistics, which come back too. */
  attendNormed(norm: SimilarityNorm, options: { readonly sum: boolean }): NormedAttentionOutputs;
  /** Of the terms before their factors. */
  statistics(): SimilarityStatistics;
  /** Pairs of query and key, per head, that the statistics are taken over. */
  readonly pairs: number;
  /** The attention weights themselves, in the layer's own shape. */
  weights(scales: tf.Tensor2D): tf.Tensor;
}

/** Training chooses the statistics of the batch; update moves the running ones on the way. */
interface Mode {
  readonly training: boolean;
  readonly update: boolean;
}

/**
 * What the attention layers over images are made from; not for use by itself. [B, H, W, Cin] to [B, H / stride, W / stride, filters].
 *
 * Source: Axial-DeepLab, arXiv 2003.07853, section 3.2.
 *
 * @throws ConfigError for filters that are no multiple of the heads
 */
export abstract class SelfAttention<Args extends SelfAttentionArgs = SelfAttentionArgs>
  extends Layer
  implements AttentionLayer
{
  readonly heads: number;
  readonly keyDepth: number;
  readonly valueDepth: number;
  private readonly constants: BatchNormConstants;
  private projection!: tf.LayerVariable;
  private projectionBias: tf.LayerVariable | null = null;
  private projectionNorm: BatchNormWeights | null = null;
  private similarityNorm: BatchNormWeights | null = null;
  private contentNorm: BatchNormWeights | null = null;
  private positionNorm: BatchNormWeights | null = null;

  protected constructor(
    protected readonly args: Args,
    protected readonly position: PositionTerms,
    keys: KeysOf<object>,
  ) {
    super(args, keys);
    const { filters, heads = 8, stride } = args;
    const valueDepth = filters / heads;
    if (
      !Number.isInteger(filters) ||
      !Number.isInteger(heads) ||
      heads < 1 ||
      !Number.isInteger(valueDepth) ||
      valueDepth < 1
    )
      throw new ConfigError(
        `${this.where}: filters must be a positive multiple of heads, got filters=${filters}, heads=${heads}; ` +
          `use filters=${Math.max(1, Math.round(valueDepth) || 1) * (heads >= 1 ? Math.round(heads) : 8)}`,
      );
    if (stride !== undefined) assertPositiveIntegers(this.where, { stride });
    assertOneOf(this.where, "strideRemainder", args.strideRemainder, ["drop", "keep"]);
    assertOneOf(this.where, "activation", args.activation, ["relu", null]);
    const keyDepth = args.keyDepth ?? valueDepth / 2;
    if (!Number.isInteger(keyDepth) || keyDepth < 1)
      throw new ConfigError(
        `${this.where}: key depth must be a positive integer, got ${keyDepth} with filters=${filters}, heads=${heads}; ` +
          `make filters / heads even or set keyDepth`,
      );
    this.heads = heads;
    this.keyDepth = keyDepth;
    this.valueDepth = valueDepth;
    this.constants = resolveConstants(args.constants, this.where);
  }

  abstract readonly attentionSteps: readonly [AttentionStep];

  /**
   * The offsets that the rows of the position tables stand for, along each axis that they have; null without tables.
   */
  abstract readonly tableRange: OffsetRange | null;

  /** Adds the weights of the position terms, through `addTable`. */
  protected abstract addTables(): void;

  /** What `make` gives for each position term that there is, of the depth that its encodings have. */
  protected ofTerms<T>(make: (name: keyof PositionTerms, depth: number) => T): OfTerms<T> {
    const of = (name: keyof PositionTerms, depth: number) => (this.position[name] ? make(name, depth) : null);
    return { query: of("query", this.keyDepth), key: of("key", this.keyDepth), value: of("value", this.valueDepth) };
  }

  /** @param projected [B * H * W, N * (2 Dq + Dv)], per head query, key, value */
  protected abstract core(projected: tf.Tensor2D, image: tf.Tensor4D): AttentionCore;

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = singleShape(inputShape);
    const inputChannels = channelsOf(shape);
    if (shape.length !== 4 || inputChannels === null)
      throw new ShapeError(
        `${this.where}: input must be [batch, height, width, channels] with known channels, got [${shape.join(", ")}]; reshape it`,
      );
    const { heads, keyDepth, valueDepth, position } = this;
    const { filters, norms = {}, bias = false } = this.args;
    const projected = heads * (2 * keyDepth + valueDepth);
    this.projection = this.add("projection", [inputChannels, projected], this.draw(1 / inputChannels), true);
    if (bias) this.projectionBias = this.add("projection_bias", [projected], tf.initializers.zeros(), true);
    this.addTables();
    if (norms.projection !== false)
      this.projectionNorm = addBatchNormWeights(this.add, "projection_norm_", [projected]);
    if (norms.similarity !== false) {
      const terms = 1 + Number(position.query) + Number(position.key);
      this.similarityNorm = addBatchNormWeights(this.add, "similarity_norm_", [terms, heads]);
    }
    if (norms.output !== false) {
      this.contentNorm = addBatchNormWeights(this.add, "content_norm_", [filters]);
      if (position.value) this.positionNorm = addBatchNormWeights(this.add, "position_norm_", [filters]);
    }
    this.built = true;
  }

  /** Adds a table of encodings, normal with variance 1 / Dv. */
  protected addTable(name: string, rows: number, depth: number): tf.LayerVariable {
    return this.add(name, [rows, depth], this.draw(1 / this.valueDepth), true);
  }

  private drawn = 0;
  private draw(variance: number): Initializer {
    return normal(Math.sqrt(variance), this.args.seed, this.drawn++);
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
      const core = this.core(this.project(x, mode), x);
      const outputs = this.attend(core, mode, { sum: this.contentNorm === null });
      const sum = viewAs<tf.Tensor4D>(this.sumOutputs(outputs, mode, reluInNorm), [batch, height, width, filters]);
      const y = averagePool(sum, stride, strideRemainder);
      return relu && !reluInNorm ? y.relu() : y;
    });
  }

  /**
   * The attention weights that `call` would use on this input, without updating anything: see {@link AttentionLayer}.
   *
   * @param input [B, H, W, Cin]
   * @throws ConfigError before the layer is built
   */
  attentionWeights(input: tf.Tensor, { training = false }: CallOptions = {}): tf.Tensor {
    this.assertBuilt();
    return tf.tidy(() => {
      const x = input as tf.Tensor4D;
      const mode = { training, update: false };
      const core = this.core(this.project(x, mode), x);
      const ofBatch = training && this.similarityNorm !== null;
      return core.weights(this.similarityFactors(ofBatch ? core.statistics().variance : null));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }

  /** Queries, keys and values of all places, [B * H * W, N * (2 Dq + Dv)]. */
  private project(x: tf.Tensor4D, mode: Mode): tf.Tensor2D {
    const kernel = this.projection.read() as tf.Tensor2D;
    const bias = this.projectionBias === null ? null : (this.projectionBias.read() as tf.Tensor1D);
    const norm = this.projectionNorm;
    const pixels = viewAs<tf.Tensor2D>(x, [-1, x.shape[3]]); // [B * H * W, Cin]
    if (norm !== null && !mode.training) {
      const { epsilon } = this.constants;
      const folded = foldedLinear(pixels, kernel, givenNorm(norm), { bias, epsilon });
      if (folded !== null) return folded;
      // Operations are being recorded for gradients, those of the norm's weights included.
      const { scale, shift } = runningAffine(norm, this.constants);
      const biasedShift = bias === null ? shift : shift.add<tf.Tensor1D>(bias.mul(scale));
      const fused = fusedLinear(pixels, kernel, { scale, shift: biasedShift });
      if (fused !== null) return fused;
    }
    const rows = linear(pixels, kernel, bias); // [B * H * W, N * (2 * Dq + Dv)]
    return norm === null ? rows : batchNorm(rows, norm, { ...mode, constants: this.constants });
  }

  /** Training: with the similarities normed by their own statistics, the running ones being moved on the way. */
  private attend(core: AttentionCore, { training, update }: Mode, options: { sum: boolean }): AttentionOutputs {
    const norm = this.similarityNorm;
    if (norm === null || !training) return core.attend(this.similarityFactors(null), options);
    const { statistics, count, ...outputs } = synchronizesNorms()
      ? this.attendSynchronized(core, norm, options)
      : { ...core.attendNormed(this.affineOfSimilarities(norm), options), count: core.pairs };
    if (update) {
      const [mean, variance] = [statistics.mean, statistics.variance].map((rows) => pickRows(rows, this.presentTerms));
      updateRunningStatistics(norm, { mean, variance, count }, this.constants);
    }
    return outputs;
  }

  /** With the statistics of the similarities of all processes' images. */
  private attendSynchronized(core: AttentionCore, norm: BatchNormWeights, options: { sum: boolean }) {
    const { count, ...statistics } = momentsOfAll({ ...core.statistics(), count: core.pairs });
    const scales = normFactors(this.affineOfSimilarities(norm), statistics.variance);
    return { ...core.attend(scales, options), statistics, count };
  }

  /**
   * The factor gamma / sigma of each term and head, [3, N]; zero for absent terms. This is all that is left of a batch
   * norm under a softmax over each row: mean and beta shift whole rows.
   *
   * @param variance of this batch, [3, N]; null: the running one
   */
  private similarityFactors(variance: tf.Tensor2D | null): tf.Tensor2D {
    const present = this.presentTerms;
    const norm = this.similarityNorm;
    if (norm === null) return spreadRows(tf.ones<tf.Rank.R2>([present.filter(Boolean).length, this.heads]), present);
    const running = () => spreadRows(norm.movingVariance.read() as tf.Tensor2D, present);
    return normFactors(this.affineOfSimilarities(norm), variance ?? running());
  }

  private affineOfSimilarities({ gamma }: BatchNormWeights): SimilarityNorm {
    return { gamma: spreadRows(gamma.read() as tf.Tensor2D, this.presentTerms), epsilon: this.constants.epsilon };
  }

  /** Which of the three terms of the logits there are. */
  private get presentTerms(): readonly boolean[] {
    return [true, this.position.query, this.position.key];
  }

  /** BN(content) + BN(position), where there are such. */
  private sumOutputs({ content, position }: AttentionOutputs, mode: Mode, relu: boolean): tf.Tensor4D {
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
