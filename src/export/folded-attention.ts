/**
 * The numbers of an attention layer with all norms folded: that of the projection into its kernel, that of the content into
 * the values (the weights of a query sum to 1, so a shift of the values is a shift of the result), that of the similarities
 * into a factor a head. Letters as in `functions`: N heads, Dq and Dv channels of a query and a value per head.
 */
import type { SelfAttention } from "../layers/index.js";
import { LayerWeights } from "./layer-weights.js";

export type Term = "content" | "query" | "key";

export class FoldedAttention {
  readonly heads: number;
  readonly keyDepth: number;
  readonly valueDepth: number;
  /** Channels of the input, and of the projection: N (2 Dq + Dv), per head query, key, value. */
  readonly shape: readonly [inputs: number, projected: number];
  /** [inputs, projected] */
  readonly kernel: Float32Array;
  /** [projected] */
  readonly bias: Float32Array;
  /** Of the retrieved encodings, [N Dv]; null: 1. */
  readonly positionFactor: Float32Array | null;
  readonly weights: LayerWeights;

  constructor(layer: SelfAttention) {
    const weights = new LayerWeights(layer);
    const { heads, keyDepth, valueDepth } = layer;
    const [inputs, projected] = weights.shape("projection");
    this.weights = weights;
    this.heads = heads;
    this.keyDepth = keyDepth;
    this.valueDepth = valueDepth;
    this.shape = [inputs, projected];
    this.kernel = Float32Array.from(weights.read("projection"));
    this.bias = weights.has("projection_bias")
      ? Float32Array.from(weights.read("projection_bias"))
      : new Float32Array(projected);
    const norm = weights.norm("projection_norm_");
    norm?.scale.forEach((scale, column) => this.scaleColumn(column, scale, norm.shift[column]));
    const content = weights.norm("content_norm_");
    const position = weights.norm("position_norm_");
    content?.scale.forEach((scale, channel) => {
      const shift = content.shift[channel] + (position?.shift[channel] ?? 0);
      this.scaleColumn(this.column("value", Math.floor(channel / valueDepth), channel % valueDepth), scale, shift);
    });
    this.positionFactor = position?.scale ?? null;
  }

  /** Where in the projection a channel of a head lies. */
  column(part: "query" | "key" | "value", head: number, channel: number): number {
    const before = { query: 0, key: this.keyDepth, value: 2 * this.keyDepth }[part];
    return head * (2 * this.keyDepth + this.valueDepth) + before + channel;
  }

  /** gamma / sigma of each head, [N], of a term that there is; null: 1. */
  factor(term: Term): Float32Array | null {
    const norm = this.weights.norm("similarity_norm_");
    if (norm === null) return null;
    const terms = ["content", ...(["query", "key"] as const).filter((one) => this.hasTable(one))];
    const row = terms.indexOf(term);
    return row < 0 ? null : norm.scale.slice(row * this.heads, (row + 1) * this.heads);
  }

  hasTable(term: "query" | "key" | "value"): boolean {
    return this.weights.has(`relative_${term}`) || this.weights.has(`relative_${term}_rows`);
  }

  /** The table of offsets along an axis, [rows, D]; null where there is none. */
  table(term: "query" | "key" | "value"): Float32Array | null {
    return this.weights.has(`relative_${term}`) ? this.weights.read(`relative_${term}`) : null;
  }

  /** The encodings of a window's places, [M * M, D], each that of a row offset before that of a column offset. */
  windowTable(term: "query" | "key" | "value", side: number): Float32Array | null {
    if (!this.hasTable(term)) return null;
    const [rows, columns] = ["rows", "columns"].map((axis) => this.weights.read(`relative_${term}_${axis}`));
    const [rowDepth, columnDepth] = [rows.length / side, columns.length / side];
    const depth = rowDepth + columnDepth;
    const all = new Float32Array(side * side * depth);
    for (let place = 0; place < side * side; place++) {
      const [row, column] = [Math.floor(place / side), place % side];
      all.set(rows.subarray(row * rowDepth, (row + 1) * rowDepth), place * depth);
      all.set(columns.subarray(column * columnDepth, (column + 1) * columnDepth), place * depth + rowDepth);
    }
    return all;
  }

  private scaleColumn(column: number, scale: number, shift: number): void {
    const [inputs, projected] = this.shape;
    for (let row = 0; row < inputs; row++) this.kernel[row * projected + column] *= scale;
    this.bias[column] = this.bias[column] * scale + shift;
  }
}
