/**
 * Axial attention over N axes in the manner of the `axial-attention` package: plain scaled dot products, one set of
 * projections per axis, the axes summed or one after the other. Geometry (which axis, where the channels are) is kept apart
 * from attention: every axis is brought into the [O, L, I, C] view by reshaping alone.
 */
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "../core/errors.js";
import { attentionWeights, axialAttention, type AxialAttentionGeometry } from "../functions/axial-attention.js";
import { Layer, singleShape, singleTensor, type AddWeight, type LayerArgs } from "./layer.js";
import { linear } from "../functions/linear.js";

/** Weights of plain multi-head self-attention along one axis. C channels, N heads, D depth per head. */
export interface AxisAttentionWeights<Weight = tf.Tensor> {
  /** [C, N * 3 * D]: per head query, key, value; no bias. */
  readonly projection: Weight;
  /** [N * D, C] */
  readonly output: Weight;
  /** [C] */
  readonly bias: Weight;
}

export interface AxisAttentionOptions {
  readonly heads: number;
  /** D, depth per head. */
  readonly headDepth: number;
  /** What a query sees. Default the whole axis; `causal`: itself and what comes before it. */
  readonly span?: "global" | "causal";
}

/** The [O, L, I, C] view of one axis of a channels-last tensor. */
export function axisView(shape: readonly number[], axis: number): [number, number, number, number] {
  const product = (sizes: readonly number[]) => sizes.reduce((result, size) => result * size, 1);
  const channels = shape[shape.length - 1];
  return [product(shape.slice(0, axis)), shape[axis], product(shape.slice(axis + 1, -1)), channels];
}

/**
 * Multi-head self-attention along one axis of x: softmax(q.k / sqrt(D)) v, heads concatenated, projected back with a bias.
 *
 * @param x channels last, any rank: [..., L, ..., C]
 * @returns the shape of x
 */
export function axisAttention<T extends tf.Tensor>(
  x: T,
  axis: number,
  weights: AxisAttentionWeights,
  options: AxisAttentionOptions,
): T {
  return tf.tidy(() => {
    const view = axisView(x.shape, axis);
    const { qkv, scales, geometry } = attentionInputs(x, view, weights, options);
    const relative = { query: null, key: null, value: null };
    const { content } = axialAttention({ qkv, relative, scales }, geometry); // [O, L, I, N * D]
    const retrieved = content.reshape<tf.Tensor2D>([-1, options.heads * options.headDepth]);
    return linear(retrieved, weights.output as tf.Tensor2D, weights.bias as tf.Tensor1D).reshape(
      x.shape,
    ) as unknown as T;
  });
}

/** The weights of {@link axisAttention}, [O, I, N, L, L]: sequence, head, query, key. */
export function axisAttentionWeights(
  x: tf.Tensor,
  axis: number,
  weights: AxisAttentionWeights,
  options: AxisAttentionOptions,
): tf.Tensor5D {
  return tf.tidy(() => {
    const { qkv, scales, geometry } = attentionInputs(x, axisView(x.shape, axis), weights, options);
    return attentionWeights({ qkv, relative: { query: null, key: null, value: null }, scales }, geometry);
  });
}

function attentionInputs(
  x: tf.Tensor,
  [outer, length, inner, channels]: readonly number[],
  { projection }: AxisAttentionWeights,
  { heads, headDepth, span = "global" }: AxisAttentionOptions,
): { qkv: tf.Tensor4D; scales: tf.Tensor2D; geometry: AxialAttentionGeometry } {
  const qkv = x
    .reshape<tf.Tensor2D>([-1, channels])
    .matMul<tf.Tensor2D>(projection)
    .reshape<tf.Tensor4D>([outer, length, inner, heads * 3 * headDepth]);
  const window = { before: length - 1, after: span === "causal" ? 0 : length - 1 };
  return {
    qkv,
    scales: tf.fill<tf.Rank.R2>([3, heads], 1 / Math.sqrt(headDepth)),
    geometry: { heads, keyDepth: headDepth, valueDepth: headDepth, window },
  };
}

/** Adds the weights of one axis to a layer, initialised as PyTorch's `Linear`: uniform within 1 / sqrt(fan in). */
export function addAxisAttentionWeights(
  add: AddWeight,
  prefix: string,
  { channels, heads, headDepth, seed }: { channels: number; heads: number; headDepth: number; seed?: number },
): AxisAttentionWeights<tf.LayerVariable> {
  const hidden = heads * headDepth;
  return {
    projection: add(`${prefix}projection`, [channels, 3 * hidden], uniformWithin(channels, seed), true),
    output: add(`${prefix}output`, [hidden, channels], uniformWithin(hidden, seed && seed + 1), true),
    bias: add(`${prefix}bias`, [channels], uniformWithin(hidden, seed && seed + 2), true),
  };
}

/** Uniform within 1 / sqrt(fanIn), the default of PyTorch's linear and convolution layers. */
export function uniformWithin(fanIn: number, seed?: number): ReturnType<typeof tf.initializers.zeros> {
  const limit = 1 / Math.sqrt(fanIn);
  return tf.initializers.randomUniform({ minval: -limit, maxval: limit, seed });
}

/** The tensors behind the weights of a layer. */
export function readWeights(weights: AxisAttentionWeights<tf.LayerVariable>): AxisAttentionWeights {
  return { projection: weights.projection.read(), output: weights.output.read(), bias: weights.bias.read() };
}

