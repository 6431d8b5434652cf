/** The attention weights of every kind of layer as tensors, with what their dimensions are: what `inspect` reads. */
import type * as tf from "@tensorflow/tfjs";
import {
  AxialAttention,
  AxialImageTransformer,
  CrissCrossAttention,
  NdAxialAttention,
  SelfAttention,
  ValueMixtureAttention,
} from "../layers/index.js";

const kinds = [SelfAttention, NdAxialAttention, AxialImageTransformer, CrissCrossAttention, ValueMixtureAttention];

export type AttentionLayer =
  SelfAttention | NdAxialAttention | AxialImageTransformer | CrissCrossAttention | ValueMixtureAttention;

export function isAttentionLayer(layer: tf.layers.Layer): layer is AttentionLayer {
  return kinds.some((kind) => layer instanceof kind);
}

/** Weights of one layer, or of one of the steps inside it, on one image. */
export interface Reading {
  /** Along a line of the map, over places, or one loop along rows or columns of criss-cross attention. */
  readonly kind: "line" | "place" | "loop";
  readonly layer: string;
  /** Along which axis the keys lie; null: along several. */
  readonly axis: "height" | "width" | null;
  readonly axes: readonly string[];
  readonly shape: readonly number[];
  /** `shape`, whatever its own. */
  readonly tensor: tf.Tensor;
}

const columns = ["column", "head", "query", "key"] as const;
const rows = ["row", "head", "query", "key"] as const;

/** Height: lines are columns. [lines, N, L, L] from the last of a tensor's dimensions. */
function line(layer: string, axis: "height" | "width", tensor: tf.Tensor): Reading {
  const [heads, queries, keys] = tensor.shape.slice(-3);
  const lines = tensor.size / (heads * queries * keys);
  const axes = axis === "height" ? columns : rows;
  return { kind: "line", layer, axis, axes, shape: [lines, heads, queries, keys], tensor };
}

/**
 * The weights of a layer for the features of one image, [1, ...]. Steps inside a layer are named after it:
 * `layer.height`, `layer.0.width`.
 */
export function readingsOf(layer: AttentionLayer, x: tf.Tensor): Reading[] {
  const { name } = layer;
  if (layer instanceof AxialAttention) return [line(name, layer.axis, layer.attentionWeights(x as tf.Tensor4D))];
  if (layer instanceof SelfAttention) {
    const tensor = layer.attentionWeights(x as tf.Tensor4D); // [1, ...]
    return [
      { kind: "place", layer: name, axis: null, axes: layer.attentionAxes, shape: tensor.shape.slice(1), tensor },
    ];
  }
  if (layer instanceof AxialImageTransformer)
    return layer.attention(x).map(({ axis, weights }, index) => line(`${name}.${index >> 1}.${axis}`, axis, weights));
  if (layer instanceof NdAxialAttention) return ndReadings(layer, x);
  if (layer instanceof CrissCrossAttention)
    return layer.attention(x as tf.Tensor4D).flatMap(({ column, row }): Reading[] => [
      { ...loop(name, column), axis: "height", axes: ["head", ...columns.filter((axis) => axis !== "head")] },
      { ...loop(name, row), axis: "width", axes: ["head", ...rows.filter((axis) => axis !== "head")] },
    ]);
  const tensor = layer.attentionWeights(x as tf.Tensor4D); // [blocks, N, K, K]
  const shape = [...layer.blocksOf(x.shape), ...tensor.shape.slice(1)];
  return [{ kind: "place", layer: name, axis: null, axes: ["block y", "block x", ...rows.slice(1)], shape, tensor }];
}

const loop = (layer: string, tensor: tf.Tensor): Omit<Reading, "axes"> => ({
  kind: "loop",
  layer,
  axis: null,
  shape: tensor.shape.slice(1),
  tensor,
});

/** Of two axes those of an image; of others, the places along the other axes, then head, query and key. */
function ndReadings(layer: NdAxialAttention, x: tf.Tensor): Reading[] {
  const { name } = layer;
  const weights = layer.attention(x); // [O, I, N, L, L] each
  if (weights.length === 2) return weights.map((tensor, i) => line(`${name}.${axisNames[i]}`, axisNames[i], tensor));
  return weights.map((tensor, axis): Reading => {
    const others = weights.map((_, index) => index).filter((index) => index !== axis);
    const lengths = others.map((index) => weights[index].shape[3]);
    return {
      ...{ kind: "place", layer: `${name}.${axis}`, axis: null, tensor },
      axes: [...others.map((index) => `axis ${index}`), "head", "query", "key"],
      shape: [...lengths, ...tensor.shape.slice(2)],
    };
  });
}

const axisNames = ["height", "width"] as const;
