/**
 * A model is plain data: a stem, a list of stages, a head. Everything here can be written to JSON, logged with a run,
 * and built again; a variant is its difference from a base.
 */
import type { BatchNormPreset } from "../functions/batch-norm.js";
import type { PositionTerms } from "../layers/index.js";

/** What mixes places inside a residual block, where a ResNet has its 3 x 3 convolution. */
export type OperatorConfig = ConvolutionOperator | AxialOperator | LocalOperator | StandAloneOperator | GlobalOperator;

/** A block's spatial operator: a convolution. */
export interface ConvolutionOperator {
  readonly kind: "convolution";
  /** Default 3. */
  readonly kernelSize?: number;
  /** Channel groups (ResNeXt). Default 1. */
  readonly groups?: number;
  /** Distance of the places under the kernel, where a stride was left out. Default 1. */
  readonly dilation?: number;
  /** Channels that come out. Default: the block's width. */
  readonly filters?: number;
}

/** What the attention operators have in common. */
interface AttentionOperator {
  /** Default 8. */
  readonly heads?: number;
  /** Channels that come out, of all heads. Default: the block's width. */
  readonly filters?: number;
  /** Channels of query and key per head. Default: half of those of value. */
  readonly keyDepth?: number;
  /** Which batch norms the attention has. Default all three. */
  readonly norms?: { readonly projection?: boolean; readonly similarity?: boolean; readonly output?: boolean };
}

/** Height-axis, then width-axis attention (Axial-DeepLab, section 3.3). */
export interface AxialOperator extends AttentionOperator {
  readonly kind: "axial";
  /** `global`, `causal`, or the places of a local window. Default `global`. */
  readonly span?: "global" | "causal" | number;
  /**
   * The greatest distance, in places of the feature map, that has an encoding of its own. Default: the side of the map
   * at the model's size, less 1.
   */
  readonly maxDistance?: number;
  /** Default all three. */
  readonly position?: Partial<PositionTerms>;
  /**
   * How it strides. `average`: the mean of the places, after the width pass, as csrhddlam/axial-deeplab. `slice`: rows are
   * left out before the width pass and columns after it, as google-research/deeplab2. Default `average`.
   */
  readonly striding?: "average" | "slice";
}

/** Position-sensitive attention in a square window (Axial-DeepLab, eq. 3). */
export interface LocalOperator extends AttentionOperator {
  readonly kind: "local";
  /** Side of the window. Default 7. */
  readonly window?: number;
  /** Default all three. */
  readonly position?: Partial<PositionTerms>;
}

/** Stand-alone attention (SASA): no norms inside, one norm after it, as after a convolution; keys as deep as values. */
export interface StandAloneOperator {
  readonly kind: "standAlone";
  /** Default 8. */
  readonly heads?: number;
  /** Side of the window. Default 7. */
  readonly window?: number;
  /** Whether queries, keys and values have a bias. Default false. */
  readonly bias?: boolean;
}

/** Attention over the whole feature map (Axial-DeepLab, eq. 1). */
export interface GlobalOperator extends AttentionOperator {
  readonly kind: "global";
}

/** One residual block and the shortcut around it. */
export interface BlockConfig {
  /**
   * `bottleneck` (default): 1 x 1 convolution, operator, 1 x 1 convolution. `basic`: 3 x 3 convolution, operator; both
   * have `filters` channels.
   */
  readonly block?: "bottleneck" | "basic";
  readonly stride: 1 | 2;
  /** Channels between the two 1 x 1 convolutions of a bottleneck. */
  readonly width: number;
  /** Channels that the block puts out. */
  readonly filters: number;
  readonly operator: OperatorConfig;
  /**
   * What strides in a bottleneck: the operator ("ResNet v1.5", the default) or the first 1 x 1 convolution; or, in any block, its
   * input, whose mean over stride x stride places goes into the branch and into the shortcut: nothing is left out, as in the
   * shortcuts of "ResNet-D" (He et al., arXiv 1812.01187, section 4.2).
   */
  readonly strideOn?: "operator" | "reduce" | "input";
  /**
   * Whether the shortcut has a 1 x 1 convolution. Default: where stride or channels ask for one. Without, a stride
   * leaves places out.
   */
  readonly projectShortcut?: boolean;
}

/** Residual blocks of one resolution; the stride is that of the first. */
export interface StageConfig extends BlockConfig {
  readonly blocks: number;
}

