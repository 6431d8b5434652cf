/**
 * Attention layers as `tf.layers`. Dimension letters as in `functions`: H rows, W columns, N heads, Dq and Dv channels of a
 * query and a value per head, L length of the attended axis, M side of a window, S sequences. The batch leads and is left out.
 *
 * A factor of a term is in the projection: queries, and keys, are projected once for the products with one another and once
 * for those with the encodings.
 */
import type * as tf from "@tensorflow/tfjs";
import { AxialAttention, GlobalAttention, LocalAttention, type SelfAttention } from "../layers/index.js";
import { FoldedAttention } from "./folded-attention.js";
import { sizesOf, type PlainLayers } from "./plain-layers.js";
import {
  keyPosition,
  masked,
  products,
  queryPosition,
  retrieved,
  retrievedPosition,
  unseen,
} from "./tfjs-sequences.js";

type Symbolic = tf.SymbolicTensor;
type Part = "query" | "key" | "value";

export class SelfAttentionLayers {
  /** What of each window lies in the image, by the sizes of both: the same for every layer. */
  private readonly windowMasks = new Map<string, Symbolic>();

  constructor(private readonly layers: PlainLayers) {}

  /** [H, W, C] to [H, W, filters], before pooling and activation. */
  write(layer: SelfAttention, x: Symbolic): Symbolic {
    const folded = new FoldedAttention(layer);
    const context: Context = { layers: this.layers, name: layer.name, x, folded };
    if (layer instanceof AxialAttention) return axial(layer, context);
    if (layer instanceof LocalAttention) return local(layer as LocalAttention, context, (side) => this.mask(x, side));
    if (layer instanceof GlobalAttention) return global(context);
    throw new Error(`internal: no form for ${layer.getClassName()}`);
  }

  /** [H W, 1, M M]: zero where a window's place lies in the image, else {@link unseen}. */
  private mask(x: Symbolic, { before, side }: Window): Symbolic {
    const { layers } = this;
    const [height, width, channels] = sizesOf(x);
    const name = `windows_${height}x${width}_${before}_${side}`;
    const known = this.windowMasks.get(name);
    if (known !== undefined) return known;
    // tf.layers has no constants: a kernel of zeros and a bias of ones are as good.
    const zero = new Float32Array(channels);
    const ones = layers.dense(`${name}/ones`, x, zero, [channels, 1], Float32Array.of(1));
    const inside = windowsOf(layers, name, ones, { before, side }); // [H W, M M, 1]
    const shifted = layers.dense(`${name}/unseen`, inside, Float32Array.of(-unseen), [1, 1], Float32Array.of(unseen));
    const mask = layers.reshape(`${name}/mask`, shifted, [height * width, 1, side * side]);
    this.windowMasks.set(name, mask);
    return mask;
  }
}

interface Context {
  readonly layers: PlainLayers;
  /** Begins the names of its layers. */
  readonly name: string;
  /** [H, W, C] */
  readonly x: Symbolic;
  readonly folded: FoldedAttention;
}

interface Projection {
  readonly part: Part;
  /** Of each head; null: 1. */
  readonly factor?: Float32Array | null;
  /** Which of head and channel comes first. Default "head". */
  readonly first?: "head" | "channel";
}

/** One part of the projection, [H, W, N D], or [H, W, D N] with the channels first. */
function project(
  { layers, name, x, folded }: Context,
  as: string,
  { part, factor, first = "head" }: Projection,
): Symbolic {
  const { heads } = folded;
  const depth = part === "value" ? folded.valueDepth : folded.keyDepth;
  const [inputs, projected] = folded.shape;
  const kernel = new Float32Array(inputs * heads * depth);
  const bias = new Float32Array(heads * depth);
  for (let head = 0; head < heads; head++)
    for (let channel = 0; channel < depth; channel++) {
      const from = folded.column(part, head, channel);
      const to = first === "head" ? head * depth + channel : channel * heads + head;
      const by = factor?.[head] ?? 1;
      bias[to] = folded.bias[from] * by;
      for (let row = 0; row < inputs; row++)
        kernel[row * heads * depth + to] = folded.kernel[row * projected + from] * by;
    }
  return layers.dense(`${name}/${as}`, x, kernel, [inputs, heads * depth], bias);
}

