/** The networks of the presets that no paper has. */
import type { DecoderConfig, OperatorConfig, ResNetConfig, StageConfig } from "../models/index.js";

/** Two residual blocks on a map of a quarter of the side. */
export const small = (name: string, operator: OperatorConfig): ResNetConfig => ({
  name,
  stem: { kind: "convolution", filters: 32 },
  norm: "torch",
  stages: [{ blocks: 2, stride: 1, width: 32, filters: 64, operator }],
});

/**
 * For photographs and few epochs: 3 x 3 convolutions where maps are large, height- and width-axis attention at 1/16 of the
 * image's side, where it costs little and sees everything. Images are small, so nothing strides beyond that. Its twin has 3 x 3
 * convolutions there too, and bottlenecks that make up for the parameters.
 */
export function imagenetteNetwork(name: string, kind: "axial" | "convolution"): ResNetConfig {
  const last = { blocks: 4, stride: 2, filters: 512, strideOn: "input" } as const;
  return {
    name,
    norm: "torch",
    stem: {
      kind: "convolution",
      filters: 64,
      convolutions: [
        { kernelSize: 3, filters: 32, stride: 2 },
        { kernelSize: 3, filters: 64, stride: 2 },
      ],
      maxPool: false,
    },
    stages: [
      { blocks: 2, stride: 1, width: 48, filters: 128, operator: { kind: "convolution" } },
      { blocks: 2, stride: 2, width: 96, filters: 256, operator: { kind: "convolution" }, strideOn: "input" },
      kind === "axial"
        ? { ...last, width: 128, operator: { kind, heads: 8, filters: 256 } }
        : { ...last, width: 160, operator: { kind } },
    ],
  };
}

/** Axial-DeepLab in small: maps of a quarter, an eighth and a sixteenth of the side under both decoders. */
export const smallAxialDeepLab: ResNetConfig = {
  name: "axial-deeplab-small",
  norm: "torch",
  stem: {
    kind: "convolution",
    filters: 32,
    convolutions: [
      { kernelSize: 3, filters: 16, stride: 2 },
      { kernelSize: 3, filters: 32, stride: 1 },
    ],
    maxPool: false,
  },
  stages: [
    { blocks: 1, stride: 2, width: 32, filters: 64, operator: { kind: "convolution" } },
    { blocks: 2, stride: 2, width: 32, filters: 96, operator: { kind: "axial", heads: 4 } },
    { blocks: 2, stride: 2, width: 64, filters: 128, operator: { kind: "axial", heads: 4 } },
  ],
  head: {
    kind: "panoptic",
    semantic: {
      pyramid: { filters: 64, rates: [] },
      skips: [
        { stage: 2, filters: 32 },
        { stage: 1, filters: 24 },
      ],
      filters: 64,
      headFilters: 64,
    },
    instance: {
      pyramid: { filters: 64, rates: [] },
      skips: [
        { stage: 2, filters: 24 },
        { stage: 1, filters: 16 },
      ],
      filters: 48,
      headFilters: 32,
    },
  },
};

/** CCNet in small: maps of half the side under one criss-cross head. */
export const smallCrissCross: ResNetConfig = {
  name: "ccnet-small",
  stem: {
    kind: "convolution",
    filters: 32,
    convolutions: [{ kernelSize: 3, filters: 32, stride: 2 }],
    maxPool: false,
  },
  norm: "torch",
  stages: [{ blocks: 2, stride: 1, width: 16, filters: 64, operator: { kind: "convolution" } }],
  head: { kind: "crissCross", filters: 32 },
};

const streetDecoder = (filters: number, headFilters: number, skips: readonly [number, number]): DecoderConfig => ({
  pyramid: { filters: 128, rates: [] },
  skips: [
    { stage: 2, filters: skips[0] },
    { stage: 1, filters: skips[1] },
  ],
  filters,
  headFilters,
});

/**
 * Axial-DeepLab with every channel at a quarter of L's and [1, 2, 4, 2] blocks: a stem of three 3 x 3 convolutions and max
 * pooling, attention from a quarter of the image's side on, the last stage without stride, no dilated pyramid. Its twin has
 * 3 x 3 convolutions, dilated in the last stage, and bottlenecks that make up for the parameters.
 */
export function streetNetwork(name: string, kind: "axial" | "convolution"): ResNetConfig {
  const strides = [1, 2, 2, 1] as const;
  return {
    name,
    norm: "torch",
    stem: {
      kind: "convolution",
      filters: 32,
      convolutions: [
        { kernelSize: 3, filters: 16, stride: 2 },
        { kernelSize: 3, filters: 16, stride: 1 },
        { kernelSize: 3, filters: 32, stride: 1 },
      ],
    },
    stages: [1, 2, 4, 2].map((blocks, index): StageConfig => {
      const filters = 64 * 2 ** index;
      const common = { blocks, stride: strides[index], filters };
      return kind === "axial"
        ? { ...common, width: filters / 2, operator: { kind, striding: "slice" } }
        : { ...common, width: (3 * filters) / 8, operator: { kind, dilation: index === 3 ? 2 : 1 } };
    }),
    head: {
      kind: "panoptic",
      semantic: streetDecoder(128, 128, [64, 32]),
      instance: streetDecoder(64, 32, [32, 16]),
    },
  };
}
