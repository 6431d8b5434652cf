/** Named experiments: what to train on what, and how. Each starts with the command that runs it. */
import type { AugmentationPreset } from "../data/augmentation.js";
import { ConfigError } from "../core/errors.js";
import type { ResNetConfig } from "../models/index.js";
import type { TrainSettings } from "./config.js";
import { imagenetteNetwork, small, smallAxialDeepLab, smallCrissCross, streetNetwork } from "./preset-models.js";
import type { TaskKind } from "./tasks/index.js";

/** A named experiment: model, data and settings, with the command that runs it. */
export interface Preset {
  readonly summary: string;
  readonly command: string;
  /** Default `classification`. */
  readonly task?: TaskKind | "panoptic";
  /** What `models.create` takes. */
  readonly model: string | ResNetConfig;
  /** `folder` stands for one that the command line names. */
  readonly data: "generated" | "imagenette" | "folder";
  /** Of photographs. Default `fastai`. */
  readonly augmentation?: AugmentationPreset;
  readonly settings: TrainSettings;
}

const quickStart: TrainSettings = {
  epochs: 4,
  batchSize: 32,
  size: 32,
  optimizer: { kind: "adamw", weightDecay: 0.01 },
  learningRate: 0.008,
};

/** For some hundred photographs and random weights: RAdam with Lookahead and a warm-up, as the paper; images that grow. */
const streets: TrainSettings = {
  epochs: 16,
  batchSize: 2,
  size: { from: 129, to: 241, until: 0.85, multiple: 16 },
  optimizer: { kind: "ranger", weightDecay: 0.02 },
  learningRate: 0.002,
  schedule: { kind: "poly", power: 0.9, warmUpEpochs: 1 },
  clipNorm: 5,
};

/** For five epochs of Imagenette: orthogonalised steps, each image both ways in two epochs, images that grow. */
const imagenette: TrainSettings = {
  epochs: 5,
  batchSize: 64,
  size: { from: 48, to: 128, until: 0.8, multiple: 16 },
  optimizer: {
    kind: "muon",
    momentum: 0.9,
    newtonSchulzSteps: 3,
    restRate: 0.4,
    beta2: 0.99,
    weightDecay: 0.05,
  },
  learningRate: 0.02,
  schedule: { kind: "flat-cosine", flat: 0.5 },
};

/** The named experiments. */
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
  "panoptic-streets": {
    summary: "Axial-DeepLab of 2 million parameters on photographs of streets: a folder in COCO's panoptic format",
    command: "npx axial-lab train --preset panoptic-streets --data FOLDER",
    task: "panoptic",
    model: streetNetwork("axial-deeplab-streets", "axial"),
    data: "folder",
    augmentation: "light",
    settings: streets,
  },
  "panoptic-streets-convolution": {
    summary: "the same with 3 x 3 convolutions in place of the attention, and as many parameters",
    command: "npx axial-lab train --preset panoptic-streets-convolution --data FOLDER",
    task: "panoptic",
    model: streetNetwork("panoptic-deeplab-streets", "convolution"),
    data: "folder",
    augmentation: "light",
    settings: streets,
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
    model: imagenetteNetwork("axial-resnet-imagenette", "axial"),
    data: "imagenette",
    augmentation: "alternating",
    settings: imagenette,
  },
  "imagenette-128-convolution": {
    summary: "the same with 3 x 3 convolutions in place of the attention, and as many parameters",
    command: "npx axial-lab train --preset imagenette-128-convolution",
    model: imagenetteNetwork("resnet-imagenette", "convolution"),
    data: "imagenette",
    augmentation: "alternating",
    settings: imagenette,
  },
} as const satisfies Record<string, Preset>;

/** The names of `presets`. */
export type PresetName = keyof typeof presets;

/**
 * The preset of this name.
 *
 * @throws ConfigError for a name that no preset has: it lists them
 */
export function preset(name: string): Preset {
  const found = Object.entries<Preset>(presets).find(([key]) => key === name);
  if (found) return found[1];
  throw new ConfigError(`preset: name must be that of one, got ${name}; use ${Object.keys(presets).join(", ")}`);
}
