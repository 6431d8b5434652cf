/**
 * A model is plain data: a stem, a list of stages, a head. Everything here can be written to JSON, logged with a run,
 * and built again; a variant is its difference from a base.
 *
 * C stands for channels, "size" for the side of the square images that a model is made for.
 */
import { ConfigError } from "../errors.js";
import type { BatchNormPreset } from "../layers/index.js";

/** What mixes places inside a residual block, where a ResNet has its 3 x 3 convolution. */
export type OperatorConfig = ConvolutionOperator | AxialOperator;

export interface ConvolutionOperator {
  readonly kind: "convolution";
  /** Default 3. */
  readonly kernelSize?: number;
  /** Channel groups (ResNeXt). Default 1. */
  readonly groups?: number;
}

/** Height-axis, then width-axis attention (Axial-DeepLab, section 3.3). */
export interface AxialOperator {
  readonly kind: "axial";
  /** Default 8. */
  readonly heads?: number;
  /** `global`, `causal`, or the places of a local window. Default `global`. */
  readonly span?: "global" | "causal" | number;
  /** Positions that global tables are trained for. Default: the side of the feature map at the model's size. */
  readonly tableSpan?: number;
  /** Default all three. */
  readonly position?: { readonly query?: boolean; readonly key?: boolean; readonly value?: boolean };
  /** Default all three. */
  readonly norms?: { readonly projection?: boolean; readonly similarity?: boolean; readonly output?: boolean };
}

/** One residual block: 1 x 1 convolution, operator, 1 x 1 convolution, and the shortcut around them. */
export interface BlockConfig {
  readonly stride: 1 | 2;
  /** Channels between the two 1 x 1 convolutions. */
  readonly width: number;
  /** Channels that the block puts out. */
  readonly filters: number;
  readonly operator: OperatorConfig;
  /** What strides: the operator ("ResNet v1.5", the default) or the first 1 x 1 convolution. */
  readonly strideOn?: "operator" | "reduce";
  /** Whether the shortcut has a 1 x 1 convolution. Default: where stride or channels ask for one. */
  readonly projectShortcut?: boolean;
}

/** Residual blocks of one resolution; the stride is that of the first. */
export interface StageConfig extends BlockConfig {
  readonly blocks: number;
}

export interface StemConfig {
  /** 7 x 7 convolution with stride 2, then 3 x 3 max pooling with stride 2. */
  readonly kind: "convolution";
  readonly filters: number;
}

export interface ResNetConfig {
  readonly name: string;
  readonly stem: StemConfig;
  readonly stages: readonly StageConfig[];
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

/** @throws ConfigError that names the field. */
export function assertConfig(config: ResNetConfig, { classes, size = 224 }: ModelOptions): void {
  const where = `models.create ${config.name}`;
  const positive: [string, number][] = [
    ["classes", classes],
    ["size", size],
    ["stem.filters", config.stem.filters],
    ...config.stages.flatMap(({ blocks, width, filters }, index): [string, number][] => [
      [`stages[${index}].blocks`, blocks],
      [`stages[${index}].width`, width],
      [`stages[${index}].filters`, filters],
    ]),
  ];
  for (const [name, value] of positive)
    if (!Number.isInteger(value) || value < 1)
      throw new ConfigError(`${where}: ${name} must be a positive integer, got ${String(value)}`);
}
