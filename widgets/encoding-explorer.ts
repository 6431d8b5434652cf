/** Relative positional encodings, one table at a time: choose layer, term, head and epoch. */
import { ConfigError } from "../src/core/errors.js";
import type { Figure } from "./figure.js";
import { extent, quantile, significant } from "./numbers.js";
import { assertEncodingTable, type EncodingTable } from "./relative-encodings.js";
import { columnWidth } from "./theme.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** One table, and where and when it was found. */
export interface EncodingSnapshot {
  readonly layer: string;
  readonly term: "query" | "key" | "value";
  /** From 0; for layers whose heads have tables of their own. Default 0: shared by all heads. */
  readonly head?: number;
  /** Epochs trained. Default 0. */
  readonly epoch?: number;
  readonly table: EncodingTable;
}

/** How `encodingExplorer` is titled. */
export interface EncodingExplorerOptions {
  /** Default "Positional encodings, layer by layer". */
  readonly title?: string;
}

const keys: KeysOf<EncodingExplorerOptions> = { title: true };

/** The place in a list of what the reader has chosen, as the parameter `<name>Shown`, and its control where there is a choice. */
function control(name: string, values: readonly (string | number)[], start: number): VegaLiteSpec[] {
  const shown = `${name}Shown`;
  if (values.length < 2) return [{ name: shown, value: 0 }];
  if (typeof values[0] === "string")
    return [
      {
        name: shown,
        value: start,
        bind: { input: "select", options: values.map((_, i) => i), labels: values, name: `${name} ` },
      },
    ];
  const [min, max] = [values[0], values.at(-1)!];
  return [
    { name, value: values[start], bind: { input: "range", min, max, step: 1, name: `${name} ` } },
    // Between two snapshots the earlier one is shown.
    { name: shown, expr: `${values.map((value) => `(${name} >= ${value})`).join(" + ")} - 1` },
  ];
}

/** Length of the encoding of each offset. */
const normsOf = ({ values, shape: [offsets, channels] }: EncodingTable): number[] =>
  Array.from({ length: offsets }, (_, row) => {
    let squares = 0;
    for (let i = row * channels; i < (row + 1) * channels; i++) squares += values[i] ** 2;
    return Math.sqrt(squares);
  });

