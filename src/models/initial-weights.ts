/** Weights to begin with: a model, a run of ours or a published checkpoint, to be trained on for other classes or sizes. */
import type * as tf from "@tensorflow/tfjs";
import { FileError, ShapeError } from "../core/errors.js";
import type * as weights from "../weights/index.js";
import { copyWeights } from "./resize.js";

/** No literal, so that bundles for browsers, where models are built too but no files read, do not follow it. */
const weightFiles: string = ["..", "weights", "index.js"].join("/");

/**
 * Loads a file into a model: tables of positions are resampled where the images were of another size, and the layers that
 * give the outputs keep their initial weights where the classes are others. Everything else must fit.
 *
 * @throws FileError where it does not; nothing has changed then.
 */
export async function loadInitialWeights(model: tf.LayersModel, path: string): Promise<weights.LoadReport> {
  const { load } = (await import(weightFiles)) as typeof weights;
  try {
    return await load(model, path, { positions: "resize" });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return load(model, path, { positions: "resize", leave: outputLayers(model) });
  }
}

/**
 * The same from a model of the same layers.
 *
 * @throws ShapeError where it does not fit; nothing has changed then.
 */
export function copyInitialWeights(from: tf.LayersModel, to: tf.LayersModel): void {
  try {
    copyWeights(from, to);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    copyWeights(from, to, { leave: outputLayers(to) });
  }
}

function outputLayers(model: tf.LayersModel): string[] {
  const outputs = model.outputs as unknown as readonly { readonly sourceLayer: tf.layers.Layer }[];
  return outputs.map(({ sourceLayer }) => sourceLayer.name);
}
