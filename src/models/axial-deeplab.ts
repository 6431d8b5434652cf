/**
 * Axial-DeepLab: an axial backbone at output stride 16 under Panoptic-DeepLab's decoders and heads; and the same on
 * convolutional ResNets. Wang et al., arXiv 2003.07853, sections 3.3 and 4.2; sizes of decoders and heads as
 * google-research/deeplab2.
 */
import { axialWidths, type AxialWidth } from "./axial-resnet.js";
import type { AxialOperator, PanopticHead, PyramidConfig, ResNetConfig, StageConfig, StemConfig } from "./config.js";
import { resNetConfig } from "./resnet.js";
import { assertKnownKeys, assertOneOf, type KeysOf } from "../core/options.js";
import { threeConvolutions } from "./stem.js";

/** Dilations of the pyramid at output stride 16. */
const rates = [6, 12, 18] as const;
const pyramids = {
  /** Three dilations and the mean of the map. */
  atrous: { filters: 256, rates },
  /** Axial networks see the whole map already: the projection alone. */
  projection: { filters: 256, rates: [] },
} as const satisfies Record<string, PyramidConfig>;

/** Stage 2 of the networks has stride 8, stage 1 has 4. */
function panopticHead(pyramid: PyramidConfig): PanopticHead {
  const skips = (filters: readonly [number, number]) =>
    [
      { stage: 2, filters: filters[0] },
      { stage: 1, filters: filters[1] },
    ] as const;
  return {
    kind: "panoptic",
    semantic: { pyramid, skips: skips([64, 32]), filters: 256, headFilters: 256 },
    instance: { pyramid, skips: skips([32, 16]), filters: 128, headFilters: 32 },
  };
}

/**
 * Three 3 x 3 convolutions. 64 channels at width L: the paper does not say so, but its multiply-adds do (Table 6: with
 * deeplab2's stem of 64, 64 and 128 at every width S would have 23 % more).
 */
const stem = (filters: number): StemConfig => ({
  kind: "convolution",
  filters,
  convolutions: threeConvolutions([filters, filters, filters]),
  maxPool: false,
});

/** How an Axial-DeepLab differs from the paper's default. */
export interface AxialDeepLabOptions {
  /** Places that a query sees, or the whole axis. The paper has 65 for images of 2177 pixels a side. Default `global`. */
  readonly span?: "global" | number;
  /** Default `projection`: an axial backbone needs no dilations. */
  readonly pyramid?: keyof typeof pyramids;
}

const keys: KeysOf<AxialDeepLabOptions> = { span: true, pyramid: true };

const strides = [2, 2, 2, 1] as const;
const depths = [3, 4, 6, 3] as const;

/**
 * Images [B, H, W, 3] of any size, best 16 k + 1 a side, to logits, heat map and offsets at a quarter of it.
 *
 *     create(axialDeepLabConfig("s", { span: 65 }), { classes: 19, size: 1025 });
 *
 * @throws ConfigError for a width or an option that there is not
 */
export function axialDeepLabConfig(width: AxialWidth, options: AxialDeepLabOptions = {}): ResNetConfig {
  assertOneOf("axialDeepLabConfig", width, "width", Object.keys(axialWidths));
  assertKnownKeys("axialDeepLabConfig", options, keys);
  const { span = "global", pyramid = "projection" } = options;
  const scale = axialWidths[width];
  const operator: AxialOperator = {
    kind: "axial",
    heads: 8,
    ...(typeof span === "number" ? { span } : { span, maxDistance: 254 }),
    striding: "slice",
  };
  return {
    name: `axial-deeplab-${width}`,
    stem: stem(64 * scale),
    norm: "tf",
    stages: depths.map((blocks, index): StageConfig => {
      const filters = 256 * scale * 2 ** index;
      return { blocks, stride: strides[index], width: filters / 2, filters, operator };
    }),
    head: panopticHead(pyramids[pyramid]),
  };
}

/**
 * Panoptic-DeepLab on a ResNet whose last stage is dilated instead of strided.
 *
 * @throws ConfigError for an option that there is not, and for a depth of which there is no network
 */
export function panopticDeepLabConfig(
  depth: 50 | 101,
  options: Pick<AxialDeepLabOptions, "pyramid"> = {},
): ResNetConfig {
  assertOneOf("panopticDeepLabConfig", depth, "depth", [50, 101]);
  assertKnownKeys("panopticDeepLabConfig", options, { pyramid: true });
  const { pyramid = "atrous" } = options;
  const base = resNetConfig(`resnet-${depth}`);
  return {
    ...base,
    name: `panoptic-deeplab-resnet-${depth}`,
    stem: stem(64),
    norm: "tf",
    stages: base.stages.map((stage, index): StageConfig => {
      if (index < 3) return { ...stage, stride: strides[index] };
      return { ...stage, stride: 1, operator: { kind: "convolution", dilation: 2 } };
    }),
    head: panopticHead(pyramids[pyramid]),
  };
}
