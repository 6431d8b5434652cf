/** Axial position embedding as a layer; the function is in functions/axial-position-embedding.ts. */
import * as tf from "@tensorflow/tfjs";
import { assertPositiveIntegers } from "../core/checks.js";
import { ConfigError, ShapeError } from "../core/errors.js";
import { axialPositionEmbedding } from "../functions/axial-position-embedding.js";
import { channelAxisOf, channelsAt, channelsLast } from "../functions/channels.js";
import { normal } from "./initializers.js";
import { Layer, singleShape, singleTensor, type LayerArgs, type OwnKeys } from "./layer.js";

/** What an `AxialPositionEmbedding` layer is made of. */
export interface AxialPositionEmbeddingArgs extends LayerArgs {
  /** Channels. */
  filters: number;
  /** The longest length of each axis. */
  shape: number[];
  /** Which axis of the whole tensor, batch included, holds the channels; negative counts from the end. Default -1. */
  channelAxis?: number;
  /** Standard deviation of the initial tables. Default 1, as in the `axial-attention` package. */
  stddev?: number;
  /** Makes the initial tables repeatable. Default: random. */
  seed?: number;
}

const keys: OwnKeys<AxialPositionEmbeddingArgs> = {
  filters: true,
  shape: true,
  channelAxis: true,
  stddev: true,
  seed: true,
};

/**
 * Axial position embedding: one trained vector per coordinate of each axis, summed. Takes [B, ...axes, filters], gives the same.
 *
 * Source: Ho et al., arXiv 1912.12180, section 3.3; lucidrains/axial-attention, whose tables fit one size only.
 *
 *     new AxialPositionEmbedding({ filters: 64, shape: [32, 32] }).apply(x)     // [B, <= 32, <= 32, 64], the same shape
 *
 * @throws ConfigError without a shape, or for sizes that are no whole numbers from 1
 */
export class AxialPositionEmbedding extends Layer {
  static readonly className = "AxialPositionEmbedding";
  private readonly channelAxis: number;
  private tables: tf.LayerVariable[] = [];

  constructor(private readonly args: AxialPositionEmbeddingArgs) {
    super(args, keys);
    const { filters, shape, channelAxis = -1 } = args;
    const { where } = this;
    if (!Array.isArray(shape) || shape.length === 0)
      throw new ConfigError(
        `${where}: shape must hold the longest length of each axis, got ${JSON.stringify(shape)}; write [32, 32] for images`,
      );
    assertPositiveIntegers(where, { filters, ...Object.fromEntries(shape.map((size, i) => [`shape[${i}]`, size])) });
    this.channelAxis = channelAxisOf(channelAxis, shape.length + 2, where);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const { filters, shape, stddev = 1, seed } = this.args;
    this.assertShape(singleShape(inputShape));
    this.tables = shape.map((size, axis) =>
      this.add(`table_${axis}`, [size, filters], normal(stddev, seed, axis), true),
    );
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
      return channelsAt(axialPositionEmbedding(channelsLast(x, this.channelAxis), tables), this.channelAxis);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }

  private assertShape(given: tf.Shape): void {
    const { filters, shape } = this.args;
    const axes = given.filter((_, axis) => axis !== 0 && axis !== this.channelAxis);
    const fits = axes.every((size, axis) => size === null || size <= shape[axis]);
    if (given.length !== shape.length + 2 || given[this.channelAxis] !== filters || !fits)
      throw new ShapeError(
        `${this.where}: input must have ${shape.length} axes of at most [${shape.join(", ")}] and ${filters} channels ` +
          `at axis ${this.channelAxis}, got [${given.join(", ")}]; build the layer with a larger shape`,
      );
  }
}

tf.serialization.registerClass(AxialPositionEmbedding);
