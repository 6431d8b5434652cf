/** Axial-ResNet with a convolutional stem. Wang et al., arXiv 2003.07853, section 3.3; sizes as csrhddlam/axial-deeplab. */
import type { ResNetConfig } from "./config.js";
import { stageDepths, type BottleneckDepth } from "./resnet.js";

/** The paper multiplies all channels of L by these. */
export const axialWidths = { s: 0.5, m: 0.75, l: 1, xl: 2 } as const;
export type AxialWidth = keyof typeof axialWidths;

/**
 * Bottlenecks whose 3 x 3 convolution became height attention and width attention: 128, 256, 512, 1024 channels inside (at
 * width L), twice as many between the blocks, 8 heads, global span.
 */
export function axialResNetConfig(depth: BottleneckDepth, width: AxialWidth): ResNetConfig {
  const scale = axialWidths[width];
  return {
    name: `axial-resnet-${depth}-${width}`,
    stem: { kind: "convolution", filters: 64 * scale },
    norm: "torch",
    stages: stageDepths[depth].map((blocks, index) => ({
      blocks,
      stride: index === 0 ? 1 : 2,
      width: 128 * scale * 2 ** index,
      filters: 256 * scale * 2 ** index,
      operator: { kind: "axial", heads: 8, span: "global" },
    })),
  };
}
