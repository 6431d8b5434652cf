/**
 * Plotly's specifications in Vega-Lite, drawn as Plotly draws them: lines in the order of their points and broken where
 * one is missing, bars of several traces beside each other, every trace in its own colour, axes of dates and of names by
 * what stands on them.
 */
import { ConfigError } from "../src/core/errors.js";
import { matrixCells } from "./matrix.js";
import { extent } from "./numbers.js";
import { edgesOf, kindOf, numbered, type AxisKind, type Place } from "./plotly-places.js";
import type {
  BarTrace,
  HeatmapTrace,
  PlotlyAxis,
  PlotlyLayout,
  PlotlySpec,
  PlotlyTrace,
  ScatterTrace,
} from "./plotly-spec.js";
import { columnWidth, fontSizes } from "./theme.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";

type Encoding = Record<string, unknown>;

/** Share of the distance between two bars that stays empty; Plotly's default `bargap`. */
const barGap = 0.2;
/** Room of a logarithmic axis beyond its data, as a share of their span in decades. */
const logMargin = 0.05;

/** One axis of a subplot: what stands on it, as numbers. */
interface Scale {
  readonly channel: "x" | "y";
  readonly axis: PlotlyAxis;
  readonly kind: AxisKind;
  /** Names on an axis of categories. */
  readonly names: readonly string[];
}

const placesOn = (trace: PlotlyTrace, channel: "x" | "y"): readonly Place[] =>
  trace[channel] ?? (trace.type === "heatmap" ? Array.from({ length: cellsAlong(trace, channel) }, (_, i) => i) : []);

const cellsAlong = (trace: HeatmapTrace, channel: "x" | "y"): number =>
  channel === "x" ? (trace.z[0]?.length ?? 0) : trace.z.length;

function scaleOf(channel: "x" | "y", axis: PlotlyAxis, traces: readonly PlotlyTrace[]): Scale {
  const places = traces.flatMap((trace) => placesOn(trace, channel));
  const kind = axis.type ?? kindOf(places);
  const names = kind === "category" ? [...new Set(places.filter((place) => place !== null).map(String))] : [];
  return { channel, axis, kind, names };
}

const on = (scale: Scale, places: readonly Place[]): (number | null)[] => numbered(places, scale.kind, scale.names);

/** The channel of an axis over `domain`; `nice` lets it end at round numbers. */
function positioned(
  { channel, axis, kind, names }: Scale,
  field: string,
  domain: readonly number[],
  nice: boolean,
): Encoding {
  const date = kind === "date";
  return {
    [channel]: {
      field,
      type: date ? "temporal" : "quantitative",
      title: axis.title?.text ?? null,
      scale: {
        type: date ? "utc" : kind === "log" ? "log" : "linear",
        domain: [...domain],
        nice,
        ...(kind === "linear" || kind === "category" ? { zero: false } : {}),
        reverse: axis.autorange === "reversed",
      },
      axis: {
        labels: axis.showticklabels !== false,
        ...(axis.showticklabels === false ? { minExtent: 0 } : {}),
        ...(kind === "linear" ? { tickMinStep: axis.dtick ?? undefined } : {}),
        ...(kind === "category"
          ? { values: names.map((_, i) => i), labelExpr: `${JSON.stringify(names)}[datum.value]`, grid: false }
          : {}),
      },
    },
  };
}

function heatmapLayer(trace: HeatmapTrace, x: Scale, y: Scale, { coloraxis }: PlotlyLayout): Encoding {
  const cells = matrixCells(trace.z);
  const edges = (scale: Scale): number[] => {
    const places = on(scale, placesOn(trace, scale.channel));
    if (places.includes(null))
      throw new ConfigError(
        `plotlyFigure: every cell must have a place on its axis, got ${JSON.stringify(
          placesOn(trace, scale.channel)[places.indexOf(null)],
        )} on a ${scale.kind} one; use another type of axis`,
      );
    return edgesOf(places as number[], scale.kind);
  };
  const along = (scale: Scale, number: string) => {
    const { channel } = scale;
    const all = edges(scale);
    const drawn = positioned(scale, channel, extent(all), false)[channel] as Encoding;
    const bare = { ...(drawn.axis as Encoding), grid: false, domain: false, ticks: false };
    const list = JSON.stringify(all);
    return {
      transform: [
        { calculate: `${list}[${number}]`, as: channel },
        { calculate: `${list}[${number} + 1]`, as: `${channel}2` },
      ],
      encoding: {
        [channel]: {
          ...drawn,
          axis: scale.kind === "linear" ? { tickMinStep: 1, ...bare } : bare,
        },
        [`${channel}2`]: { field: `${channel}2` },
      },
    };
  };
  const across = along(x, "datum.column");
  const up = along(y, "datum.row");
  return {
    data: cells.data,
    transform: [...(cells.transform as Encoding[]), ...across.transform, ...up.transform],
    mark: { type: "rect", tooltip: { content: "data" } },
    encoding: { ...across.encoding, ...up.encoding, color: colourOf(coloraxis) },
  };
}

