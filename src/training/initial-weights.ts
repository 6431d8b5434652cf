/** Weights to begin with: a run of ours or a published checkpoint, to be trained on for other classes or sizes. */
import type * as tf from "@tensorflow/tfjs";
import { FileError } from "../core/errors.js";
import { load, type LoadOptions, type LoadReport } from "../weights/index.js";

/**
 * Loads a file into a model: tables of positions are resampled where the images were of another size, and the layers that give the
 * outputs keep their initial weights where the classes are others. Of a file for another task, such as the classifier that a
 * panoptic network's backbone comes from, stem and stages are taken, and the heads keep theirs. Everything else must fit.
 *
 * @throws FileError where it does not; nothing has changed then.
 */
export async function loadInitialWeights(model: tf.LayersModel, path: string): Promise<LoadReport> {
  const outputs = model.outputs as unknown as readonly { readonly sourceLayer: tf.layers.Layer }[];
  const heads = model.layers.filter((layer) => layer.weights.length > 0 && !isBackbone(layer)).map(({ name }) => name);
  const attempts: LoadOptions[] = [
    {},
    { leave: outputs.map(({ sourceLayer }) => sourceLayer.name) },
    ...(model.layers.some(isBackbone) ? [{ leave: heads, ignore: headsInFiles }] : []),
  ];
  let failure: FileError | null = null;
  for (const attempt of attempts) {
    try {
      return await load(model, path, { positions: "resize", ...attempt });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      // What the second says concerns the weights that both have.
      if (failure === null || attempt.ignore === undefined) failure = error;
    }
  }
  throw failure!;
}

const isBackbone = ({ name }: tf.layers.Layer): boolean => /^(stem|stage\d+)\./.test(name);

/** Where files of ours, and of the published classifiers, keep what is not stem or stage. */
const headsInFiles = ["classifier", "fc.", "semantic.", "instance.", "center.", "offset.", "crissCross.", "auxiliary."];
