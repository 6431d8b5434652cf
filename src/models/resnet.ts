/**
 * The ResNet family, "v1.5": He et al., arXiv 1512.03385; Xie et al., 1611.05431 (ResNeXt); Zagoruyko and Komodakis,
 * 1605.07146 (wide).
 */
import { ConfigError } from "../core/errors.js";
import { assertKnownKeys } from "../core/options.js";
import type { OperatorConfig, ResNetConfig } from "./config.js";

interface Family {
  readonly block: "basic" | "bottleneck";
  readonly depths: readonly [number, number, number, number];
  /** Channel groups of the 3 x 3 convolutions. Default 1. */
  readonly groups?: number;
  /** Channels of a group in the first stage. Default 64. */
  readonly widthPerGroup?: number;
}

/** By name. ResNet-26 has the depths of the paper's small model. */
const families = {
  "resnet-18": { block: "basic", depths: [2, 2, 2, 2] },
  "resnet-26": { block: "bottleneck", depths: [1, 2, 4, 1] },
  "resnet-34": { block: "basic", depths: [3, 4, 6, 3] },
  "resnet-50": { block: "bottleneck", depths: [3, 4, 6, 3] },
  "resnet-101": { block: "bottleneck", depths: [3, 4, 23, 3] },
  "resnet-152": { block: "bottleneck", depths: [3, 8, 36, 3] },
  "resnext-50-32x4d": { block: "bottleneck", depths: [3, 4, 6, 3], groups: 32, widthPerGroup: 4 },
  "resnext-101-32x8d": { block: "bottleneck", depths: [3, 4, 23, 3], groups: 32, widthPerGroup: 8 },
  "wide-resnet-50-2": { block: "bottleneck", depths: [3, 4, 6, 3], widthPerGroup: 128 },
  "wide-resnet-101-2": { block: "bottleneck", depths: [3, 4, 23, 3], widthPerGroup: 128 },
} as const satisfies Record<string, Family>;

/** The names of ResNets that `resNetConfig` knows. */
export type ResNetName = keyof typeof families;
/** The names that {@link resNetConfig} knows. */
export const resNetNames = Object.keys(families) as ResNetName[];

/** Blocks per stage of the networks that have an axial twin. */
export const bottleneckDepths = { 26: families["resnet-26"].depths, 50: families["resnet-50"].depths } as const;
/** The depths of ResNets of bottlenecks. */
export type BottleneckDepth = keyof typeof bottleneckDepths;

/** How a ResNet differs from the one of its name: attention, and where. */
export interface ResNetOptions {
  /** Which of the four stages have attention instead of their (second) 3 x 3 convolutions. Default none. */
  readonly attention?: readonly [boolean, boolean, boolean, boolean];
  /**
   * That attention, such as `{ kind: "axial", heads: 4, span: 15 }` or `{ kind: "standAlone", heads: 8, window: 7 }`. Default
   * axial with 8 heads over the whole axis. Its heads must divide the stage's width.
   */
  readonly operator?: Exclude<OperatorConfig, { kind: "convolution" }>;
  /** What strides in bottlenecks: the operator (default), the first 1 x 1 convolution, or the mean of the block's input. */
  readonly strideOn?: "operator" | "reduce" | "input";
}

/**
 * A ResNet by name, with attention in the stages of your choice:
 *
 *     resNetConfig("resnet-50", { attention: [false, false, true, true] })      // axial attention in the last two stages
 *
 * MartinGer's public networks offer the same choice for ResNet-50, 101 and 152 and crash on the others; they keep the
 * stride on the first 1 x 1 and have no norm after axial attention: `strideOn: "reduce"`, `norms: { output: false }`.
 *
 * @throws ConfigError when there is no such network, and for an option that there is not
 */
export function resNetConfig(name: ResNetName, options: ResNetOptions = {}): ResNetConfig {
  assertKnownKeys(`models.resNetConfig ${name}`, options, { attention: true, operator: true, strideOn: true });
  if (!Object.hasOwn(families, name))
    throw new ConfigError(`models.resNetConfig: no such network, got ${name}; use one of ${resNetNames.join(", ")}`);
  const { block, depths, groups = 1, widthPerGroup = 64 }: Family = families[name];
  const { attention = [false, false, false, false], operator = { kind: "axial" }, strideOn } = options;
  const expansion = block === "basic" ? 1 : 4;
  const attended = attention.some(Boolean);
  return {
    name: attended ? `${name}-${operator.kind}-${attention.map(Number).join("")}` : name,
    stem: { kind: "convolution", filters: 64 },
    norm: "torch",
    stages: depths.map((blocks, index) => {
      const planes = 64 * 2 ** index;
      return {
        ...(block === "basic" ? { block } : {}),
        blocks,
        stride: index === 0 ? 1 : 2,
        width: Math.trunc((planes * widthPerGroup) / 64) * groups,
        filters: planes * expansion,
        operator: attention[index] ? operator : { kind: "convolution", ...(groups === 1 ? {} : { groups }) },
        ...(strideOn === undefined ? {} : { strideOn }),
      };
    }),
  };
}
