/**
 * Criss-cross attention (CCNet): every pixel attends to its own row and column in one softmax. Applied twice with the same
 * weights, it has seen the whole image.
 */
import * as tf from "@tensorflow/tfjs";
import {
  fusedCrissCrossAttention,
  type CrissCrossAttentionGeometry,
  type CrissCrossAttentionInputs,
} from "../engine/ops/criss-cross-attention.js";
import { ConfigError, ShapeError } from "../core/errors.js";
import { channelsOf, Layer, singleShape, singleTensor, type LayerArgs } from "./layer.js";
import { linear } from "../functions/linear.js";
import { uniformWithin } from "./nd-axial-attention.js";
import { viewAs } from "../functions/view.js";

export type { CrissCrossAttentionGeometry, CrissCrossAttentionInputs };

/**
 * Attention of every pixel o on the H + W - 1 pixels p of its row and column, itself once:
 *
 *     y_o = sum_p softmax_p(q_o.k_p) v_p            no scale: CCNet has none
 *
 * @param inputs qkv [B, H, W, N (2 Dq + Dv)]
 * @returns [B, H, W, N Dv]
 */
export function crissCrossAttention(
  inputs: CrissCrossAttentionInputs,
  geometry: CrissCrossAttentionGeometry,
): tf.Tensor4D {
  assertFits(inputs, geometry);
  return fusedCrissCrossAttention(inputs, geometry) ?? composedCrissCrossAttention(inputs, geometry);
}

/** {@link crissCrossAttention} from single operations: the readable form that the kernel must equal. */
export function composedCrissCrossAttention(
  inputs: CrissCrossAttentionInputs,
  geometry: CrissCrossAttentionGeometry,
): tf.Tensor4D {
  const [batch, height, width] = inputs.qkv.shape;
  const { heads, valueDepth } = geometry;
  return tf.tidy(() => {
    const { value } = splitHeads(inputs.qkv, geometry);
    const { column, row } = weightsOf(inputs, geometry);
    const columnValues = value.transpose([0, 3, 2, 1, 4]); // [B, N, W, H, Dv]
    const rowValues = value.transpose([0, 3, 1, 2, 4]); // [B, N, H, W, Dv]
    const fromColumn = column.matMul(columnValues).transpose([0, 3, 2, 1, 4]); // [B, H, W, N, Dv]
    const fromRow = row.matMul(rowValues).transpose([0, 2, 3, 1, 4]); // [B, H, W, N, Dv]
    return fromColumn.add(fromRow).reshape([batch, height, width, heads * valueDepth]);
  });
}

/** The weights of one criss-cross step. The own pixel's weight is in `row`; its place in `column` is zero. */
export interface CrissCrossWeights {
  /** [B, N, W, H, H]: image, head, column, query row, key row. */
  readonly column: tf.Tensor5D;
  /** [B, N, H, W, W]: image, head, row, query column, key column. */
  readonly row: tf.Tensor5D;
}

/** The attention weights themselves, for looking at. For each pixel, its row's and its column's together sum to 1. */
export function crissCrossWeights(
  inputs: CrissCrossAttentionInputs,
  geometry: CrissCrossAttentionGeometry,
): CrissCrossWeights {
  assertFits(inputs, geometry);
  return tf.tidy(() => weightsOf(inputs, geometry) as CrissCrossWeights & tf.TensorContainerObject);
}

function weightsOf(inputs: CrissCrossAttentionInputs, geometry: CrissCrossAttentionGeometry): CrissCrossWeights {
  const [, height, width] = inputs.qkv.shape;
  const { query, key } = splitHeads(inputs.qkv, geometry);
  const ofColumns = (x: tf.Tensor5D) => x.transpose([0, 3, 2, 1, 4]); // [B, N, W, H, D]
  const ofRows = (x: tf.Tensor5D) => x.transpose([0, 3, 1, 2, 4]); // [B, N, H, W, D]
  // The own pixel is in both branches; a large negative number on the diagonal leaves it to the row.
  const ownPixel = tf.eye(height).mul(-1e30);
  const column = tf.matMul(ofColumns(query), ofColumns(key), false, true).add(ownPixel); // [B, N, W, H, H]
  const row = tf.matMul(ofRows(query), ofRows(key), false, true); // [B, N, H, W, W]
  const joint = tf.concat([column.transpose([0, 1, 3, 2, 4]), row], 4).softmax(); // [B, N, H, W, H + W]
  const [columnWeights, rowWeights] = tf.split(joint, [height, width], 4);
  return {
    column: columnWeights.transpose([0, 1, 3, 2, 4]), // [B, N, W, H, H]
    row: rowWeights as tf.Tensor5D,
  };
}

/** Query, key and value of every head, [B, H, W, N, depth] each. */
function splitHeads(qkv: tf.Tensor4D, { heads, keyDepth, valueDepth }: CrissCrossAttentionGeometry) {
  const [batch, height, width] = qkv.shape;
  const perHead = qkv.reshape([batch, height, width, heads, 2 * keyDepth + valueDepth]);
  const [query, key, value] = tf.split<tf.Tensor5D>(perHead, [keyDepth, keyDepth, valueDepth], 4);
  return { query, key, value };
}

