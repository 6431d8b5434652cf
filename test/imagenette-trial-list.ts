/** The trials, in the order in which they were run, each with what was expected of it. */
import type { ResNetConfig } from "../src/models/index.js";
import { imagenetteNetwork } from "../src/training/preset-models.js";
import type { TrainSettings } from "../src/training/index.js";
import type { Trial } from "./imagenette-trials.js";

/** The network of before. */
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

/** The recipe of before in short: 2 epochs of four fifths of the training images at 48 pixels. */
const before: Trial = {
  expected: "the point to start from: the recipe of before in short",
  model: convolutionThenAxial,
  settings: {
    epochs: 2,
    batchSize: 32,
    size: 48,
    optimizer: { kind: "ranger", weightDecay: 0.05 },
    learningRate: 0.008,
    schedule: { kind: "flat-cosine", flat: 0.5 },
  },
};

const differing = (
  beside: string,
  base: Trial,
  expected: string,
  settings: TrainSettings,
  rest: Partial<Trial> = {},
): Trial => ({
  ...base,
  ...rest,
  beside,
  expected,
  settings: { ...base.settings, ...settings },
});

const muon = {
  kind: "muon",
  weightDecay: 0.05,
  beta2: 0.99,
  momentum: 0.9,
  newtonSchulzSteps: 3,
  restRate: 0.4,
} as const;

const muon64 = differing(
  "ranger",
  before,
  "2 points more: orthogonalised steps use every direction from the start, and bear batches of 64, of which the optimiser costs half",
  { optimizer: muon, learningRate: 0.02, batchSize: 64 },
);

/** As many blocks in the last stage. */
const withBlocks = (network: ResNetConfig, blocks: number): ResNetConfig => ({
  ...network,
  stages: network.stages.map((stage, i) => (i === network.stages.length - 1 ? { ...stage, blocks } : stage)),
});

const newNetwork = differing(
  "muon",
  muon64,
  "no worse in a fifth less time: the stem's second convolution strides in place of max pooling, and stages stride on means",
  {},
  { model: imagenetteNetwork("axial-resnet-imagenette", "axial") },
);

const alternating = differing(
  "new-network",
  newNetwork,
  "half a point more: no image is seen twice the same way before it is seen the other way",
  {},
  { augmentation: "alternating" },
);

export const trials: Readonly<Record<string, Trial>> = {
  ranger: before,
  muon: muon64,
  "new-network": newNetwork,
  convolution: differing(
    "new-network",
    newNetwork,
    "level with axial attention: maps of 3 x 3 places are no larger than the filters",
    {},
    { model: imagenetteNetwork("resnet-imagenette", "convolution") },
  ),
  alternating,
  "rate-0.04": differing(
    "alternating",
    alternating,
    "as good as 0.02, which follows from the filters' norms at the start",
    {
      learningRate: 0.04,
    },
  ),
  "batch-32": differing(
    "alternating",
    alternating,
    "a point more from twice as many steps, at twice the optimiser's cost",
    {
      batchSize: 32,
      learningRate: 0.014,
    },
  ),
  "smoothing-0.2": differing(
    "alternating",
    alternating,
    "no change within two epochs: networks that underfit need no smoothing, airbench has 0.2",
    {},
    { task: { labelSmoothing: 0.2 } },
  ),
  "one-cycle": differing(
    "alternating",
    alternating,
    "as good: the rate falls from a quarter of the run on, not from half",
    {
      schedule: { kind: "one-cycle", rise: 0.15 },
    },
  ),
  "five-axial-blocks": differing(
    "alternating",
    alternating,
    "half a point more: a fifth axial block is cheap at 3 x 3 places",
    {},
    {
      model: withBlocks(imagenetteNetwork("axial-resnet-imagenette", "axial"), 5),
    },
  ),
};