export interface NdAxialAttentionArgs extends LayerArgs {
  /** Channels of input and output. */
  dim: number;
  /** How many axes there are besides batch and channels: 2 for images, 3 for video. Default 2. */
  numDimensions?: number;
  /** Default 8. */
  heads?: number;
  /** Depth per head. Default dim / heads. */
  dimHeads?: number;
  /** Which axis of the whole tensor, batch included, holds the channels; negative counts from the end. Default -1. */
  dimIndex?: number;
  /** Whether the outputs of the axes are added (default) or each axis reads what the one before it gave. */
  sumAxialOut?: boolean;
  /** Makes the initial weights repeatable. Default: random. */
  seed?: number;
}

/**
 * Self-attention along each axis of an N-dimensional tensor, without position encodings, residual or norm:
 *
 *     y = sum_a attention_a(x)        or        y = attention_n(... attention_1(x))
 *
 * Input and output have one shape: batch, `numDimensions` axes, and the channels at `dimIndex`. No axis has a fixed length.
 *
 * Source: Ho et al., Axial Attention in Multidimensional Transformers, arXiv 1912.12180; lucidrains/axial-attention, from
 * which it differs in that any negative `dimIndex` works, and `dim` need not be a multiple of `heads` when `dimHeads` is given.
 *
 *     new NdAxialAttention({ dim: 64, numDimensions: 3, heads: 8, dimIndex: 2 }).apply(video)   // [B, T, 64, H, W], the same
 */
export class NdAxialAttention extends Layer {
  static readonly className = "NdAxialAttention";
  private readonly args: NdAxialAttentionArgs;
  private readonly options: AxisAttentionOptions;
  private readonly numDimensions: number;
  private readonly dimIndex: number;
  private axes: AxisAttentionWeights<tf.LayerVariable>[] = [];

  constructor(args: NdAxialAttentionArgs) {
    super(args);
    this.args = args;
    const { dim, numDimensions = 2, heads = 8, dimIndex = -1 } = args;
    const where = `NdAxialAttention ${this.name}`;
    for (const [name, value] of Object.entries({ dim, numDimensions, heads, dimHeads: args.dimHeads ?? 1 }))
      if (!Number.isInteger(value) || value < 1)
        throw new ConfigError(`${where}: ${name} must be a positive integer, got ${value}`);
    if (args.dimHeads === undefined && dim % heads !== 0)
      throw new ConfigError(
        `${where}: dim must be a multiple of heads, got dim=${dim}, heads=${heads}; use dim=${Math.ceil(dim / heads) * heads} or set dimHeads`,
      );
    const rank = numDimensions + 2;
    const index = dimIndex < 0 ? dimIndex + rank : dimIndex;
    if (!Number.isInteger(index) || index < 1 || index >= rank)
      throw new ConfigError(
        `${where}: dimIndex must name an axis other than the batch, 1 to ${rank - 1} or negative, got ${dimIndex}`,
      );
    this.numDimensions = numDimensions;
    this.dimIndex = index;
    this.options = { heads, headDepth: args.dimHeads ?? dim / heads };
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    this.assertShape(singleShape(inputShape));
    const { dim, seed } = this.args;
    const sizes = { channels: dim, ...this.options };
    this.axes = Array.from({ length: this.numDimensions }, (_, axis) =>
      addAxisAttentionWeights(this.add, `axis_${axis}/`, { ...sizes, seed: seed && seed + 3 * axis }),
    );
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = channelsLast(singleTensor(inputs), this.dimIndex);
      let y = x;
      let sum: tf.Tensor | null = null;
      this.axes.forEach((weights, axis) => {
        y = axisAttention(this.sums ? x : y, axis + 1, readWeights(weights), this.options);
        sum = sum === null ? y : tf.add(sum, y);
      });
      return channelsAt(this.sums ? sum! : y, this.dimIndex);
    });
  }

  /**
   * The attention weights of each axis for this input, [O, I, N, L, L] each: places before the axis, places after it, head,
   * query, key. Where the axes follow one another, each sees what the one before it gave.
   */
  attention(input: tf.Tensor): tf.Tensor5D[] {
    this.assertShape(input.shape);
    return tf.tidy(() => {
      let x = channelsLast(input, this.dimIndex);
      return this.axes.map((weights, axis) => {
        const found = axisAttentionWeights(x, axis + 1, readWeights(weights), this.options);
        if (!this.sums) x = axisAttention(x, axis + 1, readWeights(weights), this.options);
        return found;
      });
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }

  private get sums(): boolean {
    return this.args.sumAxialOut ?? true;
  }

  private assertShape(shape: tf.Shape): void {
    const { dim } = this.args;
    if (shape.length !== this.numDimensions + 2 || shape[this.dimIndex] !== dim)
      throw new ShapeError(
        `NdAxialAttention ${this.name}: input must have ${this.numDimensions + 2} axes with ${dim} channels at axis ${this.dimIndex}, ` +
          `got [${shape.join(", ")}]`,
      );
  }
}

/** Moves the channels from axis `index` to the end. */
export function channelsLast(x: tf.Tensor, index: number): tf.Tensor {
  if (index === x.rank - 1) return x;
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== index);
  return x.transpose([...others, index]);
}

/** Moves the channels from the end to axis `index`. */
export function channelsAt(x: tf.Tensor, index: number): tf.Tensor {
  if (index === x.rank - 1) return x;
  const order = x.shape.map((_, axis) => axis).slice(0, -1);
  order.splice(index, 0, x.rank - 1);
  return x.transpose(order);
}

tf.serialization.registerClass(NdAxialAttention);
