/**
 * The parts that networks are put together from, as functions of F, a feature map in the making. A network is written
 * once against this interface and read in two ways: layer-assembler.ts makes TensorFlow.js layers, cost-assembler.ts
 * counts.
 */
import type {
  AveragePoolArgs,
  AxialAttentionArgs,
  BatchNormArgs,
  ChannelDropoutArgs,
  ConvolutionArgs,
  CrissCrossAttentionArgs,
  GlobalAttentionArgs,
  LocalAttentionArgs,
  MaxPoolArgs,
  StandAloneAttentionArgs,
  SubsampleArgs,
  ValueMixtureAttentionArgs,
} from "../layers/index.js";

/** A layer's arguments with its name; seeds and constants are the assembler's business. */
export type Named<Args> = Omit<Args, "seed" | "constants" | "name"> & { readonly name: string };

export type AttentionPart =
  | { readonly kind: "axial"; readonly args: Named<AxialAttentionArgs> }
  | { readonly kind: "local"; readonly args: Named<LocalAttentionArgs> }
  | { readonly kind: "standAlone"; readonly args: Named<StandAloneAttentionArgs> }
  | { readonly kind: "global"; readonly args: Named<GlobalAttentionArgs> }
  | { readonly kind: "crissCross"; readonly args: Named<CrissCrossAttentionArgs> }
  | { readonly kind: "valueMixture"; readonly args: Named<ValueMixtureAttentionArgs> };

export interface Assembler<F> {
  /** [B, H, W, C] to [B, H / stride, W / stride, filters]. */
  convolution(x: F, args: Named<ConvolutionArgs>): F;
  /** Batch norm, then the sum with a residual, then the activation. */
  norm(x: F, args: Named<BatchNormArgs>, residual?: F): F;
  attention(x: F, part: AttentionPart): F;
  maxPool(x: F, args: Named<MaxPoolArgs>): F;
  averagePool(x: F, args: Named<AveragePoolArgs>): F;
  /** Every so-many-th row and column. */
  subsample(x: F, args: Named<SubsampleArgs>): F;
  /** Bilinear, corners aligned, to the rows and columns of another map. */
  resizeLike(x: F, like: F, args: { readonly name: string }): F;
  /** x where it is positive, else a hundredth of it. */
  leakyRelu(x: F, args: { readonly name: string }): F;
  dropout(x: F, args: Named<ChannelDropoutArgs>): F;
  /** Maps of one size, channels one after the other. */
  concatenate(maps: readonly F[], args: { readonly name: string }): F;
  /** [B, H, W, C] to logits [B, classes]: average over all places, linear layer. */
  classify(x: F, classes: number): F;
  channels(x: F): number;
  /** Side of the map in images of the size that the model is made for. */
  side(x: F): number;
}
