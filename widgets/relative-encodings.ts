/** Relative positional encodings of an axial attention layer, by offset, as heat maps. */
import { ShapeError } from "../src/core/errors.js";
import type { Figure } from "./figure.js";
import { quantile, significant } from "./numbers.js";
import { plotlyFigure } from "./plotly.js";
import type { HeatmapTrace, PlotlyAxis, PlotlySpec } from "./plotly-spec.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** A table of encodings r: row = (key index - query index) + before, column = channel, row-major. */
export interface EncodingTable {
  readonly values: ArrayLike<number>;
  /** Offsets, and the channels of a head. */
  readonly shape: readonly [offsets: number, channels: number];
  /** The first row stands for the offset -before. Default: as many offsets before 0 as after it. */
  readonly before?: number;
}

/** The tables of one layer at one moment; a layer may lack any of them. */
export interface LayerEncodings {
  /** What the column is called: "before training", "width axis", ... */
  name: string;
  query?: EncodingTable | null;
  key?: EncodingTable | null;
  value?: EncodingTable | null;
}

/** What `relativeEncodings` shows of its tables. */
export interface RelativeEncodingsOptions {
  /** Default "Relative positional encodings". */
  title?: string;
  /** Offsets shown on either side of 0. Default: all. */
  reach?: number;
  /** A last column: how the last layer differs from the first, such as after from before training. Default false. */
  change?: boolean;
}

const keys: KeysOf<RelativeEncodingsOptions> = { title: true, reach: true, change: true };

const kinds = ["query", "key", "value"] as const;

const rowsBefore = ({ shape: [offsets], before }: EncodingTable): number => before ?? (offsets - 1) / 2;

/** One row of cells a channel, offsets from -reach to +reach. */
function cells(table: EncodingTable, reach: number): (number | null)[][] {
  const {
    values,
    shape: [offsets, channels],
  } = table;
  const before = rowsBefore(table);
  return Array.from({ length: channels }, (_, channel) =>
    Array.from({ length: 2 * reach + 1 }, (_, column) => {
      const row = column - reach + before;
      return row < 0 || row >= offsets ? null : significant(values[row * channels + channel], 3);
    }),
  );
}

/** Throws ShapeError unless a table has as many numbers as its shape says, around the offset 0. */
export function assertEncodingTable(where: string, table: EncodingTable, what: string): void {
  const [offsets, channels] = table.shape;
  if (!Number.isInteger(rowsBefore(table)) || table.values.length !== offsets * channels)
    throw new ShapeError(
      `${where}: a table must hold offsets x channels numbers around offset 0, got ${table.values.length} for shape ` +
        `[${offsets}, ${channels}] (${what}); give the layer's tables as they are`,
    );
}

/** The last layer less the first, where both have tables of one shape. */
function changeOf(layers: readonly LayerEncodings[]): LayerEncodings {
  const change: LayerEncodings = { name: "change" };
  for (const kind of kinds) {
    const [from, to] = [layers[0]?.[kind], layers.at(-1)?.[kind]];
    if (from && to && from.values.length === to.values.length)
      change[kind] = { ...to, values: Float64Array.from(to.values, (value, i) => value - from.values[i]) };
  }
  return change;
}

/** What the heat maps show, in words: of each table, the offset at which it is strongest. */
function describe(layers: readonly LayerEncodings[], shown: readonly (typeof kinds)[number][], end: number): string {
  const told = layers.flatMap((layer) =>
    shown.flatMap((kind) => {
      const table = layer[kind];
      if (!table) return [];
      const [offsets, channels] = table.shape;
      const norms = Array.from({ length: offsets }, (_, row) => {
        let squares = 0;
        for (let i = row * channels; i < (row + 1) * channels; i++) squares += table.values[i] ** 2 || 0;
        return squares;
      });
      const strongest = norms.reduce((best, norm, row) => (norm > norms[best] ? row : best), 0);
      return [`${layer.name}, ${kind}: strongest at offset ${strongest - rowsBefore(table)}`];
    }),
  );
  return `Heat maps of ${shown.join(", ")} encodings by offset and channel, colours from ${significant(-end, 3)} to ${significant(end, 3)}. ${told.join("; ")}.`;
}

