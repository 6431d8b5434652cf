/** Named experiments: what to train on what, and how. Each starts with the command that runs it. */
import { ConfigError } from "../errors.js";
import type { OperatorConfig, ResNetConfig } from "../models/index.js";
import type { TrainSettings } from "./config.js";

export interface Preset {
  readonly summary: string;
  readonly command: string;
  /** What `models.create` takes. */
  readonly model: string | ResNetConfig;
  readonly data: "generated" | "imagenette";
  readonly settings: TrainSettings;
}

/** Two residual blocks on a map of a quarter of the side. */
const small = (name: string, operator: OperatorConfig): ResNetConfig => ({
  name,
  stem: { kind: "convolution", filters: 32 },
  norm: "torch",
  stages: [{ blocks: 2, stride: 1, width: 32, filters: 64, operator }],
});

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
    command: "axial-lab train",
    model: small("axial-resnet-small", { kind: "axial", heads: 4 }),
    data: "generated",
    settings: quickStart,
  },
  "quick-start-convolution": {
    summary: "the same with 3 x 3 convolutions in place of the attention: little better than chance",
    command: "axial-lab train --preset quick-start-convolution",
    model: small("resnet-small", { kind: "convolution" }),
    data: "generated",
    settings: quickStart,
  },
  "imagenette-64": {
    summary: "5 epochs of Imagenette at 64 px: a first run on photographs",
    command: "axial-lab train --preset imagenette-64",
    model: "axial-resnet-26-s",
    data: "imagenette",
    settings: {
      epochs: 5,
      batchSize: 64,
      size: 64,
      optimizer: { kind: "adamw", weightDecay: 0.05 },
      learningRate: 0.004,
      schedule: { kind: "one-cycle", rise: 0.25 },
      labelSmoothing: 0.1,
    },
  },
  "imagenette-128": {
    summary: "5 epochs of Imagenette at 128 px, the leaderboard's first row",
    command: "axial-lab train --preset imagenette-128",
    model: "axial-resnet-26-s",
    data: "imagenette",
    settings: {
      epochs: 5,
      batchSize: 64,
      // 64 images of 128 px at once would need more than the 4 GiB of WebAssembly memory.
      microBatch: 32,
      size: { from: 96, to: 128, until: 0.6, multiple: 32 },
      optimizer: { kind: "adamw", weightDecay: 0.05 },
      learningRate: 0.004,
      schedule: { kind: "one-cycle", rise: 0.25 },
      labelSmoothing: 0.1,
    },
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;

/** The preset of this name. Throws `ConfigError` that lists them where there is none. */
export function preset(name: string): Preset {
  const found = Object.entries<Preset>(presets).find(([key]) => key === name);
  if (found) return found[1];
  throw new ConfigError(`preset: name must be one of ${Object.keys(presets).join(", ")}, got ${name}`);
}
