/**
 * Where a query looks: attention over the image that it came from.
 *
 * `attentionRows`: the weights of every head along the query's row and column, at the edges of the image.
 * `attentionMap`: fields of weights laid over the image, side by side.
 */
import { ShapeError } from "../src/core/errors.js";
import type { Figure } from "./figure.js";
import { matrixCells } from "./matrix.js";
import { extent, percent, significant } from "./numbers.js";
import { assertPixels, greyOf, pixelsUri, type Pixels } from "./pixels.js";
import { fontSizes } from "./theme.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** A place of a feature map of H x W places that lies over the image. */
export interface Query {
  readonly y: number;
  readonly x: number;
}

type Layer = Record<string, unknown>;

/** A whole number of places or pixels on an axis that spans the panel. */
const axis = (field: string, count: number): Layer => ({
  field,
  type: "quantitative",
  axis: null,
  scale: { domain: [0, count], nice: false, zero: false },
});
const down = (field: string, count: number): Layer => ({
  ...axis(field, count),
  scale: { domain: [0, count], nice: false, zero: false, reverse: true },
});

/**
 * The size of a panel about `side` pixels high, with the proportions of the image, in which every place of a map of H x W
 * is a whole number of pixels: cells that end between pixels show seams.
 */
function panelOf(image: Pixels, [height, width]: readonly [number, number], side: number): Layer {
  const whole = (length: number, count: number): number => Math.max(1, Math.round(length / count)) * count;
  return {
    width: whole((side * image.shape[1]) / image.shape[0], Math.max(1, width)),
    height: whole(side, Math.max(1, height)),
  };
}

/** The image over the whole panel, in the coordinates of the feature map. */
const imageLayer = (uri: string, [height, width]: readonly [number, number]): Layer => ({
  data: { values: [{ left: 0, right: width, top: 0, bottom: height, uri }] },
  mark: { type: "image", aspect: false, smooth: false, tooltip: null },
  encoding: {
    x: axis("left", width),
    x2: { field: "right" },
    y: down("top", height),
    y2: { field: "bottom" },
    url: { field: "uri" },
  },
});

/** An outline around places, white within black, so that it stands out from anything. */
const outline = (
  { left, right, top, bottom }: Record<"left" | "right" | "top" | "bottom", number>,
  [height, width]: readonly [number, number],
  strokeWidth = 2,
): Layer[] =>
  [
    { stroke: "#000000", strokeWidth: strokeWidth + 2 },
    { stroke: "#ffffff", strokeWidth },
  ].map((look) => ({
    data: { values: [{ left, right, top, bottom }] },
    mark: { type: "rect", fillOpacity: 0, strokeJoin: "miter", tooltip: null, ...look },
    encoding: {
      x: axis("left", width),
      x2: { field: "right" },
      y: down("top", height),
      y2: { field: "bottom" },
    },
  }));

const queryOutline = ({ y, x }: Query, size: readonly [number, number]): Layer[] =>
  outline({ left: x, right: x + 1, top: y, bottom: y + 1 }, size);

/** What `attentionRows` draws. */
export interface AttentionRowsArgs {
  /** What the model saw. */
  image: Pixels;
  query: Query;
  /** Weights of the query along its column, [head][H]; each row sums to 1. */
  height: readonly ArrayLike<number>[];
  /** Weights of the query along its row, [head][W]. */
  width: readonly ArrayLike<number>[];
  /** Default "Where one place looks". */
  title?: string;
  /** A line below the title. Default: none. */
  subtitle?: string;
}

const rowsKeys: KeysOf<AttentionRowsArgs> = {
  image: true,
  query: true,
  height: true,
  width: true,
  title: true,
  subtitle: true,
};

const rounded = (rows: readonly ArrayLike<number>[]): (number | null)[][] =>
  rows.map((row) => Array.from(row, (weight) => significant(weight, 3)));

