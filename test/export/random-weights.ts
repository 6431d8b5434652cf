/** Weights under which every part of a network has its say: none zero, norms with statistics, activations of order one. */
import * as tf from "@tensorflow/tfjs";
import { values } from "../helpers/compare.js";

export function randomWeights(model: tf.LayersModel | tf.layers.Layer): void {
  model.weights.forEach((weight, index) => {
    const shape = weight.shape as number[];
    const name = weight.originalName.split("/").pop()!;
    const count = tf.util.sizeFromShape(shape);
    const spread = /variance$/.test(name)
      ? { mean: 1, deviation: 0.1 }
      : /gamma$/.test(name)
        ? { mean: 0.7, deviation: 0.2 }
        : /mean$|beta$|bias$/.test(name)
          ? { deviation: 0.2 }
          : null;
    if (spread === null) return;
    tf.tidy(() => void weight.write(tf.tensor(values(count, index + 1, spread), shape)));
  });
}
