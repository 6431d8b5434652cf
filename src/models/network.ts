/** From a configuration to a network: stem, stages of residual blocks, head. */
import * as tf from "@tensorflow/tfjs";
import type { Assembler } from "./assembler.js";
import { assertConfig } from "./check-config.js";
import type { ModelOptions, ResNetConfig } from "./config.js";
import { applyHead } from "./head.js";
import { layerAssembler } from "./layer-assembler.js";
import { applyStage } from "./residual-block.js";
import { applyStem } from "./stem.js";

/** [B, H, W, 3] to logits, [B, classes] or those of every place; where there is an auxiliary output, that too. */
export function assemble<F>(assembler: Assembler<F>, image: F, config: ResNetConfig, classes: number): F[] {
  const { stem, stages, head = { kind: "classifier" } } = config;
  const features = [applyStem(assembler, image, stem)];
  stages.forEach((stage, index) => features.push(applyStage(assembler, `stage${index + 1}`, features[index], stage)));
  return applyHead(assembler, features.slice(1), head, classes);
}

/**
 * Builds a classifier of images [B, H, W, 3] into logits [B, classes], or, with a head for it, of their places,
 * [B, H / stride, W / stride, classes]. H and W are free: every layer takes any size.
 *
 * Layers are named by their place, `stage2.block1.height`, and their weights after them.
 *
 * @throws ConfigError when the configuration or the options are not valid.
 */
export function buildResNet(config: ResNetConfig, options: ModelOptions): tf.LayersModel {
  assertConfig("models.create", config, options);
  const { classes, size = 224, seed } = options;
  const image = tf.input({ shape: [null, null, 3], name: "image" });
  const assembler = layerAssembler({ constants: config.norm, seed });
  const logits = assemble(assembler, { tensor: image, side: size }, config, classes);
  return tf.model({ inputs: image, outputs: logits.map(({ tensor }) => tensor), name: config.name }); // [B, classes]
}