/** The Vega-Lite specification of `attentionRows`. */
export function attentionRowsSpec({ image, query, height, width, ...text }: AttentionRowsArgs): VegaLiteSpec {
  assertPixels("attentionRows", image);
  const size: [number, number] = [height[0]?.length ?? 0, width[0]?.length ?? 0];
  if (query.y >= size[0] || query.x >= size[1] || query.y < 0 || query.x < 0)
    throw new ShapeError(
      `attentionRows: the query must lie on the map, got (${query.y}, ${query.x}) and weights over ` +
        `${size[0]} x ${size[1]}; count rows and columns from 0`,
    );
  const panel = panelOf(image, size, 300);
  const heads = Math.max(height.length, width.length, 1);
  const band = Math.max(12, Math.min(22, Math.round(104 / heads)));
  const [, strongest] = extent(
    [...height, ...width].flatMap((row) => Array.from(row)),
    0,
  );
  const color = {
    field: "value",
    type: "quantitative",
    title: "weight",
    scale: { domain: [0, significant(strongest, 3) || 1], range: "heatmap", interpolate: "rgb" },
    legend: { orient: "right", direction: "vertical", gradientLength: 110, gradientThickness: 10, tickCount: 4 },
  };
  const headAxis = { tickMinStep: 1, values: [], domain: false, grid: false, ticks: false };
  /** One band of cells a head, the keys along the side of the image. */
  const strip = (rows: readonly ArrayLike<number>[], along: "x" | "y"): Layer => {
    const across = along === "x" ? "y" : "x";
    const length = rows[0]?.length ?? 0;
    const cells = matrixCells(rounded(rows));
    return {
      ...(along === "x" ? { ...panel, height: band * rows.length } : { ...panel, width: band * rows.length }),
      data: cells.data,
      transform: [
        ...(cells.transform as Layer[]),
        { calculate: "datum.column + 1", as: "columnEnd" },
        { calculate: "datum.row + 1", as: "rowEnd" },
        { calculate: "datum.row + 1", as: "head" },
      ],
      mark: { type: "rect" },
      encoding: {
        [along]: along === "x" ? axis("column", length) : down("column", length),
        [`${along}2`]: { field: "columnEnd" },
        [across]: {
          field: "row",
          type: "quantitative",
          title: along === "x" ? "heads over row" : "heads over column",
          axis: along === "x" ? headAxis : { ...headAxis, orient: "top" },
          scale: { domain: [0, rows.length], nice: false, reverse: along === "x" },
        },
        [`${across}2`]: { field: "rowEnd" },
        color,
        tooltip: [
          { field: "head", type: "quantitative" },
          { field: "column", type: "quantitative", title: along === "x" ? "x" : "y" },
          { field: "value", type: "quantitative", title: "weight", format: ".3f" },
        ],
      },
    };
  };
  const { y, x } = query;
  return {
    title: { text: text.title ?? "Where one place looks", subtitle: text.subtitle ?? "" },
    description:
      `The image with the place in row ${y}, column ${x} outlined; beside it, a band for each of ${heads} heads, the ` +
      `weights over its column, below it those over its row. The strongest weight is ${significant(strongest, 3)}.`,
    columns: 2,
    align: "each",
    bounds: "flush",
    spacing: { row: 8, column: 8 },
    concat: [
      {
        ...panel,
        layer: [
          imageLayer(pixelsUri(image, 320), size),
          ...outline({ left: 0, right: size[1], top: y, bottom: y + 1 }, size, 1),
          ...outline({ left: x, right: x + 1, top: 0, bottom: size[0] }, size, 1),
          ...queryOutline(query, size),
        ],
      },
      strip(height, "y"),
      strip(width, "x"),
    ],
  };
}

/**
 * The image with the query outlined, and along its edges what each head of the query sees: below the image the weights
 * over the query's row, on its right those over its column, a band a head.
 *
 *     attentionRows({ image, query: { y: 3, x: 1 }, height: weightsDown, width: weightsAcross })
 *
 * @throws ShapeError for an image with more or fewer numbers than its shape says, and for axes with other numbers of heads
 * @throws ConfigError for an option that there is not
 */
export function attentionRows(args: AttentionRowsArgs): Figure {
  assertKnownKeys("attentionRows", args, rowsKeys);
  return vegaFigure(args.title ?? "Where one place looks", attentionRowsSpec(args));
}

/** Shares of each place of a feature map, [H, W] row-major, over the whole image. */
export interface AttentionField {
  readonly title: string;
  readonly values: ArrayLike<number>;
  readonly shape: readonly [height: number, width: number];
}

/** What `attentionMap` draws. */
export interface AttentionMapArgs {
  image: Pixels;
  /** Outlined in every panel whose map has this place. Default: none. */
  query?: Query;
  fields: readonly AttentionField[];
  /** Panels beside each other, the image's own included. Default 4. */
  columns?: number;
  /** Default "Attention over the image". */
  title?: string;
  /** A line below the title. Default: none. */
  subtitle?: string;
}

const mapKeys: KeysOf<AttentionMapArgs> = {
  image: true,
  query: true,
  fields: true,
  columns: true,
  title: true,
  subtitle: true,
};

/** Cells of a field are this wide and high at least, in CSS pixels: of finer ones only means can be seen. */
const leastCell = 2;

/** A field of at most `most` places a side: the mean of each group of neighbours that are numbers, NaN where none is. */
export function pooledField(field: AttentionField, most: number) {
  const { values, shape } = field;
  const group = Math.max(1, Math.ceil(Math.max(...shape) / most));
  const [height, width] = shape.map((side) => Math.ceil(side / group));
  const sums = new Float64Array(height * width);
  const counts = new Uint32Array(height * width);
  for (let y = 0; y < shape[0]; y++)
    for (let x = 0; x < shape[1]; x++) {
      const value = values[y * shape[1] + x];
      if (!Number.isFinite(value)) continue;
      const at = Math.floor(y / group) * width + Math.floor(x / group);
      sums[at] += value;
      counts[at]++;
    }
  return { values: sums.map((sum, i) => sum / counts[i]), shape: [height, width] as const, group };
}