function colourOf(coloraxis: PlotlyLayout["coloraxis"]): Encoding {
  const ends = coloraxis ? [coloraxis.cmin, coloraxis.cmax] : null;
  return {
    field: "value",
    type: "quantitative",
    title: coloraxis?.colorbar?.title?.text ?? null,
    scale: {
      ...(ends ? { domain: ends } : {}),
      range: coloraxis?.colorscale === "diverging" ? "diverging" : "heatmap",
      interpolate: "rgb",
      clamp: true,
    },
    legend: {
      orient: "right",
      direction: "vertical",
      gradientLength: 160,
      gradientThickness: 10,
      // Round ticks that lie beyond the ends would be written at the ends.
      ...(ends ? { values: [0, 0.25, 0.5, 0.75, 1].map((share) => (1 - share) * ends[0] + share * ends[1]) } : {}),
      format: ".3~g",
    },
  };
}

/** A trace's number among all: its colour, as Plotly counts. */
type Numbered<T> = T & { readonly number: number };

/** Lines, points and bars of one subplot, bars below the others. */
function curveLayers(
  traces: readonly Numbered<ScatterTrace | BarTrace>[],
  x: Scale,
  y: Scale,
  color: Encoding,
): Encoding[] {
  const bars = traces.filter((trace) => trace.type === "bar");
  const drawn = [...bars, ...traces.filter((trace) => trace.type === "scatter")];
  const points = drawn.map((trace) => ({ x: on(x, trace.x), y: on(y, trace.y) }));
  const stops = bars
    .flatMap((trace) => on(x, trace.x))
    .filter((place) => place !== null)
    .sort((a, b) => a - b);
  const gaps = stops.flatMap((place, i) => (i > 0 && place > stops[i - 1] ? [place - stops[i - 1]] : []));
  const [distance] = gaps.length > 0 ? extent(gaps) : [1];
  const width = ((1 - barGap) * distance) / Math.max(1, bars.length);

  const domainOf = (scale: Scale, all: readonly (number | null)[]): { domain: number[]; nice: boolean } => {
    if (scale.kind === "category") return { domain: [-0.5, Math.max(0, scale.names.length - 1) + 0.5], nice: false };
    if (scale.kind !== "log") return { domain: extent(all), nice: true };
    const [least, greatest] = extent(all.map((place) => (place === null ? null : Math.log(place))));
    const room = logMargin * (greatest - least);
    return { domain: [Math.exp(least - room), Math.exp(greatest + room)], nice: false };
  };
  const allX = points.flatMap((point) => point.x).concat(stops.flatMap((at) => [at - distance / 2, at + distance / 2]));
  const across = domainOf(x, allX);
  const up = domainOf(y, points.flatMap((point) => point.y).concat(bars.length > 0 && y.kind !== "log" ? [0] : []));

  return drawn.map((trace, i) => {
    const offset = trace.type === "bar" ? (bars.indexOf(trace) - bars.length / 2) * width : 0;
    const rows = points[i].x.flatMap((place, at): Encoding[] => {
      const value = points[i].y[at] ?? null;
      const { number } = trace;
      if (trace.type === "scatter") return [{ at, x: place, y: value, trace: number }];
      return place === null || value === null
        ? []
        : [{ x: place + offset, x2: place + offset + width, y: value, trace: number }];
    });
    const lines = trace.type === "scatter" && trace.mode.includes("lines");
    const marks = trace.type === "scatter" && trace.mode.includes("markers");
    const encoding = {
      ...positioned(x, "x", across.domain, across.nice),
      ...positioned(y, "y", up.domain, up.nice),
      color,
    };
    if (trace.type === "bar")
      return {
        data: { values: rows },
        mark: { type: "rect" },
        encoding: { ...encoding, x2: { field: "x2" }, y2: y.kind === "log" ? { datum: up.domain[0] } : { datum: 0 } },
      };
    return {
      data: { values: rows },
      mark: lines ? { type: "line", point: marks } : "point",
      encoding: { ...encoding, ...(lines ? { order: { field: "at" } } : {}) },
    };
  });
}

