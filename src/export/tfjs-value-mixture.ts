/**
 * The attention stem of SASA as `tf.layers`. K places of a block, h x w blocks, N heads, D depth per head, M mixtures.
 */
import type * as tf from "@tensorflow/tfjs";
import type { ValueMixtureAttention } from "../layers/index.js";
import { LayerWeights } from "./layer-weights.js";
import { blockEncodings, mixtureShares } from "./mixture-tables.js";
import { sizesOf, type PlainLayers } from "./plain-layers.js";
import { products, queryPosition, retrieved, unseen } from "./tfjs-sequences.js";

type Symbolic = tf.SymbolicTensor;

/** [H, W, C] to [H, W, N D]. */
export function valueMixtureLayers(layers: PlainLayers, layer: ValueMixtureAttention, x: Symbolic): Symbolic {
  const { name } = layer;
  const weights = new LayerWeights(layer);
  const [channels, projected] = weights.shape("projection");
  const [mixtures, depth] = weights.shape("mixture_embeddings");
  const [block] = weights.shape("mixture_rows");
  const filters = projected / (2 + mixtures);
  const heads = filters / depth;
  const places = block * block;
  const [height, width] = sizesOf(x);
  const [down, across] = [Math.ceil(height / block), Math.ceil(width / block)];
  const blocks = down * across;
  const kernel = weights.read("projection");
  const at = (part: string) => `${name}/${part}`;

  /** [H, W, C] to whole blocks, [h w, K, C], zeros beyond the image. */
  const toBlocks = (as: string, map: Symbolic): Symbolic => {
    const [, , size] = sizesOf(map);
    const whole = layers.pad(at(`${as}_whole`), map, [0, down * block - height], [0, across * block - width]);
    const apart = layers.reshape(at(`${as}_apart`), whole, [down, block, across, block, size]);
    const turned = layers.permute(at(`${as}_turned`), apart, [0, 2, 1, 3, 4]);
    return layers.reshape(at(`${as}_blocks`), turned, [blocks, places, size]);
  };
  const project = (as: string, from: number, count: number): Symbolic => {
    const part = Float32Array.from(
      { length: channels * count },
      (_, i) => kernel[Math.floor(i / count) * projected + from + (i % count)],
    );
    return toBlocks(as, layers.dense(at(as), x, part, [channels, count]));
  };
  /** [h w, K, N D] to [h w N, K, D], or to [h w N, D, K]. */
  const byHead = (as: string, value: Symbolic, order: "places first" | "channels first"): Symbolic => {
    const perHead = layers.reshape(at(`${as}_heads`), value, [blocks, places, heads, depth]);
    const [axes, inner] = order === "places first" ? [[0, 2, 1, 3], [places, depth]] : [[0, 2, 3, 1], [depth, places]]; // prettier-ignore
    return layers.reshape(at(`${as}_sequences`), layers.permute(at(`${as}_by_head`), perHead, axes), [
      blocks * heads,
      ...inner,
    ]);
  };

  const query = project("query", 0, filters);
  const key = byHead("key", project("key", filters, filters), "places first");
  const encodings = blockEncodings(weights, { block, depth });
  const logits = layers.reshape(
    at("logits_by_block"),
    layers.add(at("logits"), [
      products(layers, at("content"), byHead("query", query, "places first"), key),
      queryPosition(layers, at("query_position"), byHead("query_position", query, "channels first"), encodings),
    ]),
    [blocks, heads * places, places],
  );
  // tf.layers has no constants: a kernel of zeros and a bias of ones are as good.
  const ones = layers.dense(at("ones"), x, new Float32Array(channels), [channels, 1], Float32Array.of(1));
  const outside = layers.dense(at("outside"), toBlocks("ones", ones), Float32Array.of(-unseen), [1, 1], Float32Array.of(unseen)); // prettier-ignore
  const mask = layers.reshape(at("mask"), outside, [blocks, 1, places]);
  const attention = layers.softmax(at("attention"), layers.add(at("logits_seen"), [logits, mask]));

  const shares = mixtureShares(weights, { block, mixtures, depth }); // [K, M]
  const turnedShares = Float32Array.from(shares, (_, i) => shares[(i % places) * mixtures + Math.floor(i / places)]);
  const each = layers.reshape(at("projections"), project("values", 2 * filters, mixtures * filters), [
    blocks,
    places,
    mixtures,
    filters,
  ]);
  const byPlace = layers.permute(at("projections_by_place"), each, [0, 3, 2, 1]); // [h w, N D, M, K]
  const flat = layers.reshape(at("projections_flat"), byPlace, [blocks * filters, mixtures, places]);
  const mixed = layers.perChannel(at("mix"), flat, turnedShares, [1, mixtures, places, 1]); // [h w N D, 1, K]
  const value = layers.reshape(at("mixed"), mixed, [blocks * heads, depth, places]);
  const byBlock = layers.reshape(at("shares"), attention, [blocks * heads, places, places]);
  const sum = retrieved(layers, at("retrieved"), byBlock, value); // [h w N, K, D]

  const apart = layers.reshape(at("by_block"), sum, [blocks, heads, places, depth]);
  const merged = layers.permute(at("merged"), apart, [0, 2, 1, 3]); // [h w, K, N, D]
  const rows = layers.reshape(at("rows"), merged, [down, across, block, block, filters]);
  const turned = layers.permute(at("rows_turned"), rows, [0, 2, 1, 3, 4]);
  const whole = layers.reshape(at("image"), turned, [down * block, across * block, filters]);
  return layers.crop(at("cut"), whole, [0, down * block - height], [0, across * block - width]);
}
