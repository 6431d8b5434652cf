/** Feature maps in an ONNX graph. Convolutions want channels first, attention wants them last: each gets what it wants. */
import type { OnnxGraph } from "./onnx-graph.js";

export type Layout = "channels first" | "channels last";

/** A value of the graph; a map has four axes and a layout, a row per image two and none. */
export interface Value {
  readonly name: string;
  readonly layout: Layout | null;
}

/** Turns maps where they come in the other layout, each once. */
export class Layouts {
  private readonly turned = new Map<string, string>();

  constructor(private readonly graph: OnnxGraph) {}

  /** The name of the value in that layout. */
  in(layout: Layout, value: Value): string {
    if (value.layout === layout || value.layout === null) return value.name;
    const known = this.turned.get(value.name);
    if (known !== undefined) return known;
    const perm = layout === "channels first" ? [0, 3, 1, 2] : [0, 2, 3, 1];
    const suffix = layout === "channels first" ? "NCHW" : "NHWC";
    const name = this.graph.node("Transpose", `${value.name}/${suffix}`, [value.name], { perm });
    this.turned.set(value.name, name);
    return name;
  }
}
