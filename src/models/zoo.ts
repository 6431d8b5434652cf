/** The named models: `names()` lists them, `configuration(name)` is their data, `create(name, options)` builds one. */
import type * as tf from "@tensorflow/tfjs";
import { ConfigError } from "../core/errors.js";
import { nearest, shown } from "../core/options.js";
import { attentionResNets } from "./attention-resnet.js";
import { axialDeepLabConfig, panopticDeepLabConfig } from "./axial-deeplab.js";
import { axialResNetConfig, axialWidths, fullAxialResNetConfig, type AxialWidth } from "./axial-resnet.js";
import { ccnetConfig } from "./ccnet.js";
import { assertConfig } from "./check-config.js";
import type { ModelOptions, ResNetConfig } from "./config.js";
import { deeplab2Configs } from "./deeplab2.js";
import { copyInitialWeights, loadInitialWeights } from "./initial-weights.js";
import { buildResNet } from "./network.js";
import { bottleneckDepths, resNetConfig, resNetNames, type BottleneckDepth } from "./resnet.js";

const depths = Object.keys(bottleneckDepths).map(Number) as BottleneckDepth[];
const widths = Object.keys(axialWidths) as AxialWidth[];
const everySize = (make: (depth: BottleneckDepth, width: AxialWidth) => ResNetConfig) =>
  depths.flatMap((depth) => widths.map((width) => make(depth, width)));

/** MartinGer/Stand-Alone-Axial-Attention with attention in all stages. */
const standAloneAxial: ResNetConfig = {
  ...resNetConfig("resnet-50", {
    attention: [true, true, true, true],
    operator: { kind: "axial", norms: { output: false } },
    strideOn: "reduce",
  }),
  name: "stand-alone-axial-resnet-50",
};

const configurations: ReadonlyMap<string, ResNetConfig> = new Map(
  [
    ...resNetNames.map((name) => resNetConfig(name)),
    ...everySize(axialResNetConfig),
    ...everySize(fullAxialResNetConfig),
    standAloneAxial,
    ...attentionResNets,
    ccnetConfig(50),
    ccnetConfig(101),
    ...deeplab2Configs,
    ...widths.map((width) => axialDeepLabConfig(width)),
    panopticDeepLabConfig(50),
    panopticDeepLabConfig(101),
  ].map((config) => [config.name, config]),
);

/** The names that `create` knows, such as `resnet-26` and `axial-resnet-26-s`. */
export function names(): string[] {
  return [...configurations.keys()];
}

/**
 * The data of a named model; a configuration of your own comes back as it is.
 *
 * @throws ConfigError when there is no model of that name.
 */
export function configuration(model: string | ResNetConfig): ResNetConfig {
  if (typeof model === "object" && model !== null) return model;
  const config = configurations.get(model);
  if (config === undefined)
    throw new ConfigError(
      `models.configuration: no model of this name, got ${shown(model)}; ` +
        `did you mean ${nearest(shown(model), names())}? Known are ${names().join(", ")}`,
    );
  return config;
}

/** What `create` takes for fine-tuning. */
export interface CreateOptions<From extends string | tf.LayersModel> extends ModelOptions {
  /**
   * Weights to begin with: the path of a checkpoint, ours or a published one, for which `create` gives a promise; or a model
   * of the same layers. Tables of positions are resampled to the size, and the layers that give the outputs keep their
   * initial weights where the classes are others; everything else must fit.
   */
  readonly from: From;
}

/**
 * Builds a model by name or from a configuration of your own: images [B, H, W, 3] to logits [B, classes], or those
 * of every place where the head is for that.
 *
 *     const model = create("axial-resnet-26-s", { classes: 10, size: 64 });
 *     model.apply(images, { training: true });      // [B, 64, 64, 3] -> [B, 10]; updates the running statistics
 *     model.predict(images);                        // with the running statistics
 *
 * Fine-tuning begins with other weights, of a file or of a model, for as many classes and images as large as you like:
 *
 *     const tuned = await create("axial-resnet-26-s", { classes: 3, size: 96, from: "runs/mine/best.safetensors" });
 *     const wider = create("axial-resnet-26-s", { classes: 3, size: 96, from: model });
 *
 * @throws ConfigError when there is no such model or an option is wrong; FileError or ShapeError where the weights do not
 *   fit.
 */
export function create(model: string | ResNetConfig, options: CreateOptions<string>): Promise<tf.LayersModel>;
export function create(
  model: string | ResNetConfig,
  options: ModelOptions & Partial<CreateOptions<tf.LayersModel>>,
): tf.LayersModel;
export function create(
  model: string | ResNetConfig,
  options: ModelOptions & Partial<CreateOptions<string | tf.LayersModel>>,
): tf.LayersModel | Promise<tf.LayersModel> {
  const config = configuration(model);
  assertConfig("models.create", config, options, ["from"]);
  const { from, ...own } = options;
  if (from !== undefined && typeof from !== "string" && !Array.isArray(from?.layers))
    throw new ConfigError(
      `models.create: from must be the path of a file or a model, got ${shown(from)}; leave it out for initial weights`,
    );
  const made = buildResNet(config, own);
  if (from === undefined) return made;
  const dispose = (error: unknown): never => {
    made.dispose();
    throw error;
  };
  if (typeof from === "string") return loadInitialWeights(made, from).then(() => made, dispose);
  try {
    copyInitialWeights(from, made);
  } catch (error) {
    dispose(error);
  }
  return made;
}