/** From pixels to features. */
export type StemConfig = ConvolutionStem | BlockStem | MixtureStem;

/** 7 x 7 convolution with stride 2, or the ones given; then 3 x 3 max pooling with stride 2. */
export interface ConvolutionStem {
  readonly kind: "convolution";
  /** Channels that come out. */
  readonly filters: number;
  /** In place of the 7 x 7: one after the other, each with norm and ReLU. Default: the 7 x 7. */
  readonly convolutions?: readonly {
    readonly kernelSize: number;
    readonly filters: number;
    readonly stride: 1 | 2;
  }[];
  /** Default true. `ceil`: even sizes get one place more, at the end. */
  readonly maxPool?: boolean | "ceil";
}

/** Residual blocks on the pixels themselves; then 3 x 3 max pooling with stride 2. */
export interface BlockStem {
  readonly kind: "blocks";
  readonly stage: StageConfig;
  /** Default true. */
  readonly maxPool?: boolean;
}

/** SASA's attention stem: values mixed by place, norm, ReLU, max pooling over the same 4 x 4 blocks. */
export interface MixtureStem {
  readonly kind: "valueMixture";
  readonly filters: number;
  /** Default 4. */
  readonly heads?: number;
}

/** From features to logits. */
export type HeadConfig = ClassifierHead | CrissCrossHead | PanopticHead;

/** The average over all places, then a linear layer: [B, classes]. */
export interface ClassifierHead {
  readonly kind: "classifier";
}

/** CCNet's head: recurrent criss-cross attention, and the classes of every place, [B, H / stride, W / stride, classes]. */
export interface CrissCrossHead {
  readonly kind: "crissCross";
  /** Channels before the classes. Default 512. */
  readonly filters?: number;
  /** How many times the attention is applied: R. Default 2. */
  readonly recurrence?: number;
  /** Share of the channels left out in training before the classes. Default 0.1. */
  readonly dropout?: number;
  /** A second output, the classes by the last stage but one: helps training (weight 0.4 there). Default false. */
  readonly auxiliary?: boolean;
}

/**
 * Panoptic-DeepLab's decoders and heads: the classes of every place, a heat map of centres, and offsets (y, x) to the own
 * centre, [B, h, w, classes], [B, h, w, 1] and [B, h, w, 2] at the size of the last skip, a quarter of the image's sides.
 */
export interface PanopticHead {
  readonly kind: "panoptic";
  readonly semantic: DecoderConfig;
  readonly instance: DecoderConfig;
}

/** From the last stage's features back to a larger map, by those of earlier stages. */
export interface DecoderConfig {
  readonly pyramid: PyramidConfig;
  /** Features of earlier stages that are fused in, lowest resolution first. */
  readonly skips: readonly {
    /** Counted from 1. */
    readonly stage: number;
    /** Channels that they are projected to. */
    readonly filters: number;
  }[];
  /** Channels after each fusion. */
  readonly filters: number;
  /** Channels of the heads, before their outputs. */
  readonly headFilters: number;
}

/** Atrous spatial pyramid pooling: places, three dilations and the mean of the map side by side; or their projection alone. */
export interface PyramidConfig {
  /** Channels of every branch and of the result. */
  readonly filters: number;
  /** Dilations of the 3 x 3 convolutions; none: the 1 x 1 projection alone, as axial networks have it. */
  readonly rates: readonly number[];
  /** Rows and columns that the mean is over. Default the whole map. */
  readonly window?: "all" | readonly [number, number];
  /** Share of the channels left out in training. Default 0.1. */
  readonly dropout?: number;
}

/** A residual network as plain data: stem, stages, head. */
export interface ResNetConfig {
  readonly name: string;
  readonly stem: StemConfig;
  readonly stages: readonly StageConfig[];
  /** Default: a classifier of the whole image. */
  readonly head?: HeadConfig;
  /** Constants of every batch norm. */
  readonly norm: BatchNormPreset;
}

/** What a caller of `create` chooses beside the architecture. */
export interface ModelOptions {
  readonly classes: number;
  /** Side in pixels of the images that position tables are trained for; any other size works as well. Default 224. */
  readonly size?: number;
  /** Makes the initial weights repeatable. Default: random. */
  readonly seed?: number;
}

/** Side of the feature map after a convolution or pooling with "same" padding, which keeps the remainder. */
export const strided = (side: number, stride: number): number => Math.ceil(side / stride);
