/** From a configuration to a model: stem, stages of residual blocks, average over all places, classifier. */
import * as tf from "@tensorflow/tfjs";
import { assertConfig, type ModelOptions, type ResNetConfig } from "./config.js";
import { applyBottleneck, seeds, type Builder, type Features } from "./residual-block.js";
import { applyStem } from "./stem.js";

/**
 * Builds a classifier of images [B, H, W, 3] into logits [B, classes]. H and W are free: every layer takes any size.
 *
 * Layers are named by their place, `stage2.block1.height`, and their weights after them.
 *
 * @throws ConfigError when the configuration or the options are not valid.
 */
export function buildResNet(config: ResNetConfig, options: ModelOptions): tf.LayersModel {
  assertConfig(config, options);
  const { classes, size = 224 } = options;
  const builder: Builder = { constants: config.norm, seed: seeds(options.seed) };
  const image = tf.input({ shape: [null, null, 3], name: "image" });
  let x: Features = applyStem({ tensor: image, side: size }, config.stem, builder);
  config.stages.forEach((stage, stageIndex) => {
    for (let block = 0; block < stage.blocks; block++) {
      const name = `stage${stageIndex + 1}.block${block + 1}`;
      x = applyBottleneck(name, x, block === 0 ? stage : { ...stage, stride: 1 }, builder);
    }
  });
  const pooled = tf.layers.globalAveragePooling2d({ name: "pool" }).apply(x.tensor) as tf.SymbolicTensor; // [B, C]
  const bound = 1 / Math.sqrt(pooled.shape[1] ?? 1);
  const uniform = () => tf.initializers.randomUniform({ minval: -bound, maxval: bound, seed: builder.seed() });
  const classifier = tf.layers.dense({
    name: "classifier",
    units: classes,
    kernelInitializer: uniform(),
    biasInitializer: uniform(),
  });
  return tf.model({ inputs: image, outputs: classifier.apply(pooled) as tf.SymbolicTensor, name: config.name }); // [B, classes]
}

/** [blocks per stage] of the bottleneck ResNets, and of the paper's small Axial-ResNet-26. */
const depths = { 26: [1, 2, 4, 1], 50: [3, 4, 6, 3] } as const;
export type BottleneckDepth = keyof typeof depths;
export const stageDepths: Readonly<Record<BottleneckDepth, readonly number[]>> = depths;

/** ResNet "v1.5": widths 64, 128, 256, 512, four times as many channels between the blocks. He et al., arXiv 1512.03385. */
export function resNetConfig(depth: BottleneckDepth): ResNetConfig {
  return {
    name: `resnet-${depth}`,
    stem: { kind: "convolution", filters: 64 },
    norm: "torch",
    stages: stageDepths[depth].map((blocks, index) => ({
      blocks,
      stride: index === 0 ? 1 : 2,
      width: 64 * 2 ** index,
      filters: 256 * 2 ** index,
      operator: { kind: "convolution" },
    })),
  };
}
