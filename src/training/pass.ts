/** One pass of images through a model, forward and back; several passes as one. */
import * as tf from "@tensorflow/tfjs";
import type { ImageBatch } from "../data/dataset.js";
import { variableGrads } from "../engine/index.js";
import { crossEntropy } from "./losses.js";
import type { Run } from "./run.js";

/** What a pass gives: sums over its images, not means, so that passes of unequal parts add up. */
export interface Pass {
  readonly loss: tf.Scalar;
  /** [B, K] */
  readonly logits: tf.Tensor2D;
  /** In the order of the parameters; a weight that the loss does not depend on has none. */
  readonly gradients: readonly (tf.Tensor | null)[];
}

/** Runs the model in training mode. The caller disposes of what comes out. */
export function forwardAndBack({ config, model, parameters }: Run, batch: ImageBatch): Pass {
  const images = batchTensor(batch); // [B, H, W, 3]
  const labels = tf.tensor1d(batch.labels, "int32"); // [B]
  const kept: { logits?: tf.Tensor2D } = {};
  const variables = parameters.map(({ variable }) => variable);
  try {
    const { value: loss, grads } = variableGrads(() => {
      kept.logits = tf.keep(model.apply(images, { training: true }) as tf.Tensor2D); // [B, K]
      return crossEntropy(kept.logits, labels, { smoothing: config.labelSmoothing }).mul(batch.labels.length);
    }, variables);
    const gradients = variables.map(({ name }) => (grads as Partial<typeof grads>)[name] ?? null);
    return { loss, logits: kept.logits as tf.Tensor2D, gradients };
  } catch (error) {
    kept.logits?.dispose();
    throw error;
  } finally {
    tf.dispose([images, labels]);
  }
}

/** Both passes as one. Disposes of what they were. */
export function addPasses(a: Pass, b: Pass): Pass {
  const sum = {
    loss: a.loss.add<tf.Scalar>(b.loss),
    logits: tf.concat2d([a.logits, b.logits], 0),
    gradients: a.gradients.map((gradient, i) => gradient && b.gradients[i] && gradient.add(b.gradients[i])),
  };
  disposePass(a);
  disposePass(b);
  return sum;
}

export function disposePass({ loss, logits, gradients }: Pass): void {
  tf.dispose([loss, logits, ...gradients.filter((gradient) => gradient !== null)]);
}

/** The batch in parts of at most so many images. */
export function partsOf(batch: ImageBatch, most: number): ImageBatch[] {
  const [count, height, width, channels] = batch.shape;
  const numbers = height * width * channels;
  return Array.from({ length: Math.ceil(count / most) }, (_, i) => {
    const [begin, end] = [i * most, Math.min(count, (i + 1) * most)];
    return {
      images: batch.images.subarray(begin * numbers, end * numbers),
      labels: batch.labels.subarray(begin, end),
      indices: batch.indices.subarray(begin, end),
      shape: [end - begin, height, width, channels],
    };
  });
}

/** [B, H, W, 3] */
export const batchTensor = ({ images, shape }: ImageBatch): tf.Tensor4D => tf.tensor4d(images, [...shape]);