/** Where the strongest place of a field is and what it holds, and how many places hold no number, in words. */
function describe({ title, values, shape: [, width] }: AttentionField): string {
  let [strongest, total, missing] = [-1, 0, 0];
  for (let i = 0; i < values.length; i++)
    if (Number.isFinite(values[i])) {
      total += values[i];
      if (strongest < 0 || values[i] > values[strongest]) strongest = i;
    } else missing++;
  const place = `strongest in row ${Math.floor(strongest / width)}, column ${strongest % width}`;
  const share = total > 0 ? ` (${percent(values[strongest] / total)} of the whole)` : "";
  const without = missing > 0 ? `, ${missing} places without a number` : "";
  return strongest < 0 ? `${title}: no numbers.` : `${title}: ${place}${share}${without}.`;
}

/** The colour of attention: bright on dark and on grey, and no hue of the image, which is drawn in grey. */
const attentionColour = "#ffb000";

/** The Vega-Lite specification of `attentionMap`. */
export function attentionMapSpec({ image, query, fields, columns = 4, ...text }: AttentionMapArgs): VegaLiteSpec {
  assertPixels("attentionMap", image);
  for (const { title, values, shape } of fields)
    if (values.length !== shape[0] * shape[1])
      throw new ShapeError(
        `attentionMap: a field must hold height x width numbers, got ${values.length} for [${shape.join(", ")}] (${title}); ` +
          "give shape as [height, width]",
      );
  const side = Math.min(200, Math.floor(560 / columns) - 10);
  const mapSize = fields[0]?.shape ?? [image.shape[0], image.shape[1]];
  const most = Math.floor(side / leastCell);
  const panel = panelOf(image, fields[0] ? pooledField(fields[0], most).shape : mapSize, side);
  const grey = pixelsUri(greyOf(image), side);
  const title = (label: string): Layer => ({
    data: { values: [{}] },
    mark: { type: "text", text: label, align: "left", baseline: "bottom", fontSize: fontSizes.label },
    encoding: { x: { value: 0 }, y: { value: -4 } },
  });
  const fieldLayer = (field: AttentionField): Layer => {
    const { group, ...pooled } = pooledField(field, most);
    const {
      values,
      shape: [height, width],
    } = pooled;
    const [, strongest] = extent(values, 0);
    const rows = Array.from({ length: height }, (_, y) =>
      Array.from({ length: width }, (_, x) => significant(values[y * width + x], 3)),
    );
    const cells = matrixCells(rows);
    return {
      data: cells.data,
      transform: [
        ...(cells.transform as Layer[]),
        // A place without a number shows the image alone.
        { filter: "isValid(datum.value)" },
        { calculate: `datum.column * ${group}`, as: "left" },
        { calculate: `datum.row * ${group}`, as: "top" },
        { calculate: `min(datum.left + ${group}, ${field.shape[1]})`, as: "right" },
        { calculate: `min(datum.top + ${group}, ${field.shape[0]})`, as: "bottom" },
      ],
      mark: { type: "rect", color: attentionColour, strokeWidth: 0 },
      encoding: {
        x: axis("left", field.shape[1]),
        x2: { field: "right" },
        y: down("top", field.shape[0]),
        y2: { field: "bottom" },
        opacity: {
          field: "value",
          type: "quantitative",
          legend: null,
          // The strongest place is opaque but for a rest of the image; the square root lets weak ones be seen.
          scale: { type: "sqrt", domain: [0, strongest || 1], range: [0, 0.92] },
        },
        tooltip: [
          { field: "top", type: "quantitative", title: "y" },
          { field: "left", type: "quantitative", title: "x" },
          {
            field: "value",
            type: "quantitative",
            title: group === 1 ? "share" : `mean share of ${group} \u00d7 ${group} places`,
            format: ".3~g",
          },
        ],
      },
    };
  };
  const marked = (size: readonly [number, number]): Layer[] =>
    query && query.y < size[0] && query.x < size[1] ? queryOutline(query, size) : [];
  return {
    title: { text: text.title ?? "Attention over the image", subtitle: text.subtitle ?? "" },
    description: `The image${query ? ` with the place in row ${query.y}, column ${query.x} outlined` : ""}, and over it ${fields.map(describe).join(" ")}`,
    columns,
    spacing: { row: 30, column: 10 },
    bounds: "flush",
    concat: [
      { ...panel, layer: [imageLayer(pixelsUri(image, side), mapSize), ...marked(mapSize), title("image")] },
      ...fields.map((field) => ({
        ...panel,
        layer: [imageLayer(grey, field.shape), fieldLayer(field), ...marked(field.shape), title(field.title)],
      })),
    ],
    resolve: { scale: { opacity: "independent", x: "independent", y: "independent" } },
  };
}

/**
 * Fields of weights over the image that a model saw: one panel a head, a layer or a query. The image turns grey, the
 * attention lies on it in one colour, each panel scaled to its strongest place.
 *
 *     attentionMap({ image, query: { y: 3, x: 1 }, fields: [{ title: "stage 1", ...receptiveField }] })
 *
 * @throws ShapeError for an image or a field with more or fewer numbers than its shape says
 * @throws ConfigError for an option that there is not
 */
export function attentionMap(args: AttentionMapArgs): Figure {
  assertKnownKeys("attentionMap", args, mapKeys);
  return vegaFigure(args.title ?? "Attention over the image", attentionMapSpec(args));
}
