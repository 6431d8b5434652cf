/** Boxes with lines of text, and arrows between them, in Vega-Lite: what the diagrams of layers and blocks are drawn of. */
import { fontSizes } from "./theme.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";

/** A box around its middle, in CSS pixels. */
export interface DiagramBox {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** The first line, and smaller ones below it: an equation, a shape. */
  readonly lines: readonly string[];
  /** What colour tells: the boxes of one kind have one. */
  readonly kind: string;
}

export interface DiagramArrow {
  readonly from: string;
  readonly to: string;
  /** Beside the middle of the arrow. */
  readonly label?: string;
  /** Leaves and enters at the side, by the given distance: a residual connection. */
  readonly around?: number;
}

export interface Diagram {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly DiagramBox[];
  readonly arrows: readonly DiagramArrow[];
}

const lineHeight = 15;
const heightOf = ({ lines }: DiagramBox): number => 12 + lineHeight * lines.length;

type Point = readonly [x: number, y: number];

/** The corners of an arrow: straight between the boxes' edges that face each other, or around their side. */
function cornersOf(from: DiagramBox, to: DiagramBox, around: number | undefined): Point[] {
  if (around !== undefined) {
    const side = Math.max(from.x + from.width / 2, to.x + to.width / 2) + around;
    return [
      [from.x + from.width / 2, from.y],
      [side, from.y],
      [side, to.y],
      [to.x + to.width / 2, to.y],
    ];
  }
  if (from.y === to.y) {
    const right = Math.sign(to.x - from.x);
    return [
      [from.x + (right * from.width) / 2, from.y],
      [to.x - (right * to.width) / 2, to.y],
    ];
  }
  const down = Math.sign(to.y - from.y);
  const [start, end] = [from.y + (down * heightOf(from)) / 2, to.y - (down * heightOf(to)) / 2];
  const middle = (start + end) / 2;
  return from.x === to.x
    ? [
        [from.x, start],
        [to.x, end],
      ]
    : [
        [from.x, start],
        [from.x, middle],
        [to.x, middle],
        [to.x, end],
      ];
}

const inPixels = (field: string): VegaLiteSpec => ({ field, type: "quantitative", scale: null, axis: null });

/** The layers of a diagram, without a title. */
export function diagramLayers({ width, height, boxes, arrows }: Diagram): VegaLiteSpec {
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const paths = arrows.map(({ from, to, around, label }, arrow) => ({
    arrow,
    label,
    corners: cornersOf(byId.get(from)!, byId.get(to)!, around),
  }));
  const heads = paths.map(({ corners }) => {
    const [[fromX, fromY], [x, y]] = corners.slice(-2);
    // Clockwise from pointing up, as Vega turns shapes.
    const angle = (Math.atan2(x - fromX, fromY - y) * 180) / Math.PI;
    return { x, y, angle };
  });
  const texts = boxes.flatMap((box) =>
    box.lines.map((text, i) => ({
      x: box.x,
      y: box.y + (i - (box.lines.length - 1) / 2) * lineHeight,
      text,
      first: i === 0,
    })),
  );
  const labels = paths.flatMap(({ corners, label }) => {
    if (label === undefined) return [];
    const [[x1, y1], [x2, y2]] = corners.slice(Math.max(0, corners.length / 2 - 1));
    return [{ x: (x1 + x2) / 2 + (x1 === x2 ? 5 : 0), y: (y1 + y2) / 2 - (x1 === x2 ? 0 : 8), label }];
  });
  const kinds = [...new Set(boxes.map(({ kind }) => kind))];
  const text = (values: unknown, look: VegaLiteSpec, field = "text"): VegaLiteSpec => ({
    data: { values },
    mark: { type: "text", fontSize: fontSizes.label, tooltip: null, ...look },
    encoding: { x: inPixels("x"), y: inPixels("y"), text: { field } },
  });
  return {
    width,
    height,
    layer: [
      {
        data: {
          values: paths.flatMap(({ arrow, corners }) => corners.map(([x, y], corner) => ({ arrow, corner, x, y }))),
        },
        mark: { type: "line", strokeWidth: 1.5, color: "#8b95a0", strokeJoin: "round", tooltip: null },
        encoding: {
          x: inPixels("x"),
          y: inPixels("y"),
          detail: { field: "arrow", type: "nominal" },
          order: { field: "corner", type: "quantitative" },
        },
      },
      {
        data: { values: heads },
        mark: {
          type: "point",
          shape: "M0 0L4 9L-4 9Z",
          size: 1,
          color: "#8b95a0",
          filled: true,
          opacity: 1,
          tooltip: null,
        },
        encoding: {
          x: inPixels("x"),
          y: inPixels("y"),
          size: { value: 4 },
          angle: { field: "angle", type: "quantitative", scale: null },
        },
      },
      {
        data: {
          values: boxes.map((box) => ({
            left: box.x - box.width / 2,
            right: box.x + box.width / 2,
            top: box.y - heightOf(box) / 2,
            bottom: box.y + heightOf(box) / 2,
            kind: box.kind,
          })),
        },
        mark: { type: "rect", cornerRadius: 5, strokeWidth: 1.5, fillOpacity: 0.16, tooltip: null },
        encoding: {
          x: inPixels("left"),
          x2: { field: "right" },
          y: inPixels("top"),
          y2: { field: "bottom" },
          fill: {
            field: "kind",
            type: "nominal",
            title: null,
            scale: { domain: kinds },
            legend: { symbolType: "square" },
          },
          stroke: { field: "kind", type: "nominal", title: null, scale: { domain: kinds } },
        },
      },
      text(
        texts.filter(({ first }) => first),
        { fontWeight: 600 },
      ),
      text(
        texts.filter(({ first }) => !first),
        {},
      ),
      text(labels, { align: "left", fontStyle: "italic" }, "label"),
    ],
  };
}
