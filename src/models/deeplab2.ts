/**
 * The classifiers of google-research/deeplab2 as configurations: they differ from csrhddlam's in a stem of 64 channels
 * at every width, no max pooling (the first stage strides), tables of 509 rows whatever the size, an output stride of
 * 16, striding by slices, and the constants of Keras's batch norm. Their parameters without the classifier are the known
 * counts of its tests.
 *
 * Source: model/encoder/axial_resnet_instances.py and model/layers/axial_block_groups.py at commit 64bc1c1.
 */
import type { AxialOperator, OperatorConfig, ResNetConfig, StageConfig, StemConfig } from "./config.js";
import { threeConvolutions } from "./stem.js";

/** MAX_SPAN = 255 there. */
const axial: AxialOperator = { kind: "axial", heads: 8, maxDistance: 254, striding: "slice" };
const convolution: OperatorConfig = { kind: "convolution" };

const stems = {
  resnet: { kind: "convolution", filters: 64, maxPool: false },
  /** "beta", the inception stem: three 3 x 3 convolutions. */
  beta: {
    kind: "convolution",
    filters: 128,
    convolutions: threeConvolutions([64, 64, 128]),
    maxPool: false,
  },
  wider: {
    kind: "convolution",
    filters: 64,
    convolutions: [{ kernelSize: 3, filters: 64, stride: 2 }],
    maxPool: false,
  },
} as const satisfies Record<string, StemConfig>;

/** Strides of the four stages after the stem, at an output stride of 16. */
const strides = [2, 2, 2, 1] as const;
/** f: the base channels of the four stages at width 1. */
const base = (stage: number) => 64 * 2 ** stage;

/** A bottleneck of f channels, 3 x 3 convolution inside. */
const convolutionStage = (blocks: number, stage: number): StageConfig => ({
  blocks,
  stride: strides[stage],
  width: base(stage),
  filters: 4 * base(stage),
  operator: convolution,
});

/** An axial bottleneck: 2 f channels inside. */
const axialStage = (blocks: number, stage: number, scale = 1): StageConfig => ({
  blocks,
  stride: strides[stage],
  width: 2 * base(stage) * scale,
  filters: 4 * base(stage) * scale,
  operator: axial,
});

const depths = [3, 4, 6, 3] as const;

const resNet = (name: string, stem: StemConfig): ResNetConfig => ({
  name,
  stem,
  norm: "tf",
  stages: depths.map(convolutionStage),
});

const axialNet = (name: string, stem: StemConfig, scale: number): ResNetConfig => ({
  name,
  stem,
  norm: "tf",
  stages: depths.map((blocks, stage) => {
    const config = axialStage(blocks, stage, scale);
    // There only a change of channels asks for a projection, not a stride: the beta stem gives what S's first stage
    // puts out.
    return stage === 0 && stem.kind === "convolution" && stem.filters === config.filters
      ? { ...config, projectShortcut: false }
      : config;
  }),
});

/**
 * MaX-DeepLab-S's backbone: axial from stride 16 on, that is in all of the third stage but its first block, and in the
 * fourth.
 */
const maxDeepLabS: ResNetConfig = {
  name: "deeplab2-max-deeplab-s",
  stem: stems.beta,
  norm: "tf",
  stages: [
    convolutionStage(3, 0),
    convolutionStage(4, 1),
    convolutionStage(1, 2),
    { ...axialStage(5, 2), stride: 1 },
    axialStage(3, 3),
  ],
};

/** SWideRNet-(1, 1, 1): basic blocks of 4 f channels, and a first stage of its own at stride 2. */
const basicStage = (blocks: number, filters: number, stride: 1 | 2): StageConfig => ({
  block: "basic",
  blocks,
  stride,
  width: filters,
  filters,
  operator: convolution,
});

/** The axial blocks of the wide networks: 4 f inside, keys half as wide. */
const wideAxialStage = (blocks: number, f: number): StageConfig => ({
  blocks,
  stride: 1,
  width: 4 * f,
  filters: 4 * f,
  operator: { ...axial, keyDepth: (2 * f) / 8 },
});

const wideStages = [basicStage(3, 128, 1), basicStage(3, 256, 2), basicStage(6, 512, 2)] as const;

const swideRNet: ResNetConfig = {
  name: "deeplab2-swidernet",
  stem: stems.wider,
  norm: "tf",
  stages: [
    ...wideStages,
    basicStage(3, 1024, 2),
    // The last stage's bottleneck widens in its 3 x 3: f, 2 f, 4 f.
    { blocks: 3, stride: 1, width: 512, filters: 2048, operator: { kind: "convolution", filters: 1024 } },
  ],
};

const axialSWideRNet: ResNetConfig = {
  ...swideRNet,
  name: "deeplab2-axial-swidernet",
  stages: [...wideStages, basicStage(1, 1024, 2), wideAxialStage(2, 256), wideAxialStage(3, 512)],
};

/** All of them, their names beginning with `deeplab2-`. */
export const deeplab2Configs: readonly ResNetConfig[] = [
  resNet("deeplab2-resnet-50", stems.resnet),
  resNet("deeplab2-resnet-50-beta", stems.beta),
  axialNet("deeplab2-axial-resnet-s", stems.resnet, 0.5),
  axialNet("deeplab2-axial-resnet-l", stems.resnet, 1),
  axialNet("deeplab2-axial-deeplab-s", stems.beta, 0.5),
  axialNet("deeplab2-axial-deeplab-l", stems.beta, 1),
  maxDeepLabS,
  swideRNet,
  axialSWideRNet,
];