function assertFits({ qkv }: CrissCrossAttentionInputs, geometry: CrissCrossAttentionGeometry): void {
  const { heads, keyDepth, valueDepth } = geometry;
  const channels = heads * (2 * keyDepth + valueDepth);
  if (qkv.rank !== 4 || qkv.shape[3] !== channels)
    throw new ShapeError(
      `crissCrossAttention: qkv must be [batch, height, width, ${channels}] for heads=${heads}, keyDepth=${keyDepth}, ` +
        `valueDepth=${valueDepth}, got [${qkv.shape.join(", ")}]`,
    );
}

export interface CrissCrossAttentionArgs extends LayerArgs {
  /** Channels of queries and keys. Default an eighth of the input's, at least 1. */
  keyDepth?: number;
  /** How many times the layer is applied, with the same weights: R in the paper. Default 2. */
  recurrence?: number;
  /** Makes the initial weights repeatable. Default: random. */
  seed?: number;
}

/**
 * Recurrent criss-cross attention: R times x <- gamma crissCross(q(x), k(x), v(x)) + x with one set of weights.
 *
 * Input and output [B, H, W, C]; 1x1 projections with bias; one head; gamma starts at zero, so that the layer starts as the
 * identity. After two loops every pixel has seen every other.
 *
 * Source: Huang et al., CCNet, ICCV 2019, equations 1 and 2, figure 3; speedinghzl/CCNet, which places minus infinity on
 * the column's diagonal and so counts the own pixel once, as here, but makes that mask on a GPU only.
 *
 *     new CrissCrossAttention({ recurrence: 2 }).apply(x)      // [B, 97, 97, 512], the same shape
 */
export class CrissCrossAttention extends Layer {
  static readonly className = "CrissCrossAttention";
  private readonly args: CrissCrossAttentionArgs;
  private projection!: tf.LayerVariable;
  private bias!: tf.LayerVariable;
  private gamma!: tf.LayerVariable;

  constructor(args: CrissCrossAttentionArgs = {}) {
    super(args);
    this.args = args;
    const { keyDepth = 1, recurrence = 2 } = args;
    for (const [name, value] of Object.entries({ keyDepth, recurrence }))
      if (!Number.isInteger(value) || value < 1)
        throw new ConfigError(`CrissCrossAttention ${this.name}: ${name} must be a positive integer, got ${value}`);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = singleShape(inputShape);
    const channels = channelsOf(shape);
    if (shape.length !== 4 || channels === null)
      throw new ShapeError(
        `CrissCrossAttention ${this.name}: input must be [batch, height, width, channels] with known channels, got [${shape.join(", ")}]`,
      );
    const projected = 2 * this.keyDepthFor(channels) + channels;
    const { seed } = this.args;
    this.projection = this.add("projection", [channels, projected], uniformWithin(channels, seed), true);
    this.bias = this.add("projection_bias", [projected], uniformWithin(channels, seed && seed + 1), true);
    this.gamma = this.add("gamma", [1], tf.initializers.zeros(), true);
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      let x = singleTensor(inputs) as tf.Tensor4D;
      for (let loop = 0; loop < (this.args.recurrence ?? 2); loop++) x = this.step(x);
      return x;
    });
  }

  /** The attention weights of every loop for this input. */
  attention(input: tf.Tensor4D): CrissCrossWeights[] {
    return tf.tidy(() => {
      let x = input;
      return Array.from({ length: this.args.recurrence ?? 2 }, () => {
        const weights = crissCrossWeights({ qkv: this.project(x) }, this.geometryFor(x.shape[3]));
        x = this.step(x);
        return weights;
      }) as (CrissCrossWeights & tf.TensorContainerObject)[];
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }

  private step(x: tf.Tensor4D): tf.Tensor4D {
    const attended = crissCrossAttention({ qkv: this.project(x) }, this.geometryFor(x.shape[3]));
    return attended.mul(this.gamma.read()).add(x);
  }

  private project(x: tf.Tensor4D): tf.Tensor4D {
    const [batch, height, width, channels] = x.shape;
    const geometry = this.geometryFor(channels);
    const pixels = viewAs<tf.Tensor2D>(x, [-1, channels]); // [B * H * W, C]
    const projected = linear(pixels, this.projection.read() as tf.Tensor2D, this.bias.read() as tf.Tensor1D);
    return viewAs(projected, [batch, height, width, 2 * geometry.keyDepth + geometry.valueDepth]);
  }

  private geometryFor(channels: number): CrissCrossAttentionGeometry {
    return { heads: 1, keyDepth: this.keyDepthFor(channels), valueDepth: channels };
  }

  private keyDepthFor(channels: number): number {
    return this.args.keyDepth ?? Math.max(1, channels >> 3);
  }
}

tf.serialization.registerClass(CrissCrossAttention);
