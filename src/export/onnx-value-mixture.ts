/**
 * The attention stem of SASA as ONNX nodes: attention inside blocks, whose values are mixed by their place there. K places of a
 * block, h x w blocks, N heads, D depth per head.
 */
import type { ValueMixtureAttention } from "../layers/index.js";
import { LayerWeights } from "./layer-weights.js";
import { blockEncodings, mixtureShares } from "./mixture-tables.js";
import type { AttentionContext } from "./onnx-attention.js";

/** [B, C, H, W] to [B, filters, H, W]. */
export function valueMixtureNodes(layer: ValueMixtureAttention, { graph, name, input }: AttentionContext): string {
  const weights = new LayerWeights(layer);
  const [channels, projected] = weights.shape("projection");
  const [mixtures, depth] = weights.shape("mixture_embeddings");
  const [block] = weights.shape("mixture_rows");
  const filters = projected / (2 + mixtures);
  const heads = filters / depth;
  const places = block * block;
  const node = (op: string, part: string, inputs: readonly string[], attributes = {}) =>
    graph.node(op, `${name}/${part}`, inputs, attributes);

  const kernel = graph.weights(`${name}/projection`, transposed(weights.read("projection"), channels), [
    projected,
    channels,
    1,
    1,
  ]);
  const rows = node("Conv", "project", [input, kernel], { kernel_shape: [1, 1] });

  // To whole blocks: zeros beyond the image, which are not looked at.
  const sizes = node("Shape", "sizes", [rows], { start: 2 });
  const missing = node("Mod", "missing", [node("Neg", "less", [sizes]), graph.whole([block])]);
  const pads = node("Concat", "pads", [graph.whole([0, 0, 0, 0, 0, 0]), missing], { axis: 0 });
  /** [B, C, H, W] to [B, h, w, K, C]. */
  const toBlocks = (value: string, size: number): string => {
    const whole = node("Pad", "whole_blocks", [value, pads, graph.scalar(0)]);
    const deep = node("SpaceToDepth", "blocks_deep", [whole], { blocksize: block }); // [B, K * C, h, w]
    const last = node("Transpose", "blocks_last", [deep], { perm: [0, 2, 3, 1] });
    return node("Reshape", "blocks", [last, graph.whole([0, 0, 0, places, size])]);
  };
  const [query, key, values] = graph.split(
    `${name}/parts`,
    toBlocks(rows, projected),
    [filters, filters, mixtures * filters],
    4,
  );
  /** [B, h, w, K, N * D] to [B, h, w, N, K, D]. */
  const byHead = (value: string): string => {
    const perHead = node("Reshape", "heads", [value, graph.whole([0, 0, 0, 0, heads, depth])]);
    return node("Transpose", "by_head", [perHead], { perm: [0, 1, 2, 4, 3, 5] });
  };
  const shares = graph.weights(`${name}/mixture`, mixtureShares(weights, { block, mixtures, depth }), [
    places,
    mixtures,
    1,
  ]);
  const each = node("Reshape", "projections", [values, graph.whole([0, 0, 0, 0, mixtures, filters])]);
  const mixed = node("ReduceSum", "mixed", [node("Mul", "shares", [each, shares]), graph.whole([4])], { keepdims: 0 });

  const queries = byHead(query);
  const keys = node("Transpose", "keys_turned", [byHead(key)], { perm: [0, 1, 2, 3, 5, 4] });
  const encodings = graph.weights(`${name}/encodings`, blockEncodings(weights, { block, depth }), [
    places,
    places,
    depth,
  ]);
  const position = node("Einsum", "query_position", [queries, encodings], { equation: "bhwnid,ijd->bhwnij" });
  const logits = node("Add", "logits", [node("MatMul", "content", [queries, keys]), position]); // [B, h, w, N, K, K]

  const oneMap = node("Concat", "one_map", [graph.whole([1, 1]), sizes], { axis: 0 });
  const ones = node("Add", "ones", [node("ConstantOfShape", "zeros", [oneMap]), graph.scalar(1)]);
  const inImage = node("Reshape", "in_image", [toBlocks(ones, 1), graph.whole([0, 0, 0, 1, 1, places])]);
  const seen = node("Where", "logits_seen", [
    node("Greater", "seen", [inImage, graph.scalar(0)]),
    logits,
    graph.scalar(-1e30),
  ]);

  const attention = node("Softmax", "attention", [seen], { axis: -1 });
  const retrieved = node("MatMul", "retrieved", [attention, byHead(mixed)]);
  const turned = node("Transpose", "by_place", [retrieved], { perm: [0, 1, 2, 4, 3, 5] }); // [B, h, w, K, N, D]
  const last = node("Reshape", "merged", [turned, graph.whole([0, 0, 0, places * filters])]);
  const deep = node("Transpose", "merged_first", [last], { perm: [0, 3, 1, 2] });
  const whole = node("DepthToSpace", "image", [deep], { blocksize: block });
  return node("Slice", "cut", [whole, graph.whole([0, 0]), sizes, graph.whole([2, 3])]);
}

/** [rows, columns] to [columns, rows]. */
function transposed(values: Float32Array, rows: number): Float32Array {
  const columns = values.length / rows;
  return Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
}