function axial(layer: AxialAttention, context: Context): Symbolic {
  const { layers, name, x, folded } = context;
  const { heads } = folded;
  const [height, width] = sizesOf(x);
  const alongHeight = layer.axis === "height";
  const [outer, length] = alongHeight ? [width, height] : [height, width];
  const { before, after } = layer.tableRange;

  /** [S, L, D], or [S, D, L]: a sequence for each place of the other axis and each head. */
  const sequences = (as: string, projection: Projection, order: "places first" | "channels first"): Symbolic => {
    const depth = projection.part === "value" ? folded.valueDepth : folded.keyDepth;
    const perHead = layers.reshape(`${name}/${as}_heads`, project(context, as, projection), [
      height,
      width,
      heads,
      depth,
    ]);
    const [across, along] = alongHeight ? [1, 0] : [0, 1];
    const placesFirst = order === "places first";
    const turned = layers.permute(`${name}/${as}_turned`, perHead, [
      across,
      2,
      ...(placesFirst ? [along, 3] : [3, along]),
    ]);
    const inner = placesFirst ? [length, depth] : [depth, length];
    return layers.reshape(`${name}/${as}_sequences`, turned, [outer * heads, ...inner]);
  };
  /** [L, L, D]: the encoding of each pair; beyond the table that of the outermost offset. */
  const encodings = (part: Part): Float32Array | null => {
    const table = folded.table(part);
    if (table === null) return null;
    const depth = table.length / (before + 1 + after);
    const all = new Float32Array(length * length * depth);
    for (let i = 0; i < length; i++)
      for (let j = 0; j < length; j++) {
        const row = Math.min(Math.max(j - i, -before), after) + before;
        all.set(table.subarray(row * depth, (row + 1) * depth), (i * length + j) * depth);
      }
    return all;
  };

  const ofContent = sequences("query", { part: "query", factor: folded.factor("content") }, "places first");
  const terms = [products(layers, `${name}/content`, ofContent, sequences("key", { part: "key" }, "places first"))];
  const [ofQueries, ofKeys, ofValues] = [encodings("query"), encodings("key"), encodings("value")];
  if (ofQueries !== null) {
    const query = sequences("query_for_position", { part: "query", factor: folded.factor("query") }, "channels first");
    terms.push(queryPosition(layers, `${name}/query_position`, query, ofQueries));
  }
  if (ofKeys !== null) {
    const key = sequences("key_for_position", { part: "key", factor: folded.factor("key") }, "channels first");
    terms.push(keyPosition(layers, `${name}/key_position`, key, ofKeys));
  }
  const logits = layers.add(`${name}/logits`, terms);
  const { span = "global" } = layer.getConfig() as { span?: "global" | "causal" | number };
  const isSeen = (query: number, key: number): boolean =>
    span === "causal" ? key <= query : key - query >= -before && key - query <= after;
  const seen = span === "global" ? logits : masked(layers, `${name}/seen`, logits, isSeen);
  const attention = layers.softmax(`${name}/attention`, seen); // [S, L, L]

  /** [S, L, Dv] to [H, W, N Dv] */
  const image = (as: string, value: Symbolic): Symbolic => {
    const depth = folded.valueDepth;
    const apart = layers.reshape(`${name}/${as}_apart`, value, [outer, heads, length, depth]);
    const turned = layers.permute(`${name}/${as}_image`, apart, alongHeight ? [2, 0, 1, 3] : [0, 2, 1, 3]);
    return layers.reshape(`${name}/${as}`, turned, [height, width, heads * depth]);
  };
  const value = sequences("value", { part: "value" }, "channels first");
  const content = image("retrieved", retrieved(layers, `${name}/retrieve`, attention, value));
  if (ofValues === null) return content;
  const position = retrievedPosition(layers, `${name}/retrieve_position`, attention, ofValues);
  return withPosition(context, content, image("retrieved_position", position));
}

/** Their sum, the retrieved encodings times their factor; [H, W, N Dv]. */
function withPosition({ layers, name, folded }: Context, content: Symbolic, position: Symbolic): Symbolic {
  const factor = folded.positionFactor;
  const scaled =
    factor === null
      ? position
      : layers.affine(`${name}/position_factor`, position, factor, new Float32Array(factor.length));
  return layers.add(`${name}/sum`, [content, scaled]);
}

function global(context: Context): Symbolic {
  const { layers, name, x, folded } = context;
  const { heads } = folded;
  const [height, width] = sizesOf(x);
  const places = height * width;
  const byHead = (as: string, projection: Projection): Symbolic => {
    const depth = projection.part === "value" ? folded.valueDepth : folded.keyDepth;
    const perHead = layers.reshape(`${name}/${as}_heads`, project(context, as, projection), [places, heads, depth]);
    return layers.permute(`${name}/${as}_turned`, perHead, projection.part === "value" ? [1, 2, 0] : [1, 0, 2]);
  };
  const query = byHead("query", { part: "query", factor: folded.factor("content") });
  const logits = products(layers, `${name}/content`, query, byHead("key", { part: "key" }));
  const attention = layers.softmax(`${name}/attention`, logits); // [N, H W, H W]
  const value = retrieved(layers, `${name}/retrieve`, attention, byHead("value", { part: "value" })); // [N, H W, Dv]
  const merged = layers.permute(`${name}/merged`, value, [1, 0, 2]);
  return layers.reshape(`${name}/image`, merged, [height, width, heads * folded.valueDepth]);
}

interface Window {
  readonly before: number;
  readonly side: number;
}

