/** Criss-cross attention as ONNX nodes, for maps of any size. */
import type { CrissCrossAttention } from "../layers/index.js";
import { LayerWeights } from "./layer-weights.js";
import { offsetsAlong, type AttentionContext } from "./onnx-attention.js";

/** [B, H, W, C] to the same. */
export function crissCrossNodes(layer: CrissCrossAttention, { graph, name, input }: AttentionContext): string {
  const weights = new LayerWeights(layer);
  const [channels, projected] = weights.shape("projection");
  const depth = (projected - channels) / 2;
  const kernel = graph.weights(`${name}/projection`, weights.read("projection"), [channels, projected]);
  const bias = graph.weights(`${name}/projection_bias`, weights.read("projection_bias"), [projected]);
  const gamma = graph.weights(`${name}/gamma`, weights.read("gamma"), [1]);
  const { recurrence = 2 } = layer.getConfig() as { recurrence?: number };
  let x = input;
  for (let loop = 1; loop <= recurrence; loop++) {
    const at = (part: string) => `${name}/loop${loop}/${part}`;
    const node = (op: string, part: string, inputs: readonly string[], attributes = {}) =>
      graph.node(op, at(part), inputs, attributes);
    const columns = (value: string) => node("Transpose", "columns", [value], { perm: [0, 2, 1, 3] }); // [B, W, H, D]
    const turned = (value: string) => node("Transpose", "keys_turned", [value], { perm: [0, 1, 3, 2] });
    const rows = node("Add", "project_bias", [node("MatMul", "project", [x, kernel]), bias]);
    const [query, key, value] = graph.split(at("qkv"), rows, [depth, depth, channels], 3);
    const ofColumn = node("MatMul", "column", [columns(query), turned(columns(key))]); // [B, W, H, H]
    const ofRow = node("MatMul", "row", [query, turned(key)]); // [B, H, W, W]
    // The own place is in the row; in the column it does not count.
    const offsets = offsetsAlong({ graph, name: `${name}/loop${loop}`, input }, ofColumn, 2);
    const own = node("Equal", "own_place", [offsets, graph.whole(0)]);
    const others = node("Where", "column_others", [own, graph.scalar(-1e30), ofColumn]);
    const logits = node("Concat", "logits", [columns(others), ofRow], { axis: 3 }); // [B, H, W, H + W]
    const attention = node("Softmax", "attention", [logits], { axis: -1 });
    const height = node("Shape", "height", [x], { start: 1, end: 2 });
    const axis = graph.whole([3]);
    const onColumn = node("Slice", "on_column", [attention, graph.whole([0]), height, axis]);
    const onRow = node("Slice", "on_row", [attention, height, graph.whole([2 ** 31 - 1]), axis]);
    const fromColumn = columns(node("MatMul", "from_column", [columns(onColumn), columns(value)]));
    const sum = node("Add", "retrieved", [fromColumn, node("MatMul", "from_row", [onRow, value])]);
    x = node("Add", "sum", [node("Mul", "scaled", [sum, gamma]), x]);
  }
  return x;
}
