/** The paper's Figures 1 and 2 with the shapes of a real layer and block. */
import { ConfigError } from "../src/core/errors.js";
import { diagramLayers, type DiagramArrow, type DiagramBox } from "./diagram.js";
import type { Figure } from "./figure.js";
import { columnWidth } from "./theme.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";

/** Sizes of a layer of position-sensitive axial attention, as its own `getConfig()` and input have them. */
export interface AxialAttentionSizes {
  /** Of the input map, in places and channels. */
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Which axis is attended along. */
  readonly axis: "height" | "width";
  readonly heads: number;
  /** Channels of a query and key, and of a value, of all heads together. */
  readonly keyDepth: number;
  readonly valueDepth: number;
  /** Places of the window. Default: the whole axis. */
  readonly span?: number;
}

function assertSizes(where: string, sizes: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value] of Object.entries(sizes))
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw new ConfigError(`${where}: ${name} must be a positive integer, got ${value}; give the layer's own sizes`);
}

const shape = (...sides: readonly number[]): string => sides.join(" \u00d7 ");

/** The Vega-Lite specification of `attentionDiagram`. */
export function attentionDiagramSpec(
  sizes: AxialAttentionSizes,
  title = "Position-sensitive axial attention",
): VegaLiteSpec {
  const { height, width, channels, axis, heads, keyDepth, valueDepth, span } = sizes;
  assertSizes("attentionDiagram", { height, width, channels, heads, keyDepth, valueDepth, span });
  const keys = span ?? sizes[axis];
  const table = (depth: number): string => shape(2 * keys - 1, depth / heads);
  const box = (id: string, x: number, y: number, lines: string[], kind: string, boxWidth = 122): DiagramBox => ({
    id,
    x,
    y,
    width: boxWidth,
    lines,
    kind,
  });
  const [map, weights, position, product] = ["map", "1 \u00d7 1 convolution", "encoding", "operation"];
  const boxes = [
    box("x", 300, 30, ["x", shape(height, width, channels)], map),
    box("q", 120, 105, ["q = W_Q x", shape(height, width, keyDepth)], weights),
    box("k", 300, 105, ["k = W_K x", shape(height, width, keyDepth)], weights),
    box("v", 530, 105, ["v = W_V x", shape(height, width, valueDepth)], weights),
    box("rq", 55, 190, ["r^q", table(keyDepth)], position, 84),
    box("qr", 165, 190, ["q\u1d40 r^q"], product, 84),
    box("qk", 265, 190, ["q\u1d40 k"], product, 84),
    box("kr", 365, 190, ["k\u1d40 r^k"], product, 84),
    box("rk", 460, 190, ["r^k", table(keyDepth)], position, 70),
    box("softmax", 215, 280, ["softmax over p", `${axis}, ${keys} places, ${heads} heads`], product, 170),
    box("rv", 410, 280, ["r^v", table(valueDepth)], position, 84),
    box("vr", 530, 280, ["v + r^v"], product, 84),
    box("y", 300, 365, ["y = \u03a3 softmax \u00b7 (v + r^v)", shape(height, width, valueDepth)], map, 190),
  ];
  const arrows: DiagramArrow[] = [
    ...["q", "k", "v"].map((to) => ({ from: "x", to })),
    { from: "q", to: "qr" },
    { from: "rq", to: "qr" },
    { from: "q", to: "qk" },
    { from: "k", to: "qk" },
    { from: "k", to: "kr" },
    { from: "rk", to: "kr" },
    ...["qr", "qk"].map((from) => ({ from, to: "softmax" })),
    { from: "kr", to: "softmax" },
    { from: "v", to: "vr" },
    { from: "rv", to: "vr" },
    { from: "softmax", to: "y" },
    { from: "vr", to: "y" },
  ];
  return {
    title: { text: title, subtitle: `along the ${axis} axis (paper, Figure 1 and equation 4)` },
    description:
      `Diagram of axial attention along the ${axis} axis: a map of ${shape(height, width, channels)} becomes queries and keys of ` +
      `${keyDepth} channels and values of ${valueDepth}; queries meet keys and the encodings r^q, keys the encodings r^k; the ` +
      `softmax over ${keys} places in ${heads} heads weighs values with their encodings r^v; out comes ${shape(height, width, valueDepth)}.`,
    ...diagramLayers({ width: columnWidth, height: 395, boxes, arrows }),
  };
}

