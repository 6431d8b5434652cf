/** Axial attention over N axes as a layer; the functions are in functions/nd-axial-attention.ts. */
import * as tf from "@tensorflow/tfjs";
import { assertOneOf, assertPositiveIntegers } from "../core/checks.js";
import { ShapeError } from "../core/errors.js";
import { channelAxisOf, channelsAt, channelsLast } from "../functions/channels.js";
import {
  axisAttention,
  axisAttentionWeights,
  ndAxialAttention,
  type AxisAttentionOptions,
  type AxisParameters,
} from "../functions/nd-axial-attention.js";
import { axisSteps, type AttentionLayer, type AttentionStep } from "./attention-layer.js";
import { addAxisParameters, axisDraws, readParameters } from "./axis-parameters.js";
import { headDepths, headKeys, type HeadArgs } from "./heads.js";
import { Layer, singleShape, singleTensor, type LayerArgs, type OwnKeys } from "./layer.js";

/** What an `NdAxialAttention` layer is made of. */
export interface NdAxialAttentionArgs extends LayerArgs, HeadArgs {
  /** How many axes there are besides batch and channels: 2 for images, 3 for video. Default 2. */
  axes?: number;
  /** Which axis of the whole tensor, batch included, holds the channels; negative counts from the end. Default -1. */
  channelAxis?: number;
  /** The outputs of the axes are added (`sum`, default), or each axis reads what the one before it gave (`sequence`). */
  combine?: "sum" | "sequence";
  /** Makes the initial weights repeatable. Default: random. */
  seed?: number;
}

const keys: OwnKeys<NdAxialAttentionArgs> = {
  ...headKeys,
  axes: true,
  channelAxis: true,
  combine: true,
  seed: true,
};

/**
 * Self-attention along each axis of an N-dimensional tensor, without position encodings, residual or norm:
 *
 *     y = sum_a attention_a(x)        or        y = attention_n(... attention_1(x))
 *
 * Input and output have one shape: batch, `axes` axes, and `filters` channels at `channelAxis`. No axis has a fixed
 * length.
 *
 * Source: Ho et al., Axial Attention in Multidimensional Transformers, arXiv 1912.12180; lucidrains/axial-attention, from
 * which it differs in that any negative channel axis works, and the channels need not be a multiple of the heads where
 * the depths are given. Its names: `dim` is filters, `dim_heads` keyDepth, `num_dimensions` axes, `dim_index` channelAxis,
 * `sum_axial_out` combine.
 *
 *     new NdAxialAttention({ filters: 64, axes: 3, heads: 8, channelAxis: 2 }).apply(video)   // [B, T, 64, H, W], the same
 *
 * @throws ConfigError for axes that are no whole number from 1, channels where no axis is, and heads that do not divide the filters
 */
export class NdAxialAttention extends Layer implements AttentionLayer {
  static readonly className = "NdAxialAttention";
  private readonly options: AxisAttentionOptions & { readonly combine: "sum" | "sequence" };
  private readonly axes: number;
  private readonly channelAxis: number;
  private parameters: AxisParameters<tf.LayerVariable>[] = [];

  constructor(private readonly args: NdAxialAttentionArgs) {
    super(args, keys);
    const { axes = 2, channelAxis = -1, combine = "sum" } = args;
    const { where } = this;
    assertPositiveIntegers(where, { axes });
    assertOneOf(where, "combine", combine, ["sum", "sequence"]);
    this.axes = axes;
    this.channelAxis = channelAxisOf(channelAxis, axes + 2, where);
    this.options = { ...headDepths(args, where), combine };
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    this.assertShape(singleShape(inputShape));
    const { filters, seed } = this.args;
    this.parameters = Array.from({ length: this.axes }, (_, axis) =>
      addAxisParameters(this.add, `axis_${axis}/`, { filters, ...this.options }, { seed, draw: axisDraws * axis }),
    );
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = channelsLast(singleTensor(inputs), this.channelAxis);
      return channelsAt(ndAxialAttention(x, this.parameters.map(readParameters), this.options), this.channelAxis);
    });
  }

  /** One for each axis: of two, those of an image; of others, the places along the other axes are the sequences. */
  get attentionSteps(): readonly AttentionStep[] {
    if (this.axes === 2) return [axisSteps.height, axisSteps.width];
    const all = Array.from({ length: this.axes }, (_, axis) => axis);
    return all.map((axis) => ({
      name: `${axis}`,
      axes: [...all.filter((other) => other !== axis).map((other) => `axis ${other}`), "head", "query", "key"],
    }));
  }

  /**
   * The attention weights of each axis, [B, ...the other axes, N, L, L] each: see {@link AttentionLayer}. Where the axes
   * follow one another, each sees what the one before it gave.
   */
  attentionWeights(input: tf.Tensor): tf.Tensor[] {
    this.assertBuilt();
    this.assertShape(input.shape);
    return tf.tidy(() => {
      let x = channelsLast(input, this.channelAxis);
      return this.parameters.map(readParameters).map((parameters, axis) => {
        const weights = axisAttentionWeights(x, axis + 1, parameters, this.options);
        if (this.options.combine === "sequence") x = axisAttention(x, axis + 1, parameters, this.options);
        return weights;
      });
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }

  private assertShape(shape: tf.Shape): void {
    const { filters } = this.args;
    const rank = this.axes + 2;
    if (shape.length !== rank || shape[this.channelAxis] !== filters)
      throw new ShapeError(
        `${this.where}: input must have ${rank} axes with ${filters} channels at axis ${this.channelAxis}, ` +
          `got [${shape.join(", ")}]; set axes, filters or channelAxis to fit`,
      );
  }
}

tf.serialization.registerClass(NdAxialAttention);
