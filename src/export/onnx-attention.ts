/**
 * Attention layers as ONNX nodes, for images of any size: who sees whom, and at which offset, is computed in the graph from the
 * size at hand. Dimension letters as in `functions`: B batch, H rows, W columns, N heads, D depth per head, L length of
 * the attended axis, M side of a window. The letters in `equation` attributes are those: b, h, w, n; i queries, j keys; d; m.
 */
import { AxialAttention, GlobalAttention, LocalAttention, type SelfAttention } from "../layers/index.js";
import type { OnnxGraph } from "./onnx-graph.js";
import { FoldedAttention, type Term } from "./folded-attention.js";

/** Far below any logit, and finite, as in `functions`. */
const never = -1e30;

/** The parts of a graph that a layer is written into. */
export interface AttentionContext {
  readonly graph: OnnxGraph;
  /** Begins the names of its nodes. */
  readonly name: string;
  /** [B, H, W, C]. */
  readonly input: string;
}

/** [B, H, W, C] to [B, H, W, filters], before pooling and activation. */
export function attentionNodes(layer: SelfAttention, context: AttentionContext): string {
  const folded = new Projected(layer, context);
  if (layer instanceof AxialAttention) return axial(layer, folded, context);
  if (layer instanceof LocalAttention) return local(layer as LocalAttention, folded, context);
  if (layer instanceof GlobalAttention) return global(folded, context);
  throw new Error(`internal: no form for ${layer.getClassName()}`);
}

/** The folded numbers of a layer, its projection and its factors as values of the graph. */
class Projected extends FoldedAttention {
  /** [B, H, W, N, 2 Dq + Dv] */
  readonly projected: string;

  constructor(
    layer: SelfAttention,
    private readonly context: AttentionContext,
  ) {
    super(layer);
    const { graph, name, input } = context;
    const [inputs, projected] = this.shape;
    const kernel = graph.weights(`${name}/projection`, this.kernel, [inputs, projected]);
    const bias = graph.weights(`${name}/projection_bias`, this.bias, [projected]);
    const product = graph.node("MatMul", `${name}/project`, [input, kernel]);
    const sum = graph.node("Add", `${name}/project_bias`, [product, bias]);
    const perHead = graph.whole([0, 0, 0, this.heads, projected / this.heads]);
    this.projected = graph.node("Reshape", `${name}/heads`, [sum, perHead]);
  }

  /** The factor of a term that there is, a constant [N, ...ones]; null: 1. */
  factorNode(term: Term, ones: number): string | null {
    const { graph, name } = this.context;
    const factor = this.factor(term);
    return factor && graph.weights(`${name}/${term}_factor`, factor, [this.heads, ...Array<number>(ones).fill(1)]);
  }

  /** The factor of the retrieved encodings, [N, ...ones, Dv]; null: 1. */
  positionFactorNode(ones: number): string | null {
    const { graph, name } = this.context;
    const shape = [this.heads, ...Array<number>(ones).fill(1), this.valueDepth];
    return this.positionFactor && graph.weights(`${name}/position_factor`, this.positionFactor, shape);
  }
}

/** The sum of the terms that there are, each times its factor. */
function sumOfTerms(
  { graph, name }: AttentionContext,
  terms: readonly { readonly name: string; readonly value: string | null; readonly factor: string | null }[],
): string {
  const scaled = terms.flatMap((term) => {
    if (term.value === null) return [];
    return [
      term.factor === null ? term.value : graph.node("Mul", `${name}/${term.name}_scaled`, [term.value, term.factor]),
    ];
  });
  return scaled.reduce((sum, term) => graph.node("Add", `${name}/logits`, [sum, term]));
}

/** 0, 1, ..., the size of that axis less 1. */
export function places({ graph, name }: AttentionContext, value: string, axis: number): string {
  const shape = graph.node("Shape", `${name}/shape`, [value]);
  const size = graph.node("Gather", `${name}/size`, [shape, graph.whole(axis)]);
  return graph.node("Range", `${name}/places`, [graph.whole(0), size, graph.whole(1)]);
}

/** [L, L]: key less query. */
export function offsetsAlong(context: AttentionContext, value: string, axis: number): string {
  const { graph, name } = context;
  const all = places(context, value, axis);
  const keys = graph.node("Unsqueeze", `${name}/keys`, [all, graph.whole([0])]);
  const queries = graph.node("Unsqueeze", `${name}/queries`, [all, graph.whole([1])]);
  return graph.node("Sub", `${name}/offsets`, [keys, queries]);
}

