/** Named experiments: what to train on what, and how. Each starts with the command that runs it. */
import type { AugmentationPreset } from "../data/augmentation.js";
import { ConfigError } from "../core/errors.js";
import type { OperatorConfig, ResNetConfig } from "../models/index.js";
import type { TrainSettings } from "./config.js";
import type { TaskKind } from "./tasks/index.js";

export interface Preset {
  readonly summary: string;
  readonly command: string;
  /** Default `classification`. */
  readonly task?: TaskKind | "panoptic";
  /** What `models.create` takes. */
  readonly model: string | ResNetConfig;
  readonly data: "generated" | "imagenette";
  /** Of photographs. Default `fastai`. */
  readonly augmentation?: AugmentationPreset;
  readonly settings: TrainSettings;
}

/** Two residual blocks on a map of a quarter of the side. */
const small = (name: string, operator: OperatorConfig): ResNetConfig => ({
  name,
  stem: { kind: "convolution", filters: 32 },
  norm: "torch",
  stages: [{ blocks: 2, stride: 1, width: 32, filters: 64, operator }],
});

/**
 * For photographs and few epochs: 3 x 3 convolutions where maps are large, height- and width-axis attention at 1/16 of the
 * image's side, where it costs little and sees everything. Images are small, so nothing strides beyond that.
 */
const convolutionThenAxial: ResNetConfig = {
  name: "axial-resnet-imagenette",
  norm: "torch",
  stem: {
    kind: "convolution",
    filters: 64,
    convolutions: [
      { kernelSize: 3, filters: 32, stride: 2 },
      { kernelSize: 3, filters: 64, stride: 1 },
    ],
  },
  stages: [
    { blocks: 2, stride: 1, width: 48, filters: 128, operator: { kind: "convolution" } },
    { blocks: 2, stride: 2, width: 96, filters: 256, operator: { kind: "convolution" } },
    {
      blocks: 4,
      stride: 2,
      width: 128,
      filters: 512,
      operator: { kind: "axial", heads: 8, filters: 256 },
      strideOn: "reduce",
    },
  ],
};

/** Axial-DeepLab in small: maps of a quarter, an eighth and a sixteenth of the side under both decoders. */
const smallAxialDeepLab: ResNetConfig = {
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
const smallCrissCross: ResNetConfig = {
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

const quickStart: TrainSettings = {
  epochs: 4,
  batchSize: 32,
  size: 32,
  optimizer: { kind: "adamw", weightDecay: 0.01 },
  learningRate: 0.004,
};

export const presets = {
  "quick-start": {
    summary: "25,000 parameters learn to relate distant places, in a minute, without files or network",
    command: "npx axial-lab train",
    model: small("axial-resnet-small", { kind: "axial", heads: 4 }),
    data: "generated",
    settings: quickStart,
  },
  "quick-start-convolution": {
    summary: "the same with 3 x 3 convolutions in place of the attention: little better than chance",
    command: "npx axial-lab train --preset quick-start-convolution",
    model: small("resnet-small", { kind: "convolution" }),
    data: "generated",
    settings: quickStart,
  },
  "quick-start-segmentation": {
    summary: "criss-cross attention tells the class of every pixel: which of the discs is opposite the ring",
    command: "npx axial-lab train --preset quick-start-segmentation",
    task: "semantic-segmentation",
    model: smallCrissCross,
    data: "generated",
    settings: quickStart,
  },
  "quick-start-panoptic": {
    summary: "Axial-DeepLab in small tells objects apart and boats from carts by what is around them",
    command: "npx axial-lab train --preset quick-start-panoptic",
    task: "panoptic",
    model: smallAxialDeepLab,
    data: "generated",
    settings: {
      epochs: 6,
      batchSize: 8,
      size: 65,
      optimizer: { kind: "adamw", weightDecay: 0.02 },
      learningRate: 0.003,
      schedule: { kind: "one-cycle", rise: 0.25 },
      clipNorm: 5,
    },
  },
  "imagenette-64": {
    summary: "5 epochs of Imagenette at 64 px: a first run on photographs",
    command: "npx axial-lab train --preset imagenette-64",
    model: "axial-resnet-26-s",
    data: "imagenette",
    settings: {
      epochs: 5,
      batchSize: 64,
      size: 64,
      optimizer: { kind: "adamw", weightDecay: 0.05 },
      learningRate: 0.004,
      schedule: { kind: "one-cycle", rise: 0.25 },
    },
  },
  "imagenette-128": {
    summary: "5 epochs of Imagenette at 128 px, the leaderboard's first row: convolutions first, axial attention after",
    command: "npx axial-lab train --preset imagenette-128",
    model: convolutionThenAxial,
    data: "imagenette",
    augmentation: "light",
    settings: {
      epochs: 5,
      batchSize: 32,
      size: { from: 48, to: 128, until: 0.8, multiple: 16 },
      optimizer: { kind: "ranger", weightDecay: 0.05 },
      learningRate: 0.008,
      schedule: { kind: "flat-cosine", flat: 0.5 },
    },
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;

/** The preset of this name. Throws `ConfigError` that lists them where there is none. */
export function preset(name: string): Preset {
  const found = Object.entries<Preset>(presets).find(([key]) => key === name);
  if (found) return found[1];
  throw new ConfigError(`preset: name must be that of one, got ${name}; use ${Object.keys(presets).join(", ")}`);
}