/** What lies around each place: [H, W, C] to [H W, M M, C], zero outside the image. */
function windowsOf(layers: PlainLayers, name: string, value: Symbolic, { before, side }: Window): Symbolic {
  const [height, width, channels] = sizesOf(value);
  const after = side - 1 - before;
  const padded = layers.pad(`${name}/padded`, value, [before, after], [before, after]);
  const shifted = Array.from({ length: side * side }, (_, place) => {
    const [row, column] = [Math.floor(place / side), place % side];
    return layers.crop(`${name}/at_${row}_${column}`, padded, [row, side - 1 - row], [column, side - 1 - column]);
  });
  const all = layers.concatenate(`${name}/windows`, shifted); // [H, W, M M C]
  return layers.reshape(`${name}/by_place`, all, [height * width, side * side, channels]);
}

function local(layer: LocalAttention, context: Context, maskOf: (window: Window) => Symbolic): Symbolic {
  const { layers, name, x, folded } = context;
  const { heads, keyDepth, valueDepth } = folded;
  const [height, width] = sizesOf(x);
  const { before, after } = layer.tableRange;
  const side = before + 1 + after;
  const [places, around] = [height * width, side * side];

  const keyValue = layers.concatenate(`${name}/key_value`, [
    project(context, "key", { part: "key", first: "channel" }),
    project(context, "value", { part: "value" }),
  ]);
  const windows = windowsOf(layers, name, keyValue, { before, side }); // [S, M M, Dq N + N Dv], S = H W
  const keysOnly = layers.channels(`${name}/key_windows`, windows, 0, heads * keyDepth);
  const valuesOnly = layers.channels(
    `${name}/value_windows`,
    windows,
    heads * keyDepth,
    heads * (keyDepth + valueDepth),
  );
  const apart = layers.reshape(`${name}/keys_apart`, keysOnly, [places, around, keyDepth, heads]);
  const key = layers.permute(`${name}/keys`, apart, [0, 2, 3, 1]); // [S, Dq, N, M M]

  const factor = folded.factor("content");
  const query = layers.reshape(
    `${name}/queries`,
    project(context, "query", { part: "query", factor, first: "channel" }),
    [places, keyDepth, heads, 1],
  );
  const flat = [places, keyDepth, heads * around];
  const each = layers.reshape(`${name}/content_each`, layers.multiply(`${name}/content_pairs`, query, key), flat);
  /** Sums over the channels of [S, Dq, N M M], each times what `weight` says. */
  const sumChannels = (as: string, value: Symbolic, weight: (d: number, head: number, place: number) => number) => {
    const kernel = Float32Array.from({ length: keyDepth * heads * around }, (_, i) => {
      const [d, rest] = [Math.floor(i / (heads * around)), i % (heads * around)];
      return weight(d, Math.floor(rest / around), rest % around);
    });
    const sum = layers.perChannel(`${name}/${as}_sum`, value, kernel, [1, keyDepth, heads * around, 1]);
    return layers.reshape(`${name}/${as}`, sum, [places, heads, around]);
  };
  const terms = [sumChannels("content", each, () => 1)];
  const [ofQueries, ofKeys, ofValues] = (["query", "key", "value"] as const).map((term) =>
    folded.windowTable(term, side),
  );
  if (ofQueries !== null) {
    const own = project(context, "query_for_position", { part: "query", factor: folded.factor("query") });
    const perHead = layers.reshape(`${name}/query_heads`, own, [places, heads, keyDepth]);
    const turned = transposed(ofQueries, around);
    terms.push(layers.dense(`${name}/query_position`, perHead, turned, [keyDepth, around]));
  }
  if (ofKeys !== null) {
    const factors = folded.factor("key");
    const flatKeys = layers.reshape(`${name}/keys_flat`, key, flat);
    const weight = (d: number, head: number, place: number) => ofKeys[place * keyDepth + d] * (factors?.[head] ?? 1);
    terms.push(sumChannels("key_position", flatKeys, weight));
  }
  const logits = layers.add(`${name}/logits`, [...terms, maskOf({ before, side })]);
  const attention = layers.softmax(`${name}/attention`, logits); // [S, N, M M]

  const valuesApart = layers.reshape(`${name}/values_apart`, valuesOnly, [places, around, heads, valueDepth]);
  const value = layers.permute(`${name}/values`, valuesApart, [0, 2, 3, 1]); // [S, N, Dv, M M]
  const shares = layers.reshape(`${name}/shares`, attention, [places, heads, 1, around]);
  const sum = layers.sumLast(`${name}/retrieve`, layers.multiply(`${name}/retrieve_each`, shares, value));
  const content = layers.reshape(`${name}/retrieved`, sum, [height, width, heads * valueDepth]);
  if (ofValues === null) return content;
  const encoded = layers.dense(`${name}/retrieve_position`, attention, ofValues, [around, valueDepth]);
  const position = layers.reshape(`${name}/retrieved_position`, encoded, [height, width, heads * valueDepth]);
  return withPosition(context, content, position);
}

/** [rows, columns] to [columns, rows]. */
function transposed(values: Float32Array, rows: number): Float32Array {
  const columns = values.length / rows;
  return Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
}
