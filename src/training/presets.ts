/** Named experiments: what to train on what, and how. Each starts with the command that runs it. */
import { ConfigError } from "../errors.js";
import type { TrainSettings } from "./config.js";

export interface Preset {
  readonly summary: string;
  readonly command: string;
  readonly model: string;
  readonly data: "generated" | "imagenette";
  readonly settings: TrainSettings;
}

export const presets = {
  "quick-start": {
    summary: "an axial network learns to relate distant places, in minutes, without files or network",
    command: "axial-lab train",
    model: "axial-resnet-26-s",
    data: "generated",
    settings: { epochs: 3, batchSize: 32, size: 32, learningRate: 0.002 },
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