/** The Vega-Lite specification of `encodingExplorer`. */
export function encodingExplorerSpec(
  snapshots: readonly EncodingSnapshot[],
  { title = "Positional encodings, layer by layer" }: EncodingExplorerOptions = {},
): VegaLiteSpec {
  if (snapshots.length === 0)
    throw new ConfigError("encodingExplorer: there must be tables to explore, got none; give one snapshot at least");
  for (const { layer, term, table } of snapshots) assertEncodingTable("encodingExplorer", table, `${term} of ${layer}`);
  const listed = <T>(of: (snapshot: EncodingSnapshot) => T): T[] => [...new Set(snapshots.map(of))];
  const ascending = (of: (snapshot: EncodingSnapshot) => number): number[] => listed(of).sort((a, b) => a - b);
  const layers = listed(({ layer }) => layer);
  const terms = listed(({ term }) => term);
  const heads = ascending(({ head = 0 }) => head);
  const epochs = ascending(({ epoch = 0 }) => epoch);
  const rows = snapshots.flatMap(({ layer, term, head = 0, epoch = 0, table }) => {
    const [offsets, channels] = table.shape;
    return Array.from({ length: channels }, (_, channel) => ({
      layer: layers.indexOf(layer),
      term: terms.indexOf(term),
      head: heads.indexOf(head),
      epoch: epochs.indexOf(epoch),
      channel,
      first: -(table.before ?? (offsets - 1) / 2),
      value: Array.from({ length: offsets }, (_, row) => significant(table.values[row * channels + channel], 3)),
    }));
  });
  const all = snapshots.flatMap(({ table }) => Array.from(table.values, Math.abs).filter(Number.isFinite));
  const strongest = significant(quantile(all, 0.98) || 1, 3)!;
  const [, longest] = extent([0, ...snapshots.flatMap(({ table }) => normsOf(table))]);
  const width = columnWidth - 150;
  const chosen = (name: string, list: readonly (string | number)[]): string => `${JSON.stringify(list)}[${name}Shown]`;
  const chosenTable = [
    `${chosen("term", terms)} + ' encodings of ' + ${chosen("layer", layers)}`,
    ...(heads.length > 1 ? [`', head ' + ${chosen("head", heads)}`] : []),
    ...(epochs.length > 1 ? [`', after ' + ${chosen("epoch", epochs)} + ' epochs'`] : []),
  ].join(" + ");
  const offset = (labelled: boolean): VegaLiteSpec => ({
    field: "offset",
    type: "ordinal",
    title: labelled ? "offset (key \u2212 query)" : null,
    axis: { labels: labelled, labelAngle: 0, labelOverlap: "greedy", ticks: false, domain: false },
  });
  return {
    title: { text: { expr: chosenTable }, subtitle: title },
    description:
      `Heat map of one table of encodings by offset and channel, and its norm by offset, of ${layers.length} layers, ` +
      `${terms.join(", ")}, ${heads.length} heads, ${epochs.length} epochs; colours from -${strongest} to ${strongest}.`,
    params: [
      ...control("layer", layers, 0),
      ...control("term", terms, 0),
      ...control("head", heads, 0),
      ...control("epoch", epochs, epochs.length - 1),
    ],
    data: { values: rows },
    transform: [
      { filter: ["layer", "term", "head", "epoch"].map((name) => `datum.${name} == ${name}Shown`).join(" && ") },
      { flatten: ["value"] },
      { window: [{ op: "row_number", as: "place" }], groupby: ["channel"] },
      { calculate: "datum.first + datum.place - 1", as: "offset" },
    ],
    spacing: 8,
    vconcat: [
      {
        width,
        height: 220,
        mark: { type: "rect" },
        encoding: {
          x: offset(false),
          y: { field: "channel", type: "ordinal", axis: { labelOverlap: "greedy", ticks: false, domain: false } },
          color: {
            field: "value",
            type: "quantitative",
            title: null,
            scale: { domain: [-strongest, strongest], range: "diverging", interpolate: "rgb", clamp: true },
            legend: {
              orient: "right",
              direction: "vertical",
              gradientLength: 160,
              gradientThickness: 10,
              values: [-strongest, 0, strongest],
              format: ".3~g",
            },
          },
          tooltip: ["offset", "channel", "value"].map((field) => ({ field, type: "quantitative" })),
        },
      },
      {
        width,
        height: 80,
        transform: [
          { calculate: "datum.value * datum.value", as: "square" },
          { aggregate: [{ op: "sum", field: "square", as: "squares" }], groupby: ["offset"] },
          { calculate: "sqrt(datum.squares)", as: "norm" },
        ],
        mark: { type: "line", point: { size: 25 } },
        encoding: {
          x: offset(true),
          y: {
            field: "norm",
            type: "quantitative",
            scale: { domain: [0, significant(longest)] },
            axis: { tickCount: 3 },
          },
        },
      },
    ],
  };
}

/**
 * The encodings r^q, r^k, r^v (paper, eq. 4) of many layers and epochs, one table at a time, with the norm of each
 * offset below; controls choose the layer, the term, the head and the epoch. All tables share one scale of colours.
 *
 *     encodingExplorer([
 *       { layer: "stage1.block1.height", term: "query", epoch: 0, table: before.query },
 *       { layer: "stage1.block1.height", term: "query", epoch: 5, table: after.query },
 *     ])
 *
 * @throws ShapeError for a table with more or fewer numbers than its shape says, or without the offset 0
 * @throws ConfigError where there are no tables, and for an option that there is not
 */
export function encodingExplorer(
  snapshots: readonly EncodingSnapshot[],
  options: EncodingExplorerOptions = {},
): Figure {
  assertKnownKeys("encodingExplorer", options, keys);
  return vegaFigure(options.title ?? "Positional encodings, layer by layer", encodingExplorerSpec(snapshots, options));
}
