/** The attention weights of every kind of layer as tensors, with what their dimensions are: what `inspect` reads. */
import type * as tf from "@tensorflow/tfjs";
import { CrissCrossAttention, type AttentionLayer } from "../layers/index.js";

/** Weights of one layer, or of one of the steps inside it, on one image. */
export interface Reading {
  /** Along a line of the map, over places, or one loop along rows or columns of criss-cross attention. */
  readonly kind: "line" | "place" | "loop";
  readonly layer: string;
  /** Along which axis the keys lie; null: along several. */
  readonly axis: "height" | "width" | null;
  readonly axes: readonly string[];
  readonly shape: readonly number[];
  readonly tensor: tf.Tensor;
}

/**
 * The weights of a layer for the features of one image, [1, ...]. Steps inside a layer are named after it:
 * `layer.height`, `layer.0.width`; those of criss-cross attention have its own name.
 */
export function readingsOf(layer: AttentionLayer, x: tf.Tensor): Reading[] {
  const tensors = [layer.attentionWeights(x)].flat();
  const isLoop = layer instanceof CrissCrossAttention;
  return layer.attentionSteps.map(({ name, axes }, step): Reading => {
    const axis = alongAxis[axes[0]] ?? null;
    return {
      kind: isLoop ? "loop" : axis === null ? "place" : "line",
      layer: isLoop || name === "" ? layer.name : `${layer.name}.${name}`,
      axis,
      axes,
      shape: tensors[step].shape.slice(1),
      tensor: tensors[step],
    };
  });
}

/** The axis of attention whose sequences are these. */
const alongAxis: Readonly<Partial<Record<string, "height" | "width">>> = { column: "height", row: "width" };