/** The Plotly specification of `relativeEncodings`. */
export function relativeEncodingsSpec(
  given: readonly LayerEncodings[],
  options: RelativeEncodingsOptions = {},
): PlotlySpec {
  for (const layer of given)
    for (const kind of kinds)
      if (layer[kind]) assertEncodingTable("relativeEncodings", layer[kind], `${kind} of ${layer.name}`);
  const layers = options.change === true ? [...given, changeOf(given)] : given;

  const shown = kinds.filter((kind) => layers.some((layer) => layer[kind]));
  const reachOf = (table: EncodingTable): number => Math.max(rowsBefore(table), table.shape[0] - 1 - rowsBefore(table));
  const tables = layers.flatMap((layer) =>
    shown.map((kind) => layer[kind]).filter((table) => table !== null && table !== undefined),
  );
  const greatestOf = (counts: readonly number[]): number => counts.reduce((a, b) => Math.max(a, b), 0);
  const reach = options.reach ?? greatestOf(tables.map(reachOf));
  const channelsOf = (kind: (typeof kinds)[number]): number =>
    greatestOf(layers.map((layer) => layer[kind]?.shape[1] ?? 0));
  // A few outliers of the initial noise shall not wash out all the rest: they get the outermost colour.
  const strongest =
    quantile(
      tables.flatMap((table) => Array.from(table.values, Math.abs).filter(Number.isFinite)),
      0.98,
    ) || 1;

  // Cells are as high in every row: a row's share of the height is its share of the channels.
  const gap = 0.06;
  const channels = shown.map(channelsOf);
  const unit = (1 - gap * (shown.length - 1)) / channels.reduce((sum, count) => sum + count, 0);
  const width = (1 - 0.06 * (layers.length - 1)) / layers.length;

  const data: HeatmapTrace[] = [];
  const xaxes: Record<string, PlotlyAxis> = {};
  const yaxes: Record<string, PlotlyAxis> = {};
  const subplotTitles: Record<string, string> = {};
  const offsets = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  let top = 1;
  shown.forEach((kind, row) => {
    const height = unit * channels[row];
    layers.forEach((layer, column) => {
      const number = row * layers.length + column + 1;
      const suffix = number === 1 ? "" : String(number);
      const last = row === shown.length - 1;
      const left = column * (width + 0.06);
      xaxes[`x${suffix}`] = {
        domain: [left, left + width],
        anchor: `y${suffix}`,
        showticklabels: last,
        ...(last ? { title: { text: "offset (key \u2212 query)" } } : {}),
      };
      yaxes[`y${suffix}`] = {
        domain: [Math.max(0, top - height), top],
        anchor: `x${suffix}`,
        autorange: "reversed",
        ...(column === 0 ? { title: { text: `${kind}` } } : {}),
      };
      if (row === 0) subplotTitles[`x${suffix}`] = layer.name;
      const table = layer[kind];
      // A layer without this table keeps its place, empty.
      const empty = offsets.map(() => null);
      data.push({
        type: "heatmap",
        z: table ? cells(table, reach) : Array.from({ length: channels[row] }, () => empty),
        x: offsets,
        xaxis: `x${suffix}`,
        yaxis: `y${suffix}`,
        coloraxis: "coloraxis",
        hovertemplate: `${kind}, offset %{x}, channel %{y}: %{z}<extra></extra>`,
      });
    });
    top -= height + gap;
  });
  return {
    data,
    layout: {
      title: { text: options.title ?? "Relative positional encodings" },
      description: describe(layers, shown, strongest),
      height: 150 + Math.min(480, Math.max(200, 9 * channels.reduce((sum, count) => sum + count, 0))),
      coloraxis: {
        colorscale: "diverging",
        cmin: -significant(strongest, 3)!,
        cmax: significant(strongest, 3)!,
      },
      subplotTitles,
      xaxes,
      yaxes,
    },
  };
}

/**
 * Heat maps of the encodings r^q, r^k and r^v (paper, eq. 4): a column for each layer or moment, a row for each kind,
 * offsets to the right and channels downwards, all in one scale of colours around zero, which the strongest 2 % exceed.
 *
 *     relativeEncodings([{ name: "before training", ...before }, { name: "after training", ...after }])
 *
 * @throws ShapeError for a table with more or fewer numbers than its shape says, or without the offset 0
 * @throws ConfigError for an option that there is not
 */
export function relativeEncodings(layers: readonly LayerEncodings[], options: RelativeEncodingsOptions = {}): Figure {
  assertKnownKeys("relativeEncodings", options, keys);
  return plotlyFigure(options.title ?? "Relative positional encodings", relativeEncodingsSpec(layers, options));
}
