/** Criss-cross attention as `tf.layers`, the loops with one set of weights. */
import type * as tf from "@tensorflow/tfjs";
import type { CrissCrossAttention } from "../layers/index.js";
import { LayerWeights } from "./layer-weights.js";
import { sizesOf, type PlainLayers } from "./plain-layers.js";
import { masked, products, retrieved } from "./tfjs-sequences.js";

type Symbolic = tf.SymbolicTensor;

/** [H, W, C] to the same. */
export function crissCrossLayers(layers: PlainLayers, layer: CrissCrossAttention, input: Symbolic): Symbolic {
  const { name } = layer;
  const weights = new LayerWeights(layer);
  const [channels, projected] = weights.shape("projection");
  const depth = (projected - channels) / 2;
  const [kernel, bias, gamma] = ["projection", "projection_bias", "gamma"].map((one) => weights.read(one));
  /** The columns of the projection from one on, times gamma where they are values: what is retrieved is linear in them. */
  const columns = (from: number, count: number, by: number) => {
    const part = Float32Array.from(
      { length: channels * count },
      (_, i) => kernel[Math.floor(i / count) * projected + from + (i % count)] * by,
    );
    return { part, bias: bias.slice(from, from + count).map((value) => value * by), count };
  };
  const parts = {
    query: columns(0, depth, 1),
    key: columns(depth, depth, 1),
    value: columns(2 * depth, channels, gamma[0]),
  };
  const { recurrence = 2 } = layer.getConfig() as { recurrence?: number };
  const project = Object.fromEntries(
    Object.entries(parts).map(([part, { part: own, bias: ownBias, count }]) => [
      part,
      layers.shared(`${name}/${part}`, own, [channels, count], ownBias),
    ]),
  ) as Record<keyof typeof parts, (x: Symbolic) => Symbolic>;

  const [height, width] = sizesOf(input);
  let x = input;
  for (let loop = 1; loop <= recurrence; loop++) {
    const at = (part: string) => `${name}/loop${loop}/${part}`;
    const [query, key, value] = [project.query(x), project.key(x), project.value(x)];
    const turned = (as: string, map: Symbolic, axes: number[]) => layers.permute(at(as), map, axes);
    const ofColumn = products(
      layers,
      at("column"),
      turned("column_queries", query, [1, 0, 2]),
      turned("column_keys", key, [1, 0, 2]),
    ); // [W, H, H]
    const ofRow = products(layers, at("row"), query, key); // [H, W, W]
    // The own place is in the row; in the column it does not count.
    const others = masked(layers, at("column_others"), ofColumn, (i, j) => i !== j);
    const logits = layers.concatenate(at("logits"), [turned("column_by_row", others, [1, 0, 2]), ofRow]);
    const attention = layers.softmax(at("attention"), logits); // [H, W, H + W]
    const onColumn = turned("on_column", layers.channels(at("column_shares"), attention, 0, height), [1, 0, 2]);
    const onRow = layers.channels(at("on_row"), attention, height, height + width); // [H, W, W]
    const columnValues = turned("column_values", value, [1, 2, 0]); // [W, C, H]
    const fromColumn = retrieved(layers, at("from_column"), onColumn, columnValues); // [W, H, C]
    const fromRow = retrieved(layers, at("from_row"), onRow, turned("row_values", value, [0, 2, 1])); // [H, W, C]
    x = layers.add(at("sum"), [turned("from_column_by_row", fromColumn, [1, 0, 2]), fromRow, x]);
  }
  return x;
}