/** A length near the given one of which each cell of a heat map gets a whole number of pixels: others show seams. */
function wholeCells(length: number, traces: readonly PlotlyTrace[], channel: "x" | "y"): number {
  const [first] = traces;
  const cells = first?.type === "heatmap" ? Math.max(1, cellsAlong(first, channel)) : 1;
  return Math.max(1, Math.round(length / cells)) * cells;
}

/** A text over the upper left corner: a Vega-Lite title would stand at a height that depends on the axis labels. */
const subplotTitle = (text: string): Encoding => ({
  data: { values: [{}] },
  mark: { type: "text", text, align: "left", baseline: "bottom", fontSize: fontSizes.axisTitle },
  encoding: { x: { value: 0 }, y: { value: -5 } },
});

/** The colours of lines, points and bars: a trace's own, in the order of all traces; in the legend where one has a name. */
function traceColour(data: readonly PlotlyTrace[]): Encoding {
  const numbers = data.map((_, number) => number);
  const labels = data.map(({ name }, number) => name ?? `trace ${number}`);
  const legend = data.some((trace) => trace.type !== "heatmap" && trace.name !== undefined);
  return {
    field: "trace",
    type: "nominal",
    title: null,
    scale: { domain: numbers },
    legend: legend
      ? {
          values: numbers.filter((number) => data[number].type !== "heatmap"),
          labelExpr: `${JSON.stringify(labels)}[datum.value]`,
        }
      : null,
  };
}

/** The same figure in Vega-Lite. */
export function plotlyToVegaLite({ data, layout }: PlotlySpec): VegaLiteSpec {
  const part = (axis: PlotlyAxis | undefined): readonly [number, number] => axis?.domain ?? [0, 1];
  const plotWidth = columnWidth - 110;
  const plotHeight = layout.height - (layout.title ? 128 : 88);
  const all = data.map((trace, number) => ({ ...trace, number }));
  const color = traceColour(data);
  const views = Object.entries(layout.xaxes).map(([name, xaxis]) => {
    const yaxis = layout.yaxes[xaxis.anchor ?? "y"];
    const [left, right] = part(xaxis);
    const [bottom, top] = part(yaxis);
    const traces = all.filter((trace) => (trace.xaxis ?? "x") === name);
    const x = scaleOf("x", xaxis, traces);
    const y = scaleOf("y", yaxis, traces);
    const title = layout.subplotTitles?.[name];
    const curves = traces.filter((trace) => trace.type !== "heatmap");
    return {
      left,
      top,
      view: {
        width: wholeCells((right - left) * plotWidth, traces, "x"),
        height: wholeCells((top - bottom) * plotHeight, traces, "y"),
        layer: [
          ...traces.filter((trace) => trace.type === "heatmap").map((trace) => heatmapLayer(trace, x, y, layout)),
          ...curveLayers(curves, x, y, color),
          ...(title === undefined ? [] : [subplotTitle(title)]),
        ],
      },
    };
  });
  const mixed = new Set(data.map((trace) => trace.type === "heatmap")).size > 1;
  const rows = new Set(views.map(({ top }) => top)).size;
  // Subplots line up by their plotting areas, so what stands between these needs its room.
  const labelled = (axes: PlotlyLayout["xaxes"]): number =>
    Object.values(axes).filter((axis) => axis.showticklabels !== false).length;
  const columns = views.length / rows;
  const titled = Object.values(layout.yaxes).filter((axis) => axis.title !== undefined).length;
  const columnSpacing = titled > rows ? 64 : labelled(layout.yaxes) > rows ? 44 : 26;
  const rowSpacing = labelled(layout.xaxes) > columns ? 60 : 16;
  const inOrder = [...views].sort((a, b) => b.top - a.top || a.left - b.left).map(({ view }) => view);
  const grid = { columns, align: "each", bounds: "flush", spacing: { row: rowSpacing, column: columnSpacing } };
  return {
    ...(layout.title ? { title: layout.title.text } : {}),
    ...(layout.description === undefined ? {} : { description: layout.description }),
    ...(views.length === 1 ? views[0].view : { concat: inOrder, ...grid }),
    // Cells and traces have each a scale of colours.
    ...(mixed ? { resolve: { scale: { color: "independent" } } } : {}),
  };
}
