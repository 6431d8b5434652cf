/** How far a place sees after one layer, two layers, ...: convolutions and kinds of attention beside each other. */
import { ConfigError } from "../src/core/errors.js";
import type { Figure } from "./figure.js";
import { matrixCells } from "./matrix.js";
import { distinctNames } from "./names.js";
import { percent } from "./numbers.js";
import { columnWidth, fontSizes } from "./theme.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** Which places one layer brings together. `span`: places of its window, odd; default the whole axis. */
export type ReceptiveLayer =
  /** A convolution, or attention in a window of span x span places. */
  | { readonly kind: "window"; readonly span: number }
  /** Axial attention along one axis. */
  | { readonly kind: "height" | "width"; readonly span?: number }
  /** Criss-cross attention: the place's own row and column. */
  | { readonly kind: "criss-cross" }
  /** Global attention. */
  | { readonly kind: "global" };

/** What `receptiveFieldGrowth` draws. */
export interface ReceptiveFieldGrowthArgs {
  /** Height and width of the map, in places. */
  readonly size: readonly [height: number, width: number];
  /** Where one looks from. Default: the middle. */
  readonly query?: { readonly y: number; readonly x: number };
  /** Networks, their layers from the input to the output. */
  readonly series: readonly { readonly name: string; readonly layers: readonly ReceptiveLayer[] }[];
  /** Default "How far one place sees". */
  readonly title?: string;
}

const keys: KeysOf<ReceptiveFieldGrowthArgs> = { size: true, query: true, series: true, title: true };

/** Places on either side that a layer reaches along an axis of `length`. */
function reachAlong(layer: ReceptiveLayer, axis: "height" | "width", length: number): number {
  if (layer.kind === "global") return length;
  if (layer.kind === "window" || layer.kind === axis) return ((layer.span ?? 2 * length + 1) - 1) / 2;
  return 0;
}

function assertSpan(layer: ReceptiveLayer): void {
  const span = "span" in layer ? layer.span : undefined;
  if (span !== undefined && !(Number.isInteger(span) && span > 0 && span % 2 === 1))
    throw new ConfigError(
      `receptiveFieldGrowth: a span must be an odd number of places, got ${span} (${layer.kind}); give 1, 3, 5, ...`,
    );
}

/**
 * For each place of the map, [H][W], after how many layers (counted back from the output) the query sees it; null for
 * never. The query itself is 0.
 */
export function reachedAfter(
  [height, width]: readonly [number, number],
  query: { readonly y: number; readonly x: number },
  layers: readonly ReceptiveLayer[],
): (number | null)[][] {
  const reached = Array.from({ length: height }, () => Array<number | null>(width).fill(null));
  reached[query.y][query.x] = 0;
  let seen: (readonly [y: number, x: number])[] = [[query.y, query.x]];
  [...layers].reverse().forEach((layer, i) => {
    assertSpan(layer);
    const [down, across] = [reachAlong(layer, "height", height), reachAlong(layer, "width", width)];
    const next = [...seen];
    const visit = (y: number, x: number): void => {
      if (reached[y][x] !== null) return;
      reached[y][x] = i + 1;
      next.push([y, x]);
    };
    for (const [y, x] of seen)
      if (layer.kind === "criss-cross") {
        for (let other = 0; other < height; other++) visit(other, x);
        for (let other = 0; other < width; other++) visit(y, other);
      } else
        for (let to = Math.max(0, y - down); to <= Math.min(height - 1, y + down); to++)
          for (let at = Math.max(0, x - across); at <= Math.min(width - 1, x + across); at++) visit(to, at);
    seen = next;
  });
  return reached;
}

