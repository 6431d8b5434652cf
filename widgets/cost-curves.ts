/** What something costs and what it brings: time, memory or multiply-adds over size, accuracy over cost. */
import { ConfigError } from "../src/core/errors.js";
import type { Figure } from "./figure.js";
import { extent, significant } from "./numbers.js";
import { columnWidth } from "./theme.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** A measured or printed point: the series it belongs to, what it is called, and its numbers by name. */
export interface CostPoint {
  readonly series: string;
  /** Taken from print and not measured here: drawn hollow, on a dashed line of its own in the series' colour. Default false. */
  readonly printed?: boolean;
  /** Written beside the point: "S", "M", "L", "XL", ... */
  readonly label?: string;
  readonly values: Readonly<Record<string, number>>;
}

/** An axis of a panel of cost curves. */
export interface CostAxis {
  /** Which of the points' values. */
  readonly value: string;
  /** Default: the name of the value. */
  readonly title?: string;
  /** Default linear. */
  readonly scale?: "linear" | "log";
  /** In d3's notation. Default `~s` (1.5k, 20M), or `~g` where a value lies between 0 and 1: 0.1, not 100m. */
  readonly format?: string;
  /** The values that are marked, such as those that were measured. Default: round ones. */
  readonly marks?: readonly number[];
}

/** What `costCurves` draws. */
export interface CostCurvesArgs {
  readonly points: readonly CostPoint[];
  /** One picture each, beside each other; all have the series and their colours in common. */
  readonly panels: readonly { readonly x: CostAxis; readonly y: CostAxis }[];
  /** Default "Costs". */
  readonly title?: string;
  /** A line below the title. Default: none. */
  readonly subtitle?: string;
}

const keys: KeysOf<CostCurvesArgs> = { points: true, panels: true, title: true, subtitle: true };

/** What the curves show, in words: of each panel and series its ends, and where it is highest or lowest between them. */
function describe(points: readonly CostPoint[], panels: CostCurvesArgs["panels"]): string {
  const nameOf = ({ series, printed }: CostPoint): string => (printed ? `${series}, as printed,` : series);
  const series = [...new Set(points.map(nameOf))];
  const at = ([across, up]: readonly number[]): string => `${significant(up, 3)} at ${significant(across, 3)}`;
  const curve = (pairs: readonly (readonly number[])[]): string => {
    const [first, last] = [pairs[0], pairs[pairs.length - 1]];
    if (pairs.length === 1) return at(first);
    const ends = `from ${at(first)} to ${at(last)}`;
    const highest = pairs.reduce((best, pair) => (pair[1] > best[1] ? pair : best), first[1] > last[1] ? first : last);
    const lowest = pairs.reduce((best, pair) => (pair[1] < best[1] ? pair : best), first[1] < last[1] ? first : last);
    const between = [
      ...(highest === first || highest === last ? [] : [`highest ${at(highest)}`]),
      ...(lowest === first || lowest === last ? [] : [`lowest ${at(lowest)}`]),
    ];
    return [ends, ...between].join(", ");
  };
  return panels
    .map(({ x, y }) => {
      const told = series.flatMap((name) => {
        const pairs = points
          .filter((point) => nameOf(point) === name)
          .map(({ values }) => [values[x.value], values[y.value]])
          .filter((pair) => pair.every(Number.isFinite))
          .sort(([a], [b]) => a - b);
        return pairs.length === 0 ? [] : [`${name} ${curve(pairs)}`];
      });
      return `${y.title ?? y.value} over ${x.title ?? x.value}: ${told.join("; ")}.`;
    })
    .join(" ");
}

/** SI prefixes write a tenth as 100m, which beside a unit reads as another one. */
const formatOf = ({ format }: CostAxis, values: readonly number[]): string =>
  format ?? (values.some((value) => value !== 0 && Math.abs(value) < 1) ? "~g" : "~s");

