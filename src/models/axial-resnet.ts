/**
 * Axial-ResNet, with a convolutional stem or attention throughout: arXiv 2003.07853, section 3.3; sizes as
 * csrhddlam/axial-deeplab.
 */
import { assertOneOf } from "../core/options.js";
import type { AxialOperator, ResNetConfig } from "./config.js";
import { bottleneckDepths, type BottleneckDepth } from "./resnet.js";

/** The paper multiplies all channels of L by these. */
export const axialWidths = { s: 0.5, m: 0.75, l: 1, xl: 2 } as const;
/** The paper's widths of Axial-ResNets: S, M, L and XL. */
export type AxialWidth = keyof typeof axialWidths;

/**
 * Bottlenecks whose 3 x 3 convolution became height attention and width attention: 128, 256, 512, 1024 channels inside
 * (at width L), twice as many between the blocks, 8 heads, global span.
 *
 * @throws ConfigError for a depth or a width that there is not
 */
export function axialResNetConfig(
  depth: BottleneckDepth,
  width: AxialWidth,
  operator: AxialOperator = { kind: "axial", heads: 8, span: "global" },
): ResNetConfig {
  const scale = scaleOf("axialResNetConfig", depth, width);
  return {
    name: `axial-resnet-${depth}-${width}`,
    stem: { kind: "convolution", filters: 64 * scale },
    norm: "torch",
    stages: bottleneckDepths[depth].map((blocks, index) => ({
      blocks,
      stride: index === 0 ? 1 : 2,
      width: 128 * scale * 2 ** index,
      filters: 256 * scale * 2 ** index,
      operator,
    })),
  };
}

/**
 * The stand-alone network: the stem is three axial blocks on the pixels themselves, the first with stride 2, then the
 * same max pooling; span 15 in all blocks. The stem's blocks have half the channels of the first stage, as every
 * halving of the resolution doubles them.
 *
 * @throws ConfigError for a depth or a width that there is not
 */
export function fullAxialResNetConfig(depth: BottleneckDepth, width: AxialWidth): ResNetConfig {
  const scale = scaleOf("fullAxialResNetConfig", depth, width);
  const operator: AxialOperator = { kind: "axial", heads: 8, span: 15 };
  return {
    ...axialResNetConfig(depth, width, operator),
    name: `full-axial-resnet-${depth}-${width}`,
    stem: { kind: "blocks", stage: { blocks: 3, stride: 2, width: 64 * scale, filters: 128 * scale, operator } },
  };
}

function scaleOf(where: string, depth: BottleneckDepth, width: AxialWidth): number {
  assertOneOf(where, depth, "depth", Object.keys(bottleneckDepths).map(Number));
  assertOneOf(where, width, "width", Object.keys(axialWidths));
  return axialWidths[width];
}
