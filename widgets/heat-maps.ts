/** Matrices as heat maps beside each other, in one scale of colours: weights of attention, similarities, differences. */
import { ShapeError } from "../src/core/errors.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";
import type { Figure } from "./figure.js";
import { matrixCells } from "./matrix.js";
import { extent, significant } from "./numbers.js";
import { columnWidth, fontSizes } from "./theme.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";

/** One matrix of `heatMaps`. */
export interface HeatMapPanel {
  readonly title: string;
  /** [row][column]; NaN is left out. All rows are of one length. */
  readonly values: readonly ArrayLike<number>[];
}

/** What `heatMaps` draws. */
export interface HeatMapsArgs {
  readonly panels: readonly HeatMapPanel[];
  /** What rows and columns are. Default "row" and "column". */
  readonly rowTitle?: string;
  /** Default "column". */
  readonly columnTitle?: string;
  /** Number of the first row and column: offsets may start below zero. Default 0. */
  readonly firstRow?: number;
  /** Default 0. */
  readonly firstColumn?: number;
  /** Name of the values. Default "value". */
  readonly valueTitle?: string;
  /** Colours from the least to the greatest value, or in two hues on both sides of zero. Default `sequential`. */
  readonly colours?: "sequential" | "diverging";
  /** Panels in a row. Default 3. */
  readonly columns?: number;
  /** Default "Heat maps". */
  readonly title?: string;
  /** A line below the title. Default: none. */
  readonly subtitle?: string;
}

const keys: KeysOf<HeatMapsArgs> = {
  panels: true,
  rowTitle: true,
  columnTitle: true,
  firstRow: true,
  firstColumn: true,
  valueTitle: true,
  colours: true,
  columns: true,
  title: true,
  subtitle: true,
};

/** CSS pixels that a number takes along its axis: across, and down. */
const [columnLabelSize, rowLabelSize] = [20, 12];

/** One panel in words: where it is highest, and with both signs where it is lowest; of ones and zeros, how many ones. */
function describePanel(
  { title, values }: HeatMapPanel,
  { rowTitle = "row", columnTitle = "column", firstRow = 0, firstColumn = 0, colours }: HeatMapsArgs,
): string {
  const cells = values.flatMap((row, y) => Array.from(row, (value, x) => ({ value, y, x })));
  const finite = cells.filter(({ value }) => Number.isFinite(value));
  const size = `${title} (${values.length} x ${values[0].length})`;
  if (finite.length === 0) return size;
  const ones = finite.filter(({ value }) => value === 1).length;
  if (finite.every(({ value }) => value === 0 || value === 1)) return `${size}, ${ones} of ${cells.length} cells 1`;
  const extreme = (better: (a: number, b: number) => boolean, word: string): string => {
    const { value, y, x } = finite.reduce((best, one) => (better(one.value, best.value) ? one : best));
    return `${word} ${significant(value, 3)} at ${rowTitle} ${y + firstRow}, ${columnTitle} ${x + firstColumn}`;
  };
  const extremes = [extreme((a, b) => a > b, "highest")];
  if (colours === "diverging") extremes.push(extreme((a, b) => a < b, "lowest"));
  return [size, ...extremes].join(", ");
}

