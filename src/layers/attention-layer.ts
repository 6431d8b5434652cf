/** What every layer with attention has in common: its weights, for looking at. */
import type * as tf from "@tensorflow/tfjs";

/** One step of attention inside a layer: the only one, that of an axis, a loop of a recurrence. */
export interface AttentionStep {
  /** Names the step among those of its layer, such as `height` or `0.width`; empty where there is but one. */
  readonly name: string;
  /** What the dimensions of its weights are after that of the images, in order. */
  readonly axes: readonly string[];
}

/**
 * A layer whose attention can be looked at. The weights of a step are `[B, ...sequence, N, ...query, ...key]`:
 * the image; the sequence in which query and key lie; the head; the place of the query in its sequence, and of the key.
 * Along the width a sequence is a row, [B, H, N, W, W]; where a query sees the whole image there is one sequence,
 * [B, N, H, W, H, W]; where each query has a window of its own it is the sequence, [B, H, W, N, M, M]. Over the keys of a
 * query the weights sum to 1; of criss-cross attention, over those of its column and its row together.
 */
export interface AttentionLayer extends tf.layers.Layer {
  /** The steps in the order in which they are computed; of layers that are built. */
  readonly attentionSteps: readonly AttentionStep[];
  /**
   * The weights that `call` would use on this input, without updating anything: a tensor where there is one step, else
   * one for each step.
   */
  attentionWeights(x: tf.Tensor): tf.Tensor | tf.Tensor[];
}

/** Whether the attention of a layer can be looked at. */
export function isAttentionLayer(layer: tf.layers.Layer): layer is AttentionLayer {
  return "attentionSteps" in layer && "attentionWeights" in layer;
}

/** The steps of attention along the height and the width of an image. */
export const axisSteps = {
  height: { name: "height", axes: ["column", "head", "query", "key"] },
  width: { name: "width", axes: ["row", "head", "query", "key"] },
} as const satisfies Record<string, AttentionStep>;
