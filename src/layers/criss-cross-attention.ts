/** Recurrent criss-cross attention (CCNet) as a layer; the functions are in functions/criss-cross-attention.ts. */
import * as tf from "@tensorflow/tfjs";
import { assertPositiveIntegers } from "../core/checks.js";
import { ShapeError } from "../core/errors.js";
import {
  crissCrossAttention,
  crissCrossAttentionWeights,
  type CrissCrossAttentionGeometry,
} from "../functions/criss-cross-attention.js";
import { linear } from "../functions/linear.js";
import { viewAs } from "../functions/view.js";
import { axisSteps, type AttentionLayer, type AttentionStep } from "./attention-layer.js";
import { uniformWithin } from "./initializers.js";
import { channelsOf, Layer, singleShape, singleTensor, type LayerArgs, type OwnKeys } from "./layer.js";

/** What a `CrissCrossAttention` layer is made of. */
export interface CrissCrossAttentionArgs extends LayerArgs {
  /** Channels of queries and keys. Default an eighth of the input's, at least 1. */
  keyDepth?: number;
  /** How many times the layer is applied, with the same weights: R in the paper. Default 2. */
  recurrence?: number;
  /** Makes the initial weights repeatable. Default: random. */
  seed?: number;
}

const keys: OwnKeys<CrissCrossAttentionArgs> = {
  keyDepth: true,
  recurrence: true,
  seed: true,
};

/**
 * Recurrent criss-cross attention: R times x <- gamma crissCross(q(x), k(x), v(x)) + x with one set of weights.
 *
 * Input and output [B, H, W, C]; 1x1 projections with bias; one head; gamma starts at zero, so that the layer starts as the
 * identity. After two loops every pixel has seen every other.
 *
 * Source: Huang et al., CCNet, arXiv 1811.11721, equations 1 and 2, figure 3; speedinghzl/CCNet, which places minus infinity on
 * the column's diagonal and so counts the own pixel once, as here, but makes that mask on a GPU only.
 *
 *     new CrissCrossAttention({ recurrence: 2 }).apply(x)      // [B, 97, 97, 512], the same shape
 *
 * @throws ConfigError for a depth or a recurrence that is no positive integer
 */
export class CrissCrossAttention extends Layer implements AttentionLayer {
  static readonly className = "CrissCrossAttention";
  private readonly args: CrissCrossAttentionArgs;
  private projection!: tf.LayerVariable;
  private bias!: tf.LayerVariable;
  private gamma!: tf.LayerVariable;

  constructor(args: CrissCrossAttentionArgs = {}) {
    super(args, keys);
    this.args = args;
    const { keyDepth = 1, recurrence = 2 } = args;
    assertPositiveIntegers(this.where, { keyDepth, recurrence });
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = singleShape(inputShape);
    const channels = channelsOf(shape);
    if (shape.length !== 4 || channels === null)
      throw new ShapeError(
        `${this.where}: input must be [batch, height, width, channels] with known channels, got [${shape.join(", ")}]; reshape it`,
      );
    const projected = 2 * this.keyDepthFor(channels) + channels;
    const { seed } = this.args;
    this.projection = this.add("projection", [channels, projected], uniformWithin(channels, seed, 0), true);
    this.bias = this.add("projection_bias", [projected], uniformWithin(channels, seed, 1), true);
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

  /** Of every loop the columns, then the rows. */
  get attentionSteps(): readonly AttentionStep[] {
    return Array.from({ length: this.args.recurrence ?? 2 }, (_, loop) => [
      { name: `${loop}.column`, axes: axisSteps.height.axes },
      { name: `${loop}.row`, axes: axisSteps.width.axes },
    ]).flat();
  }

  /**
   * The attention weights of every loop, [B, W, N, H, H] in the columns, then [B, H, N, W, W] in the rows, where the own
   * place is counted: see {@link AttentionLayer}.
   */
  attentionWeights(input: tf.Tensor): tf.Tensor[] {
    this.assertBuilt();
    return tf.tidy(() => {
      let x = input as tf.Tensor4D;
      return Array.from({ length: this.args.recurrence ?? 2 }, () => {
        const { column, row } = crissCrossAttentionWeights({ qkv: this.project(x) }, this.geometryFor(x.shape[3]));
        x = this.step(x);
        return [column, row];
      }).flat();
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
