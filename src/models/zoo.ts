/** The named models: `names()` lists them, `configuration(name)` is their data, `create(name, options)` builds one. */
import type * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../errors.js";
import { axialResNetConfig, axialWidths, type AxialWidth } from "./axial-resnet.js";
import type { ModelOptions, ResNetConfig } from "./config.js";
import { buildResNet, resNetConfig, stageDepths, type BottleneckDepth } from "./resnet.js";

const depths = Object.keys(stageDepths).map(Number) as BottleneckDepth[];
const widths = Object.keys(axialWidths) as AxialWidth[];

const configurations: ReadonlyMap<string, ResNetConfig> = new Map(
  [
    ...depths.map(resNetConfig),
    ...depths.flatMap((depth) => widths.map((width) => axialResNetConfig(depth, width))),
  ].map((config) => [config.name, config]),
);

/** The names that `create` knows, such as `resnet-26` and `axial-resnet-26-s`. */
export function names(): string[] {
  return [...configurations.keys()];
}

/** The data of a named model. */
export function configuration(name: string): ResNetConfig {
  const config = configurations.get(name);
  if (config === undefined)
    throw new ConfigError(`models.configuration: no model of this name, got ${name}; use one of ${names().join(", ")}`);
  return config;
}

/**
 * Builds a model by name or from a configuration of your own: images [B, H, W, 3] to logits [B, classes].
 *
 *     const model = create("axial-resnet-26-s", { classes: 10, size: 64 });
 *     model.apply(images, { training: true });      // [B, 64, 64, 3] -> [B, 10]; updates the running statistics
 *     model.predict(images);                        // with the running statistics
 *
 * @throws ConfigError when there is no such model or an option is wrong.
 */
export function create(model: string | ResNetConfig, options: ModelOptions): tf.LayersModel {
  return buildResNet(typeof model === "string" ? configuration(model) : model, options);
}
