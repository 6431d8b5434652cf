/** Additive position embeddings of N-dimensional tensors, one table per axis. */
import * as tf from "@tensorflow/tfjs";
import { ConfigError, ShapeError } from "../core/errors.js";
import { Layer, singleShape, singleTensor, type LayerArgs } from "./layer.js";
import { channelsAt, channelsLast } from "./nd-axial-attention.js";

/**
 * x + sum over the axes of that axis's table: every place gets the sum of one vector per coordinate. An axis shorter
 * than its table uses the first rows.
 *
 * @param x [B, S1, ..., Sn, C]
 * @param tables one [at least Si, C] per axis
 */
export function addAxialPosition<T extends tf.Tensor>(x: T, tables: readonly tf.Tensor[]): T {
  return tf.tidy(() => {
    const channels = x.shape[x.rank - 1];
    return tables.reduce<tf.Tensor>((sum, table, index) => {
      const size = x.shape[index + 1];
      const shape = x.shape.map((_, axis) => (axis === index + 1 ? size : axis === x.rank - 1 ? channels : 1));
      const rows = table.shape[0] === size ? table : table.slice([0, 0], [size, channels]);
      return sum.add(rows.reshape(shape)); // [1, .., Si, .., C] broadcast over [B, S1, ..., Sn, C]
    }, x) as T;
  });
}

export interface AxialPositionEmbeddingArgs extends LayerArgs {
  /** Channels. */
  dim: number;
  /** The longest length of each axis. */
  shape: number[];
  /** Which axis of the whole tensor, batch included, holds the channels; negative counts from the end. Default -1. */
  dimIndex?: number;
  /** Standard deviation of the initial tables. Default 1, as in the `axial-attention` package. */
  stddev?: number;
  /** Makes the initial tables repeatable. Default: random. */
  seed?: number;
}

/**
 * Axial position embedding: one trained vector per coordinate of each axis, summed.
 *
 * Source: Ho et al., arXiv 1912.12180, section 3.3; lucidrains/axial-attention, whose tables fit one size only.
 *
 *     new AxialPositionEmbedding({ dim: 64, shape: [32, 32] }).apply(x)     // [B, <= 32, <= 32, 64], the same shape
 */
export class AxialPositionEmbedding extends Layer {
  static readonly className = "AxialPositionEmbedding";
  private readonly args: AxialPositionEmbeddingArgs;
  private readonly dimIndex: number;
  private tables: tf.LayerVariable[] = [];

  constructor(args: AxialPositionEmbeddingArgs) {
    super(args);
    this.args = args;
    const { dim, shape, dimIndex = -1 } = args;
    const where = `AxialPositionEmbedding ${this.name}`;
    const bad = [dim, ...shape].find((size) => !Number.isInteger(size) || size < 1);
    if (bad !== undefined || shape.length === 0)
      throw new ConfigError(
        `${where}: dim and shape must be positive integers, got dim=${dim}, shape=[${shape.join(", ")}]`,
      );
    const rank = shape.length + 2;
    this.dimIndex = dimIndex < 0 ? dimIndex + rank : dimIndex;
    if (!Number.isInteger(this.dimIndex) || this.dimIndex < 1 || this.dimIndex >= rank)
      throw new ConfigError(
        `${where}: dimIndex must name an axis other than the batch, 1 to ${rank - 1} or negative, got ${dimIndex}`,
      );
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const { dim, shape, stddev = 1, seed } = this.args;
    this.assertShape(singleShape(inputShape));
    this.tables = shape.map((size, axis) => {
      const initializer = tf.initializers.randomNormal({ mean: 0, stddev, seed: seed && seed + axis });
      return this.add(`table_${axis}`, [size, dim], initializer, true);
    });
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = singleTensor(inputs);
      this.assertShape(x.shape);
      const tables = this.tables.map((table) => table.read());
      return channelsAt(addAxialPosition(channelsLast(x, this.dimIndex), tables), this.dimIndex);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }

  private assertShape(given: tf.Shape): void {
    const { dim, shape } = this.args;
    const axes = given.filter((_, axis) => axis !== 0 && axis !== this.dimIndex);
    const fits = axes.every((size, axis) => size === null || size <= shape[axis]);
    if (given.length !== shape.length + 2 || given[this.dimIndex] !== dim || !fits)
      throw new ShapeError(
        `AxialPositionEmbedding ${this.name}: input must have ${shape.length} axes of at most [${shape.join(", ")}] and ${dim} channels ` +
          `at axis ${this.dimIndex}, got [${given.join(", ")}]; build the layer with a larger shape`,
      );
  }
}

tf.serialization.registerClass(AxialPositionEmbedding);