/** The Vega-Lite specification of `heatMaps`. */
export function heatMapsSpec(args: HeatMapsArgs): VegaLiteSpec {
  const { panels, rowTitle = "row", columnTitle = "column", firstRow = 0, firstColumn = 0 } = args;
  const { valueTitle = "value", colours = "sequential", title = "Heat maps", subtitle = "" } = args;
  for (const { title: name, values } of panels)
    if (values.length === 0 || Array.from(values).some((row) => row.length !== values[0].length || row.length === 0))
      throw new ShapeError(
        `heatMaps: a panel must have rows of one length, got ${values.length} of ` +
          `${[...new Set(Array.from(values, (row) => row.length))].join(", ")} in ${name}; give [row][column]`,
      );
  const columns = Math.min(args.columns ?? 3, Math.max(1, panels.length));
  const [least, greatest] = extent(
    panels.flatMap(({ values }) => Array.from(values).flatMap((row) => Array.from(row))),
    0,
  );
  const strongest = Math.max(Math.abs(least), Math.abs(greatest)) || 1;
  const domain = colours === "diverging" ? [-strongest, strongest] : [Math.min(0, least), greatest || 1];
  const longest = panels.reduce((most, { values }) => Math.max(most, values.length, values[0].length), 1);
  const room = Math.min(panels.length === 1 ? 300 : 230, (columnWidth - 90) / columns - 34);
  const cell = Math.max(2, Math.floor(room / longest));
  const axis = (field: string, name: string, numbers: readonly number[]): VegaLiteSpec => ({
    field,
    type: "ordinal",
    title: name,
    axis: { labelAngle: 0, labelOverlap: "greedy", ticks: false, domain: false, values: numbers },
  });
  /** Multiples of a round step, so far apart that labels of this size have room. */
  const labelled = (first: number, count: number, size: number): number[] => {
    const step = [1, 2, 5, 10, 20, 50].find((one) => one * cell >= size) ?? 100;
    return Array.from({ length: count }, (_, i) => first + i).filter((number) => number % step === 0);
  };
  return {
    title: { text: title, subtitle },
    description:
      `${panels.length === 1 ? "A heat map" : `${panels.length} heat maps`}, ${rowTitle} down and ${columnTitle} across: ` +
      `${panels.map((panel) => describePanel(panel, args)).join("; ")}. ` +
      `${valueTitle} from ${significant(least, 3)} to ${significant(greatest, 3)}.`,
    columns,
    spacing: { row: 30, column: 26 },
    concat: panels.map(({ title: name, values }) => {
      const cells = matrixCells(values.map((row) => Array.from(row, (value) => significant(value, 3))));
      return {
        width: cell * values[0].length,
        height: cell * values.length,
        title: { text: name, fontSize: fontSizes.axisTitle, fontWeight: 400, offset: 5 },
        data: cells.data,
        transform: [
          ...(cells.transform as VegaLiteSpec[]),
          { calculate: `datum.row + ${firstRow}`, as: "y" },
          { calculate: `datum.column + ${firstColumn}`, as: "x" },
          { filter: "isValid(datum.value)" },
        ],
        mark: { type: "rect" },
        encoding: {
          x: axis("x", columnTitle, labelled(firstColumn, values[0].length, columnLabelSize)),
          y: axis("y", rowTitle, labelled(firstRow, values.length, rowLabelSize)),
          color: {
            field: "value",
            type: "quantitative",
            title: valueTitle,
            scale: {
              domain: domain.map((end) => significant(end, 3)),
              range: colours === "diverging" ? "diverging" : "heatmap",
              interpolate: "rgb",
            },
            legend: {
              orient: "right",
              direction: "vertical",
              gradientLength: 110,
              gradientThickness: 10,
              tickCount: 4,
            },
          },
          tooltip: [
            { field: "y", type: "quantitative", title: rowTitle },
            { field: "x", type: "quantitative", title: columnTitle },
            { field: "value", type: "quantitative", title: valueTitle },
          ],
        },
      };
    }),
  };
}

/**
 * Matrices beside each other, one colour scale for all.
 *
 *     heatMaps({ panels: [{ title: "head 1", values: [[0.9, 0.1], [0.4, 0.6]] }], rowTitle: "query", columnTitle: "key" })
 *
 * @throws ShapeError where the rows of a panel are not of one length
 * @throws ConfigError for an option that there is not
 */
export function heatMaps(args: HeatMapsArgs): Figure {
  assertKnownKeys("heatMaps", args, keys);
  return vegaFigure(args.title ?? "Heat maps", heatMapsSpec(args));
}
