/** `models.create` with trained weights that come with the package. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { ConfigError, FileError } from "../core/errors.js";
import { assertKnownKeys, assertObject, type KeysOf } from "../core/options.js";
import {
  copyWeights,
  create as createUntrained,
  type CreateOptions,
  type ModelOptions,
  type ResNetConfig,
} from "../models/index.js";
import { decodeSafetensors, toFloat32 } from "../weights/index.js";
import { cardOf, pretrainedFolder, type ModelCard } from "./card.js";

/** How `models.create` opens weights that come with the package. */
export interface PretrainedOptions {
  /** Weights that come with the package: see `models.pretrainedModels()`. */
  readonly pretrained: true;
  /** Must be the number that the weights are for. Default: that. */
  readonly classes?: number;
  /** Side of the images in pixels. Default: that of the training; for another, the position tables are interpolated. */
  readonly size?: number;
}

const keys: KeysOf<PretrainedOptions> = { pretrained: true, classes: true, size: true };

/**
 * Builds a model by name or from a configuration of your own: images [B, H, W, 3] to logits [B, classes], or those
 * of every place where the head is for that. With `pretrained` it has the weights of that name that come with the package;
 * with `from`, the path of a checkpoint (a promise then) or a model, it begins with those weights, for as many classes and
 * images as large as you like.
 *
 *     const model = create("axial-resnet-26-s", { classes: 10, size: 64 });
 *     model.apply(images, { training: true });      // [B, 64, 64, 3] -> [B, 10]; updates the running statistics
 *     model.predict(images);                        // with the running statistics
 *     const trained = create("axial-resnet-small", { pretrained: true });
 *     const tuned = await create("axial-resnet-26-s", { classes: 3, size: 96, from: "runs/mine/best.safetensors" });
 *
 * @throws ConfigError when there is no such model, no weights of its name, or an option is wrong
 * @throws FileError where a file of weights is missing, corrupt or of another model
 * @throws ShapeError where the weights of a model do not fit
 */
export function create(model: string, options: PretrainedOptions): tf.LayersModel;
export function create(
  model: string | ResNetConfig,
  options: CreateOptions<string> & { readonly pretrained?: false },
): Promise<tf.LayersModel>;
export function create(
  model: string | ResNetConfig,
  options: ModelOptions & Partial<CreateOptions<tf.LayersModel>> & { readonly pretrained?: false },
): tf.LayersModel;
export function create(
  model: string | ResNetConfig,
  options:
    | PretrainedOptions
    | (ModelOptions & Partial<CreateOptions<string | tf.LayersModel>> & { readonly pretrained?: false }),
): tf.LayersModel | Promise<tf.LayersModel> {
  assertObject("models.create", options, "the options", "{ classes, size, ... }");
  if (options.pretrained === true) return createPretrained(model, options);
  const { pretrained, ...rest } = options;
  if (pretrained !== undefined && pretrained !== false)
    throw new ConfigError(`models.create: pretrained must be true or false, got ${String(pretrained)}; leave it out`);
  // As it is handed in: a path for a promise, a model or nothing for a network at once.
  return createUntrained(model, rest as ModelOptions & CreateOptions<string>);
}

/** As `create` with `pretrained`, from the weights of a folder. */
export function createPretrained(
  model: string | ResNetConfig,
  options: PretrainedOptions,
  folder = pretrainedFolder,
): tf.LayersModel {
  if (typeof model !== "string")
    throw new ConfigError(
      `models.create: pretrained goes by the name of the weights, got a configuration; build it without, and load weights into it`,
    );
  assertKnownKeys("models.create", options, keys);
  const card = cardOf(model, folder);
  const classes = card.classes.length;
  if (options.classes !== undefined && options.classes !== classes)
    throw new ConfigError(
      `models.create: the weights of ${model} are for ${classes} classes, got classes=${options.classes}; ` +
        `leave classes out, or train a model of your own from them`,
    );
  const trained = createUntrained(card.model, { classes, size: card.size, seed: 0 });
  writeWeights(trained, card, join(folder, `${model}.safetensors`));
  if (options.size === undefined || options.size === card.size) return trained;
  const resized = createUntrained(card.model, { classes, size: options.size, seed: 0 });
  copyWeights(trained, resized);
  trained.dispose();
  return resized;
}

function writeWeights(model: tf.LayersModel, card: ModelCard, path: string): void {
  const bytes = readFileSync(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== card.sha256)
    throw new FileError(
      `models.create: ${path} must have the sha256 of its card, got ${sha256}; install the package anew`,
    );
  const { tensors } = decodeSafetensors(bytes, path);
  tf.tidy(() => {
    const values = model.weights.map(({ originalName, shape }) => {
      const stored = tensors.get(originalName);
      if (stored === undefined || !tf.util.arraysEqual([...stored.shape], shape as number[]))
        throw new FileError(
          `models.create: ${path} must hold ${originalName} as [${shape.join(", ")}], ` +
            `got ${stored ? `[${stored.shape.join(", ")}]` : "none"}; it is of another model`,
        );
      return tf.tensor(toFloat32(stored), [...stored.shape], "float32");
    });
    model.weights.forEach((weight, i) => void weight.write(values[i]));
  });
}
