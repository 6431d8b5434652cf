/** A trained model as a layers model of TensorFlow.js that needs nothing of ours: a folder that `tf.loadLayersModel` reads. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { writeFileAtomically } from "../core/atomic-file.js";
import { ConfigError } from "../core/errors.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";
import { imageOf, logitNames, normalization } from "./exported.js";
import { NetworkWalk } from "./network-walk.js";
import { TfjsForm } from "./tfjs-form.js";

/** For which size of images a plain layers model is made, and what it says of its outputs. */
export interface TfjsOptions {
  /** Height and width of the images, in pixels: every size within a layers model is fixed. One number: of squares. */
  readonly size: number | readonly [height: number, width: number];
  /** What the outputs stand for, kept in the model's metadata. Default: none. */
  readonly classes?: readonly string[];
}

const keys: KeysOf<TfjsOptions> = { size: true, classes: true };

/** Bytes of a weight file at most, as TensorFlow.js writes them itself: what a browser caches. */
const shardBytes = 4 * 2 ** 20;

/**
 * A model of plain `tf.layers` that computes what the model does in evaluation: batches of any size, images of one, batch
 * norms folded. Input `image`: [batch, height, width, channels]; outputs `logits`, as the model has them. Its metadata say
 * how images are normalised, and which classes there are.
 *
 * @throws ConfigError for a size that is none, and for an option that there is not
 * @throws UnsupportedError for a layer without a form in tf.layers, by its name
 */
export function tfjsModel(model: tf.LayersModel, options: TfjsOptions): tf.LayersModel {
  assertKnownKeys("export.tfjsModel", options, keys);
  const { size, classes } = options;
  const [height, width] = typeof size === "number" ? [size, size] : size;
  if (![height, width].every((side) => Number.isSafeInteger(side) && side > 0))
    throw new ConfigError(`export to tfjs: size must be whole numbers of pixels, got ${String(size)}; use 224`);
  const form = new TfjsForm();
  const image = imageOf(model, form.form);
  const input = tf.input({ name: "image", shape: [height, width, image.shape[3]!] });
  const walk = new NetworkWalk(form, [image, input]);
  // A layer of its own gives each output its name.
  const outputs = model.outputs.map((tensor, index) =>
    tf.layers
      .activation({ name: logitNames[index] ?? `output_${index}`, activation: "linear" })
      .apply(walk.value(tensor)),
  ) as tf.SymbolicTensor[];
  const plain = tf.model({ inputs: input, outputs, name: model.name });
  plain.setUserDefinedMetadata({ normalization, ...(classes === undefined ? {} : { classes: [...classes] }) });
  return plain;
}

/**
 * Writes {@link tfjsModel} into a folder: weight files, then model.json, each whole or not at all.
 *
 * @throws ConfigError for a size that is none, and for an option that there is not
 * @throws UnsupportedError for what has no form in tf.layers, before anything is written
 */
export async function saveTfjs(model: tf.LayersModel, folder: string, options: TfjsOptions): Promise<void> {
  const plain = tfjsModel(model, options);
  try {
    let artifacts: tf.io.ModelArtifacts | undefined;
    const modelArtifactsInfo = { dateSaved: new Date(), modelTopologyType: "JSON" as const };
    const keep = (all: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> => {
      artifacts = all;
      return Promise.resolve({ modelArtifactsInfo });
    };
    await plain.save(tf.io.withSaveHandler(keep));
    await mkdir(folder, { recursive: true });
    const { weightData, weightSpecs = [], ...rest } = artifacts!;
    const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData));
    const count = Math.max(1, Math.ceil(bytes.length / shardBytes));
    const paths = Array.from({ length: count }, (_, index) => `group1-shard${index + 1}of${count}.bin`);
    for (const [index, path] of paths.entries())
      await writeFileAtomically(join(folder, path), [bytes.subarray(index * shardBytes, (index + 1) * shardBytes)]);
    const json = { ...rest, weightsManifest: [{ paths, weights: weightSpecs }] };
    await writeFileAtomically(join(folder, "model.json"), [new TextEncoder().encode(JSON.stringify(json))]);
  } finally {
    plain.dispose();
  }
}