/** The Vega-Lite specification of `receptiveFieldGrowth`. */
export function receptiveFieldGrowthSpec(args: ReceptiveFieldGrowthArgs): VegaLiteSpec {
  const { size, series, title = "How far one place sees" } = args;
  const [height, width] = size;
  const query = args.query ?? { y: height >> 1, x: width >> 1 };
  if (query.y < 0 || query.x < 0 || query.y >= height || query.x >= width)
    throw new ConfigError(
      `receptiveFieldGrowth: the query must lie on the map, got (${query.y}, ${query.x}) on ${height} x ${width}; ` +
        "count rows and columns from 0",
    );
  const names = distinctNames(series.map(({ name }) => name));
  const deepest = series.reduce((most, { layers }) => Math.max(most, layers.length), 1);
  const columns = Math.min(3, Math.max(1, series.length));
  const cell = Math.max(2, Math.floor(Math.min(180, columnWidth / columns - 30) / Math.max(height, width)));
  const fields = series.map(({ layers }) => reachedAfter(size, query, layers));
  const told = fields.map((field, i) => {
    const seen = field.flat().filter((depth) => depth !== null).length;
    return `${names[i]}: ${percent(seen / (height * width))} of the map after ${series[i].layers.length} layers`;
  });
  const axis = (field: string, length: number, reverse: boolean): VegaLiteSpec => ({
    field,
    type: "quantitative",
    axis: null,
    scale: { domain: [0, length], nice: false, reverse },
  });
  const color = {
    field: "value",
    type: "quantitative",
    title: "layers",
    scale: { domain: [0, deepest], range: "heatmap", reverse: true, interpolate: "rgb" },
    legend: {
      orient: "right",
      direction: "vertical",
      gradientLength: 90,
      gradientThickness: 10,
      tickMinStep: 1,
      format: "d",
    },
  };
  return {
    title: { text: title, subtitle: "places that the outlined one sees, by layers back from the output" },
    description: `${told.join("; ")}.`,
    params: [
      { name: "layers", value: deepest, bind: { input: "range", min: 0, max: deepest, step: 1, name: "layers back " } },
    ],
    columns,
    spacing: { row: 34, column: 24 },
    concat: fields.map((field, i) => {
      const cells = matrixCells(field);
      return {
        width: cell * width,
        height: cell * height,
        title: { text: names[i], fontSize: fontSizes.axisTitle, fontWeight: 400, offset: 5 },
        data: cells.data,
        transform: [
          ...(cells.transform as VegaLiteSpec[]),
          { calculate: "datum.column + 1", as: "columnEnd" },
          { calculate: "datum.row + 1", as: "rowEnd" },
        ],
        encoding: {
          x: axis("column", width, false),
          x2: { field: "columnEnd" },
          y: axis("row", height, true),
          y2: { field: "rowEnd" },
        },
        layer: [
          { mark: { type: "rect", color: "#8b95a0", opacity: 0.2, tooltip: null } },
          {
            transform: [{ filter: "isValid(datum.value) && datum.value <= layers" }],
            mark: { type: "rect" },
            encoding: {
              color,
              tooltip: [
                { field: "row", type: "quantitative", title: "y" },
                { field: "column", type: "quantitative", title: "x" },
                { field: "value", type: "quantitative", title: "seen after layers" },
              ],
            },
          },
          {
            transform: [{ filter: "datum.value === 0" }],
            mark: { type: "rect", fillOpacity: 0, stroke: "#d55e00", strokeWidth: 2, tooltip: null },
          },
        ],
      };
    }),
  };
}

/**
 * Which places one place sees through a stack of layers, a panel a network, coloured by the layers that it takes; a
 * slider adds layer after layer.
 *
 *     receptiveFieldGrowth({
 *       size: [15, 15],
 *       series: [
 *         { name: "3 x 3 convolutions", layers: [{ kind: "window", span: 3 }, { kind: "window", span: 3 }] },
 *         { name: "axial attention", layers: [{ kind: "height" }, { kind: "width" }] },
 *       ],
 *     })
 *
 * @throws ConfigError for a span that is no odd number of places, and for an option that there is not
 */
export function receptiveFieldGrowth(args: ReceptiveFieldGrowthArgs): Figure {
  assertKnownKeys("receptiveFieldGrowth", args, keys);
  return vegaFigure(args.title ?? "How far one place sees", receptiveFieldGrowthSpec(args));
}
