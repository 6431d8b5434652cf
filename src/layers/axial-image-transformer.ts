/** The image transformer of the `axial-attention` package: axial attention and convolutions in pairs of residual branches. */
import * as tf from "@tensorflow/tfjs";
import { assertPositiveIntegers } from "../core/checks.js";
import { ConfigError, ShapeError } from "../core/errors.js";
import { axialPositionEmbedding } from "../functions/axial-position-embedding.js";
import { channelsAt, channelsLast } from "../functions/channels.js";
import { layerNorm } from "../functions/layer-norm.js";
import { axisAttention, axisAttentionWeights, type AxisAttentionOptions } from "../functions/nd-axial-attention.js";
import { plainSequence, reversibleSequence, type Branch, type BranchPair } from "../functions/reversible.js";
import { axisSteps, type AttentionLayer, type AttentionStep } from "./attention-layer.js";
import { addAxisParameters } from "./axis-parameters.js";
import { headDepths, headKeys, type HeadArgs } from "./heads.js";
import { normal, uniformWithin } from "./initializers.js";
import { Layer, singleShape, singleTensor, type LayerArgs, type OwnKeys } from "./layer.js";

/** What an `AxialImageTransformer` layer is made of. */
export interface AxialImageTransformerArgs extends LayerArgs, HeadArgs {
  /** How many times attention over both axes and two convolution branches follow each other. */
  depth: number;
  /** Which axis of the whole tensor holds the channels: 1 or -1. Default -1. */
  channelAxis?: number;
  /** Recompute activations in the backward pass, so that memory does not grow with depth. Default true. */
  reversible?: boolean;
  /** Largest height and width of the additive axial position embedding. Default: none. */
  positionShape?: [height: number, width: number] | null;
  /** Makes the initial weights repeatable. Default: random. */
  seed?: number;
}

/** One residual branch with its trained weights. */
interface TrainedBranch {
  readonly weights: readonly tf.LayerVariable[];
  readonly apply: (x: tf.Tensor, weights: readonly tf.Tensor[]) => tf.Tensor;
  /** The attention weights over this branch's axis; null for convolutions. */
  readonly attention: ((x: tf.Tensor, weights: readonly tf.Tensor[]) => tf.Tensor) | null;
}

const keys: OwnKeys<AxialImageTransformerArgs> = {
  ...headKeys,
  depth: true,
  channelAxis: true,
  reversible: true,
  positionShape: true,
  seed: true,
};

/**
 * `depth` times: layer norm and attention along the height, the same along the width; then twice layer norm, 3x3 convolution to 4 filters,
 * leaky ReLU, 3x3 convolution back. Each a residual branch, executed reversibly (two streams, their mean the
 * output) or plainly; the two forms are different functions of the same weights.
 *
 * Input and output [B, H, W, filters] (or [B, filters, H, W] with channelAxis 1), any H x W up to `positionShape`.
 *
 * Source: lucidrains/axial-attention, whose channel norm (in front of the convolutions) adds epsilon outside the root; Ho et al., arXiv
 * 1912.12180, for the axes.
 *
 *     new AxialImageTransformer({ filters: 64, depth: 12, heads: 8, positionShape: [32, 32] }).apply(x)   // [B, 32, 32, 64]
 *
 * @throws ConfigError for a depth that is no whole number from 1, or channels elsewhere than first or last
 */
export class AxialImageTransformer extends Layer implements AttentionLayer {
  static readonly className = "AxialImageTransformer";
  private readonly options: AxisAttentionOptions;
  private readonly channelAxis: 1 | 3;
  private position: tf.LayerVariable[] = [];
  private branches: [TrainedBranch, TrainedBranch][] = [];