/**
 * A figure of one layer of axial attention: equation 4 from the input to the output, each part with its shape.
 *
 * @throws ConfigError for a size that is no positive integer, and for an option that there is not
 */
export function attentionDiagram(sizes: AxialAttentionSizes, options: { readonly title?: string } = {}): Figure {
  const title = options.title ?? "Position-sensitive axial attention";
  return vegaFigure(title, attentionDiagramSpec(sizes, title));
}

/** Sizes of a bottleneck block with axial attention. */
export interface AxialBlockSizes {
  readonly height: number;
  readonly width: number;
  /** Channels in, of the attention's values inside, and out. */
  readonly channels: number;
  readonly innerChannels: number;
  readonly outChannels: number;
  readonly heads: number;
  /** Places that are averaged along both axes after the width pass. Default 1. */
  readonly stride?: number;
  /** Places of the window. Default: the whole axis. */
  readonly span?: number;
}

/** The Vega-Lite specification of `axialBlockDiagram`. */
export function axialBlockDiagramSpec(sizes: AxialBlockSizes, title = "An axial block"): VegaLiteSpec {
  const { height, width, channels, innerChannels, outChannels, heads, stride = 1, span } = sizes;
  assertSizes("axialBlockDiagram", { height, width, channels, innerChannels, outChannels, heads, stride, span });
  const [h, w] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  const window = (places: number): string => `${heads} heads, ${span ?? places} places`;
  const at = (id: string, row: number, lines: string[], kind: string): DiagramBox => ({
    id,
    x: 260,
    y: 26 + 74 * row,
    width: stride > 1 ? 330 : 250,
    lines,
    kind,
  });
  const mean = stride > 1 ? `, mean of ${stride} \u00d7 ${stride}` : "";
  const projects = stride > 1 || channels !== outChannels;
  const boxes = [
    at("in", 0, ["input", shape(height, width, channels)], "map"),
    at("down", 1, ["1 \u00d7 1 convolution", shape(height, width, innerChannels)], "convolution"),
    at(
      "height",
      2,
      [`height-axis attention, ${window(height)}`, shape(height, width, innerChannels)],
      "axial attention",
    ),
    at("width", 3, [`width-axis attention, ${window(width)}${mean}`, shape(h, w, innerChannels)], "axial attention"),
    at("up", 4, ["1 \u00d7 1 convolution", shape(h, w, outChannels)], "convolution"),
    at("out", 5, ["sum", shape(h, w, outChannels)], "map"),
  ];
  const chain = boxes.slice(1).map(({ id }, i) => ({ from: boxes[i].id, to: id }));
  const shortcut = projects ? `1 \u00d7 1 convolution${stride > 1 ? `, stride ${stride}` : ""}` : "identity";
  return {
    title: { text: title, subtitle: "height, then width: every place has heard of every other (paper, Figure 2)" },
    description:
      `Diagram of a bottleneck block: ${boxes.map(({ lines }) => lines.join(" ")).join("; then ")}. ` +
      `Beside it the input, by ${projects ? `a ${shortcut}` : "itself"}, goes to the sum.`,
    ...diagramLayers({
      width: columnWidth,
      height: 26 + 74 * 5 + 30,
      boxes,
      arrows: [...chain, { from: "in", to: "out", around: 60, label: shortcut }],
    }),
  };
}

/**
 * A figure of one bottleneck block with axial attention in it, each part with its shape.
 *
 * @throws ConfigError for a size that is no positive integer, and for an option that there is not
 */
export function axialBlockDiagram(sizes: AxialBlockSizes, options: { readonly title?: string } = {}): Figure {
  const title = options.title ?? "An axial block";
  return vegaFigure(title, axialBlockDiagramSpec(sizes, title));
}