/** The Vega-Lite specification of `costCurves`. */
export function costCurvesSpec({ points, panels, title, subtitle }: CostCurvesArgs): VegaLiteSpec {
  const series = [...new Set(points.map((point) => point.series))];
  const channel = (axis: CostAxis): Record<string, unknown> => {
    const values = points.map((point) => point.values[axis.value]).filter((value) => value !== undefined);
    const log = axis.scale === "log";
    const bad = log ? values.find((value) => value <= 0) : undefined;
    if (bad !== undefined)
      throw new ConfigError(
        `costCurves: a logarithmic axis must have positive values, got ${bad} for ${axis.value}; use a linear one`,
      );
    const [least, greatest] = extent(values);
    // Room at the ends, so that no point lies on an edge.
    const margin = 0.06;
    const domain = log
      ? [least * (greatest / least) ** -margin, greatest * (greatest / least) ** margin]
      : [least - margin * (greatest - least), greatest + margin * (greatest - least)];
    return {
      field: axis.value,
      type: "quantitative",
      title: axis.title ?? axis.value,
      scale: { type: axis.scale ?? "linear", domain: domain.map((end) => significant(end)), nice: false },
      axis: { format: formatOf(axis, values), grid: true, ...(axis.marks ? { values: axis.marks } : { tickCount: 5 }) },
    };
  };
  const width = Math.floor((columnWidth - 80 * panels.length) / panels.length);
  const color = {
    field: "series",
    type: "nominal",
    title: null,
    scale: { domain: series },
    legend: { symbolOpacity: 1, columns: series.length > 4 ? 2 : 4, labelLimit: 260 },
  };
  const shape = { field: "series", type: "nominal", title: null, scale: { domain: series } };
  return {
    title: { text: title ?? "Costs", subtitle: subtitle ?? "" },
    description: describe(points, panels),
    data: {
      values: points.map(({ series, label, printed = false, values }) => ({
        series,
        printed,
        ...(label === undefined ? {} : { label }),
        ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, significant(value, 5)])),
      })),
    },
    spacing: 24,
    hconcat: panels.map(({ x, y }) => {
      const [across, up] = [channel(x), channel(y)];
      const tooltip = [
        { field: "series" },
        ...(points.some((point) => point.label !== undefined) ? [{ field: "label" }] : []),
        ...[x, y].map((axis) => ({
          field: axis.value,
          type: "quantitative",
          title: axis.title ?? axis.value,
          format: axis.format ?? ".4~s",
        })),
      ];
      return {
        width,
        height: Math.min(300, Math.max(200, width)),
        transform: [{ filter: `isValid(datum['${x.value}']) && isValid(datum['${y.value}'])` }],
        encoding: { x: across, y: up, color },
        layer: [
          {
            mark: { type: "line", strokeWidth: 1.5, opacity: 0.7 },
            encoding: {
              order: { field: x.value, type: "quantitative" },
              detail: { field: "printed" },
              strokeDash: { condition: { test: "datum.printed", value: [4, 4] }, value: [1, 0] },
            },
          },
          ...[false, true].map((printed) => ({
            transform: [{ filter: `datum.printed === ${printed}` }],
            mark: { type: "point", size: 60, opacity: 1, filled: !printed, ...(printed ? { strokeWidth: 2 } : {}) },
            encoding: { shape, tooltip },
          })),
          {
            transform: [{ filter: "isValid(datum.label)" }],
            mark: { type: "text", align: "left", dx: 7, dy: 8 },
            encoding: { text: { field: "label", type: "nominal" } },
          },
        ],
      };
    }),
  };
}

/**
 * Curves of cost, one panel a pair of measures, one colour and shape a series.
 *
 *     costCurves({
 *       points: [{ series: "axial", label: "S", values: { parameters: 12.4e6, top1: 0.775 } }],
 *       panels: [{ x: { value: "parameters" }, y: { value: "top1", title: "top-1", format: ".1%" } }],
 *     })
 *
 * @throws ConfigError for a logarithmic axis with values that are not positive, and for an option that there is not
 */
export function costCurves(args: CostCurvesArgs): Figure {
  assertKnownKeys("costCurves", args, keys);
  return vegaFigure(args.title ?? "Costs", costCurvesSpec(args));
}