function axial(layer: AxialAttention, folded: Projected, context: AttentionContext): string {
  const { graph, name } = context;
  const { heads, keyDepth, valueDepth, projected } = folded;
  // The attended axis before the depth: [B, W, N, H, D] along the height, [B, H, N, W, D] along the width.
  const turned = layer.axis === "height" ? [0, 2, 3, 1, 4] : [0, 1, 3, 2, 4];
  const back = layer.axis === "height" ? [0, 3, 1, 2, 4] : [0, 1, 3, 2, 4];
  const sequences = graph.node("Transpose", `${name}/sequences`, [projected], { perm: turned });
  const [query, key, value] = graph.split(`${name}/qkv`, sequences, [keyDepth, keyDepth, valueDepth], 4);
  const offsets = offsetsAlong(context, sequences, 3);

  const { before, after } = layer.tableRange;
  /** [L, L, D]: the encoding of each pair; beyond the table that of the outermost offset. */
  const encodings = (term: "query" | "key" | "value"): string | null => {
    const values = folded.table(term);
    if (values === null) return null;
    const rowCount = before + 1 + after;
    const table = graph.weights(`${name}/relative_${term}`, values, [rowCount, values.length / rowCount]);
    const rows = graph.node("Add", `${name}/rows`, [offsets, graph.whole(before)]);
    const within = graph.node("Clip", `${name}/rows_within`, [rows, graph.whole(0), graph.whole(before + after)]);
    return graph.node("Gather", `${name}/encodings_${term}`, [table, within], { axis: 0 });
  };
  const einsum = (term: string, equation: string, first: string, second: string | null) =>
    second === null ? null : graph.node("Einsum", `${name}/${term}`, [first, second], { equation });
  const keys = graph.node("Transpose", `${name}/keys_turned`, [key], { perm: [0, 1, 2, 4, 3] });
  const logits = sumOfTerms(context, [
    {
      name: "content",
      value: graph.node("MatMul", `${name}/content`, [query, keys]),
      factor: folded.factorNode("content", 2),
    },
    {
      name: "query",
      value: einsum("query_position", "bwnid,ijd->bwnij", query, encodings("query")),
      factor: folded.factorNode("query", 2),
    },
    {
      name: "key",
      value: einsum("key_position", "bwnjd,ijd->bwnij", key, encodings("key")),
      factor: folded.factorNode("key", 2),
    },
  ]);
  const { span = "global" } = layer.getConfig() as { span?: "global" | "causal" | number };
  const seen =
    span === "global"
      ? logits
      : masked(context, logits, [
          ...(span === "causal"
            ? []
            : [graph.node("GreaterOrEqual", `${name}/not_before`, [offsets, graph.whole(-before)])]),
          graph.node("LessOrEqual", `${name}/not_after`, [offsets, graph.whole(span === "causal" ? 0 : after)]),
        ]);
  const attention = graph.node("Softmax", `${name}/attention`, [seen], { axis: -1 });
  const content = graph.node("MatMul", `${name}/retrieved`, [attention, value]);
  const position = einsum("retrieved_position", "bwnij,ijd->bwnid", attention, encodings("value"));
  const sum = withPosition(context, content, position, folded.positionFactorNode(1));
  const image = graph.node("Transpose", `${name}/image`, [sum], { perm: back }); // [B, H, W, N, Dv]
  return graph.node("Reshape", `${name}/merged`, [image, graph.whole([0, 0, 0, heads * valueDepth])]);
}

function masked({ graph, name }: AttentionContext, logits: string, conditions: readonly string[]): string {
  const seen = conditions.reduce((all, next) => graph.node("And", `${name}/seen`, [all, next]));
  return graph.node("Where", `${name}/logits_seen`, [seen, logits, graph.scalar(never)]);
}

function withPosition(
  { graph, name }: AttentionContext,
  content: string,
  position: string | null,
  factor: string | null,
): string {
  if (position === null) return content;
  const scaled = factor === null ? position : graph.node("Mul", `${name}/position_scaled`, [position, factor]);
  return graph.node("Add", `${name}/sum`, [content, scaled]);
}

function global(folded: Projected, context: AttentionContext): string {
  const { graph, name, input } = context;
  const { heads, keyDepth, valueDepth, projected } = folded;
  const byHead = graph.node("Transpose", `${name}/by_head`, [projected], { perm: [0, 3, 1, 2, 4] }); // [B, N, H, W, P]
  const perHead = 2 * keyDepth + valueDepth;
  const all = graph.node("Reshape", `${name}/places`, [byHead, graph.whole([0, 0, -1, perHead])]); // [B, N, H * W, P]
  const [query, key, value] = graph.split(`${name}/qkv`, all, [keyDepth, keyDepth, valueDepth], 3);
  const keys = graph.node("Transpose", `${name}/keys_turned`, [key], { perm: [0, 1, 3, 2] });
  const content = graph.node("MatMul", `${name}/content`, [query, keys]);
  const logits = sumOfTerms(context, [{ name: "content", value: content, factor: folded.factorNode("content", 2) }]);
  const attention = graph.node("Softmax", `${name}/attention`, [logits], { axis: -1 });
  const retrieved = graph.node("MatMul", `${name}/retrieved`, [attention, value]); // [B, N, H * W, Dv]
  const merged = graph.node("Transpose", `${name}/merged`, [retrieved], { perm: [0, 2, 1, 3] }); // [B, H * W, N, Dv]
  return graph.node("Reshape", `${name}/image`, [merged, mapShape(context, input, heads * valueDepth)]);
}