  constructor(private readonly args: AxialImageTransformerArgs) {
    super(args, keys);
    const { depth, channelAxis = -1 } = args;
    const { where } = this;
    assertPositiveIntegers(where, { depth });
    if (channelAxis !== 1 && channelAxis !== -1 && channelAxis !== 3)
      throw new ConfigError(`${where}: channelAxis must be 1 or -1, got ${channelAxis}; transpose other layouts`);
    this.channelAxis = channelAxis === 1 ? 1 : 3;
    this.options = headDepths(args, where);
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    this.assertShape(singleShape(inputShape));
    const { filters, depth, positionShape = null, seed } = this.args;
    this.position = (positionShape ?? []).map((size, axis) =>
      this.add(`position_${axis}`, [size, filters], normal(1, seed, axis), true),
    );
    this.branches = Array.from({ length: depth }, (_, step): [TrainedBranch, TrainedBranch][] => {
      const draw = (branch: number) => 2 + 16 * step + 4 * branch;
      return [
        [this.attentionBranch(`${step}/height/`, 1, draw(0)), this.attentionBranch(`${step}/width/`, 2, draw(1))],
        [this.convolutionBranch(`${step}/first/`, draw(2)), this.convolutionBranch(`${step}/second/`, draw(3))],
      ];
    }).flat();
    this.built = true;
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return singleShape(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const pairs = this.branches.map((pair) => pair.map(readBranch) as unknown as BranchPair);
      const sequence = (this.args.reversible ?? true) ? reversibleSequence : plainSequence;
      return channelsAt(sequence(this.positioned(singleTensor(inputs)), pairs), this.channelAxis);
    });
  }

  /** Of every depth the height, then the width. */
  get attentionSteps(): readonly AttentionStep[] {
    return Array.from({ length: this.args.depth }, (_, step) =>
      Object.values(axisSteps).map(({ name, axes }) => ({ name: `${step}.${name}`, axes })),
    ).flat();
  }

  /**
   * The attention weights of every attention branch, [B, W, N, H, H] along the height, [B, H, N, W, W] along the width:
   * see {@link AttentionLayer}.
   */
  attentionWeights(input: tf.Tensor): tf.Tensor[] {
    this.assertBuilt();
    return tf.tidy(() => {
      const found: tf.Tensor[] = [];
      const streams: [tf.Tensor, tf.Tensor] = [this.positioned(input), this.positioned(input)];
      const reversible = this.args.reversible ?? true;
      for (const pair of this.branches)
        pair.forEach((branch, member) => {
          const { weights, apply } = readBranch(branch);
          const read = reversible ? streams[1 - member] : streams[0];
          if (branch.attention !== null) found.push(branch.attention(read, weights));
          const written = reversible ? member : 0;
          streams[written] = streams[written].add(apply(read, weights));
        });
      return found;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.configOf(this.args);
  }

  private positioned(input: tf.Tensor): tf.Tensor {
    this.assertShape(input.shape);
    const tables = this.position.map((table) => table.read());
    return axialPositionEmbedding(channelsLast(input, this.channelAxis), tables);
  }

  /** @param draw the number of the first of its random variables, of which there are at most four */
  private attentionBranch(prefix: string, axis: number, draw: number): TrainedBranch {
    const { filters, seed } = this.args;
    const norm = this.addNorm(prefix, filters);
    const sizes = { filters, ...this.options };
    const { projection, output, bias } = addAxisParameters(this.add, prefix, sizes, { seed, draw });
    const split = (x: tf.Tensor, [gamma, beta, projection, output, bias]: readonly tf.Tensor[]) =>
      [layerNorm(x, gamma, beta), axis, { projection, output, bias }, this.options] as const;
    return {
      weights: [...norm, projection, output, bias],
      apply: (x, weights) => tf.tidy(() => axisAttention(...split(x, weights))),
      attention: (x, weights) => tf.tidy(() => axisAttentionWeights(...split(x, weights))),
    };
  }

  private convolutionBranch(prefix: string, draw: number): TrainedBranch {
    const { filters, seed } = this.args;
    const norm = this.addNorm(prefix, filters);
    const kernel = (name: string, from: number, to: number, first: number) => [
      this.add(`${prefix}${name}/kernel`, [3, 3, from, to], uniformWithin(9 * from, seed, first), true),
      this.add(`${prefix}${name}/bias`, [to], uniformWithin(9 * from, seed, first + 1), true),
    ];
    return {
      weights: [
        ...norm,
        ...kernel("expand", filters, 4 * filters, draw),
        ...kernel("reduce", 4 * filters, filters, draw + 2),
      ],
      apply: (x, [gamma, beta, expand, expandBias, reduce, reduceBias]) =>
        tf.tidy(() => {
          const normed = layerNorm(x as tf.Tensor4D, gamma, beta, { epsilonPlace: "outside" });
          const hidden = tf
            .conv2d(normed, expand as tf.Tensor4D, 1, 1)
            .add(expandBias)
            .leakyRelu(0.01); // [B, H, W, 4 filters]
          return tf.conv2d(hidden as tf.Tensor4D, reduce as tf.Tensor4D, 1, 1).add(reduceBias); // [B, H, W, filters]
        }),
      attention: null,
    };
  }

  private addNorm(prefix: string, channels: number): [tf.LayerVariable, tf.LayerVariable] {
    return [
      this.add(`${prefix}norm/gamma`, [channels], tf.initializers.ones(), true),
      this.add(`${prefix}norm/beta`, [channels], tf.initializers.zeros(), true),
    ];
  }

  private assertShape(shape: tf.Shape): void {
    const { filters, positionShape = null } = this.args;
    const sizes = shape.filter((_, axis) => axis !== 0 && axis !== this.channelAxis);
    const fits = positionShape === null || sizes.every((size, axis) => size === null || size <= positionShape[axis]);
    if (shape.length !== 4 || shape[this.channelAxis] !== filters || !fits)
      throw new ShapeError(
        `${this.where}: input must be ${this.channelAxis === 1 ? `[batch, ${filters}, height, width]` : `[batch, height, width, ${filters}]`}` +
          `${positionShape === null ? "" : ` of at most ${positionShape.join(" x ")}`}, got [${shape.join(", ")}]; set filters, channelAxis or positionShape to fit`,
      );
  }
}

function readBranch(branch: TrainedBranch): Branch {
  return { weights: branch.weights.map((weight) => weight.read()), apply: branch.apply };
}

tf.serialization.registerClass(AxialImageTransformer);
