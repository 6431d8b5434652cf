/** Weights to begin with: a run of ours or a published checkpoint, to be trained on for other classes or sizes. */
import type * as tf from "@tensorflow/tfjs";
import { FileError } from "../core/errors.js";
import { load, type LoadReport } from "../weights/index.js";

/**
 * Loads a file into a model: tables of positions are resampled where the images were of another size, and the layers that give the
 * outputs keep their initial weights where the classes are others. Everything else must fit.
 *
 * @throws FileError where it does not; nothing has changed then.
 */
export async function loadInitialWeights(model: tf.LayersModel, path: string): Promise<LoadReport> {
  try {
    return await load(model, path, { positions: "resize" });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const outputs = model.outputs as unknown as readonly { readonly sourceLayer: tf.layers.Layer }[];
    return load(model, path, { positions: "resize", leave: outputs.map(({ sourceLayer }) => sourceLayer.name) });
  }
}