/** The shape [B, H, W, channels] of a map of the size of the value's. */
function mapShape({ graph, name }: AttentionContext, value: string, channels: number): string {
  const sizes = graph.node("Shape", `${name}/sizes`, [value], { end: 3 });
  return graph.node("Concat", `${name}/map_shape`, [sizes, graph.whole([channels])], { axis: 0 });
}

function local(layer: LocalAttention, folded: Projected, context: AttentionContext): string {
  const { graph, name } = context;
  const { heads, keyDepth, valueDepth, projected } = folded;
  const { before, after } = layer.tableRange;
  const side = before + 1 + after;
  const [query, keyValue] = graph.split(`${name}/query_and_rest`, projected, [keyDepth, keyDepth + valueDepth], 4);
  const windows = windowsOf(context, keyValue, { before, side }); // [B, H, W, N, M * M, Dq + Dv]
  const [key, value] = graph.split(`${name}/key_value`, windows, [keyDepth, valueDepth], 5);

  const einsum = (term: "query" | "key" | "value", equation: string, value: string) => {
    const encodings = folded.windowTable(term, side);
    if (encodings === null) return null;
    const constant = graph.weights(`${name}/relative_${term}`, encodings, [side * side, encodings.length / side ** 2]);
    return graph.node("Einsum", `${name}/${term}_position`, [value, constant], { equation });
  };
  const content = graph.node("Einsum", `${name}/content`, [query, key], { equation: "bhwnd,bhwnmd->bhwnm" });
  const logits = sumOfTerms(context, [
    { name: "content", value: content, factor: folded.factorNode("content", 1) },
    { name: "query", value: einsum("query", "bhwnd,md->bhwnm", query), factor: folded.factorNode("query", 1) },
    { name: "key", value: einsum("key", "bhwnmd,md->bhwnm", key), factor: folded.factorNode("key", 1) },
  ]);
  const seen = masked(context, logits, [inImage(context, projected, { before, side })]);
  const attention = graph.node("Softmax", `${name}/attention`, [seen], { axis: -1 }); // [B, H, W, N, M * M]
  const retrieved = graph.node("Einsum", `${name}/retrieved`, [attention, value], { equation: "bhwnm,bhwnmd->bhwnd" });
  const position = einsum("value", "bhwnm,md->bhwnd", attention);
  const sum = withPosition(context, retrieved, position, folded.positionFactorNode(0));
  return graph.node("Reshape", `${name}/merged`, [sum, graph.whole([0, 0, 0, heads * valueDepth])]);
}

interface Window {
  readonly before: number;
  readonly side: number;
}

/** What lies around each place: [B, H, W, N, D] to [B, H, W, N, M * M, D], zero outside the image. */
function windowsOf({ graph, name }: AttentionContext, value: string, { before, side }: Window): string {
  const after = side - 1 - before;
  const pads = graph.whole([0, before, before, 0, 0, 0, after, after, 0, 0]);
  const padded = graph.node("Pad", `${name}/padded`, [value, pads, graph.scalar(0)]);
  const beyond = 2 ** 31 - 1;
  const end = (offset: number) => (offset === side - 1 ? beyond : offset - (side - 1));
  const shifted = Array.from({ length: side * side }, (_, place) => {
    const [row, column] = [Math.floor(place / side), place % side];
    const range = [graph.whole([row, column]), graph.whole([end(row), end(column)]), graph.whole([1, 2])];
    const slice = graph.node("Slice", `${name}/at_${row}_${column}`, [padded, ...range]);
    return graph.node("Unsqueeze", `${name}/window_${row}_${column}`, [slice, graph.whole([4])]);
  });
  return graph.node("Concat", `${name}/windows`, shifted, { axis: 4 });
}

/** [H, W, 1, M * M]: whether the place at that offset lies in the image. */
function inImage(context: AttentionContext, value: string, { before, side }: Window): string {
  const { graph, name } = context;
  const offsets = graph.whole(Array.from({ length: side }, (_, index) => index - before));
  const along = (axis: number, shape: readonly number[]): string => {
    const all = places(context, value, axis);
    const each = graph.node("Unsqueeze", `${name}/places_down`, [all, graph.whole([1])]); // [L, 1]
    const seen = graph.node("Add", `${name}/seen_places`, [each, offsets]); // [L, M]
    const size = graph.node("Size", `${name}/length`, [all]);
    const within = graph.node("And", `${name}/within`, [
      graph.node("GreaterOrEqual", `${name}/from_first`, [seen, graph.whole(0)]),
      graph.node("Less", `${name}/to_last`, [seen, size]),
    ]);
    return graph.node("Unsqueeze", `${name}/within_axis`, [within, graph.whole(shape)]);
  };
  const rows = along(1, [1, 3]); // [H, 1, M, 1]
  const columns = along(2, [0, 2]); // [1, W, 1, M]
  const both = graph.node("And", `${name}/in_image`, [rows, columns]); // [H, W, M, M]
  const flat = graph.node("Reshape", `${name}/in_image_flat`, [both, graph.whole([0, 0, -1])]);
  return graph.node("Unsqueeze", `${name}/in_image_heads`, [flat, graph.whole([2])]); // [H, W, 1, M * M]
}
