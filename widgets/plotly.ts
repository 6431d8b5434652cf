/**
 * Figures from Plotly specifications, of the subset that is declared here: heat maps, lines, points and bars in a grid
 * of subplots.
 *
 * VS Code and our HTML page draw the Plotly form. JupyterLab without Plotly's extension, and the static pictures, use
 * its translation into Vega-Lite. Plotly itself is never part of a notebook.
 */
import { createFigure, type Figure } from "./figure.js";
import { matrixCells } from "./matrix.js";
import { vegaLiteToSvg } from "./picture.js";
import {
  columnWidth,
  dark,
  divergingRamp,
  fontSizes,
  light,
  plotlyAxis,
  plotlyLayout,
  sequentialRamp,
} from "./theme.js";
import { themed, vegaLiteMimeType, type VegaLiteSpec } from "./vega.js";

export const plotlyMimeType = "application/vnd.plotly.v1+json";

/** Which subplot a trace is drawn in: `x`, `x2`, ... and `y`, `y2`, ... Default the first. */
interface Placed {
  xaxis?: string;
  yaxis?: string;
  name?: string;
}

export interface HeatmapTrace extends Placed {
  type: "heatmap";
  /** Rows from the bottom of the y axis up. */
  z: readonly (readonly (number | null)[])[];
  /** Places of the columns and rows: evenly spaced numbers, or names. Default 0, 1, 2, ... */
  x?: readonly (number | string)[];
  y?: readonly (number | string)[];
  coloraxis: "coloraxis";
  hovertemplate?: string;
}

export interface ScatterTrace extends Placed {
  type: "scatter";
  mode: "lines" | "markers" | "lines+markers";
  x: readonly (number | string)[];
  y: readonly (number | null)[];
}

export interface BarTrace extends Placed {
  type: "bar";
  x: readonly (number | string)[];
  y: readonly (number | null)[];
}

export type PlotlyTrace = HeatmapTrace | ScatterTrace | BarTrace;

export interface PlotlyAxis {
  title?: { text: string };
  /** Part of the width or height of the figure, 0 to 1. */
  domain?: readonly [number, number];
  type?: "linear" | "log" | "category";
  /** First value at the top or right. */
  autorange?: "reversed" | true;
  /** The axis that this one stands at: `y2` for the x axis of a second subplot. */
  anchor?: string;
  showticklabels?: boolean;
  dtick?: number;
}

export interface PlotlyLayout {
  title?: { text: string };
  height: number;
  coloraxis?: {
    /** `sequential` for magnitudes, `diverging` for signed values. */
    colorscale: "sequential" | "diverging";
    cmin: number;
    cmax: number;
    colorbar?: { title?: { text: string } };
  };
  /** Titles over subplots, by the name of their x axis. */
  subplotTitles?: Readonly<Record<string, string>>;
  xaxes: Readonly<Record<string, PlotlyAxis>>;
  yaxes: Readonly<Record<string, PlotlyAxis>>;
}

export interface PlotlySpec {
  data: readonly PlotlyTrace[];
  layout: PlotlyLayout;
}

const ramps = { sequential: sequentialRamp, diverging: divergingRamp };

/** `x` is Plotly's `xaxis`, `x2` its `xaxis2`. */
const layoutKey = (axis: string): string => `${axis[0]}axis${axis.slice(1)}`;

/** The specification as Plotly itself reads it, in the colours of the theme. */
export function plotlyJson({ data, layout }: PlotlySpec): Record<string, unknown> {
  const { title, height, coloraxis, subplotTitles = {}, xaxes, yaxes } = layout;
  const axes = (looks: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries({ ...xaxes, ...yaxes }).map(([name, axis]) => [layoutKey(name), { ...looks, ...axis }]),
    );
  const lightLayout = plotlyLayout(light);
  const ramp = coloraxis ? ramps[coloraxis.colorscale] : [];
  return {
    data,
    layout: {
      ...lightLayout,
      autosize: true,
      height,
      margin: { l: 60, r: 16, t: title ? 76 : 36, b: 52 },
      title: title ? { ...(lightLayout.title as Record<string, unknown>), ...title } : undefined,
      showlegend: data.some((trace) => trace.type !== "heatmap" && trace.name !== undefined),
      coloraxis: coloraxis && {
        ...coloraxis,
        colorscale: ramp.map((colour, i) => [i / (ramp.length - 1), colour]),
        colorbar: { thickness: 10, outlinewidth: 0, ...coloraxis.colorbar },
      },
      annotations: Object.entries(subplotTitles).map(([axis, text]) => ({
        text,
        xref: `${axis} domain`,
        yref: `${xaxes[axis].anchor ?? "y"} domain`,
        x: 0,
        y: 1,
        yanchor: "bottom",
        yshift: 3,
        showarrow: false,
        font: { size: fontSizes.axisTitle },
      })),
      ...axes(plotlyAxis(light)),
      meta: { dark: { ...plotlyLayout(dark), ...axes(plotlyAxis(dark)) } },
    },
  };
}

type Encoding = Record<string, unknown>;

const axisLooks = (axis: PlotlyAxis): Encoding => ({
  title: axis.title?.text ?? null,
  axis: {
    labels: axis.showticklabels !== false,
    ...(axis.showticklabels === false ? { minExtent: 0 } : {}),
    ...(axis.type === "log" ? {} : { tickMinStep: 1 }),
  },
});

/** Where evenly spaced cells begin, and how wide each is. */
function cellEdges(places: HeatmapTrace["x"]): { start: number; step: number } {
  const first = Number(places?.[0] ?? 0);
  const step = places && places.length > 1 ? Number(places[1]) - first : 1;
  return { start: first - step / 2, step };
}

/** The `count` cells of a heat map along one axis: edges for evenly spaced numbers, a band for names. */
function cellEncoding(channel: "x" | "y", places: HeatmapTrace["x"], count: number, axis: PlotlyAxis): Encoding {
  const reversed = axis.autorange === "reversed";
  const looks = axisLooks(axis);
  if (typeof places?.[0] === "string") {
    // Bands run from the top, Plotly's rows from the bottom.
    const sort = (channel === "x") === reversed ? [...places].reverse() : places;
    return { [channel]: { field: channel, type: "nominal", sort, ...looks } };
  }
  const { start, step } = cellEdges(places);
  const bare = { ...(looks.axis as Encoding), grid: false, domain: false, ticks: false };
  return {
    [channel]: {
      field: channel,
      type: "quantitative",
      scale: { domain: [start, start + step * count], nice: false, reverse: reversed },
      ...looks,
      axis: bare,
    },
    [`${channel}2`]: { field: `${channel}2` },
  };
}

/** The transforms that give each cell its place along an axis, from its number there (0, 1, ...). */
function cellTransforms(channel: "x" | "y", places: HeatmapTrace["x"], number: string): Encoding[] {
  if (typeof places?.[0] === "string") return [{ calculate: `${JSON.stringify(places)}[${number}]`, as: channel }];
  const { start, step } = cellEdges(places);
  return [
    { calculate: `${start} + ${step} * (${number})`, as: channel },
    { calculate: `datum.${channel} + ${step}`, as: `${channel}2` },
  ];
}

function heatmapLayer(trace: HeatmapTrace, layout: PlotlyLayout): Encoding {
  const { coloraxis } = layout;
  const cells = matrixCells(trace.z);
  return {
    data: cells.data,
    transform: [
      ...(cells.transform as Encoding[]),
      ...cellTransforms("x", trace.x, "datum.column"),
      ...cellTransforms("y", trace.y, "datum.row"),
    ],
    mark: { type: "rect", tooltip: { content: "data" } },
    encoding: {
      ...cellEncoding("x", trace.x, trace.z[0]?.length ?? 0, layout.xaxes[trace.xaxis ?? "x"]),
      ...cellEncoding("y", trace.y, trace.z.length, layout.yaxes[trace.yaxis ?? "y"]),
      color: {
        field: "value",
        type: "quantitative",
        title: coloraxis?.colorbar?.title?.text ?? null,
        scale: {
          ...(coloraxis ? { domain: [coloraxis.cmin, coloraxis.cmax] } : {}),
          range: coloraxis?.colorscale === "diverging" ? "diverging" : "heatmap",
          interpolate: "rgb",
          clamp: true,
        },
        legend: { orient: "right", direction: "vertical", gradientLength: 160, gradientThickness: 10 },
      },
    },
  };
}

function curveLayer(trace: ScatterTrace | BarTrace, layout: PlotlyLayout): Encoding {
  const axisOf = (axis: PlotlyAxis, zero: boolean): Encoding => ({
    ...axisLooks(axis),
    scale: axis.type === "log" ? { type: "log" } : { zero },
  });
  const named = typeof trace.x[0] === "string";
  const lines = trace.type === "scatter" && trace.mode.includes("lines");
  const points = trace.type === "scatter" && trace.mode.includes("markers");
  return {
    data: { values: trace.x.map((x, i) => ({ x, y: trace.y[i], ...(trace.name ? { name: trace.name } : {}) })) },
    mark: trace.type === "bar" ? "bar" : lines ? { type: "line", point: points } : "point",
    encoding: {
      x: {
        field: "x",
        ...(named ? { type: "nominal", sort: null } : { type: "quantitative" }),
        ...(named ? axisLooks : axisOf)(layout.xaxes[trace.xaxis ?? "x"], false),
      },
      y: { field: "y", type: "quantitative", ...axisOf(layout.yaxes[trace.yaxis ?? "y"], trace.type === "bar") },
      ...(trace.name ? { color: { field: "name", type: "nominal", title: null, sort: null } } : {}),
    },
  };
}

/** A length near the given one of which each cell of a heat map gets a whole number of pixels: others show seams. */
function wholeCells(length: number, traces: readonly PlotlyTrace[], count: (trace: HeatmapTrace) => number): number {
  const [first] = traces;
  const cells = first?.type === "heatmap" ? Math.max(1, count(first)) : 1;
  return Math.max(1, Math.round(length / cells)) * cells;
}

/** A text over the upper left corner: a Vega-Lite title would stand at a height that depends on the axis labels. */
const subplotTitle = (text: string): Encoding => ({
  data: { values: [{}] },
  mark: { type: "text", text, align: "left", baseline: "bottom", fontSize: fontSizes.axisTitle },
  encoding: { x: { value: 0 }, y: { value: -5 } },
});

/** The same figure in Vega-Lite. */
export function plotlyToVegaLite({ data, layout }: PlotlySpec): VegaLiteSpec {
  const extent = (axis: PlotlyAxis | undefined): readonly [number, number] => axis?.domain ?? [0, 1];
  const plotWidth = columnWidth - 110;
  const plotHeight = layout.height - (layout.title ? 128 : 88);
  const views = Object.entries(layout.xaxes).map(([name, xaxis]) => {
    const yaxis = layout.yaxes[xaxis.anchor ?? "y"];
    const [left, right] = extent(xaxis);
    const [bottom, top] = extent(yaxis);
    const traces = data.filter((trace) => (trace.xaxis ?? "x") === name);
    const title = layout.subplotTitles?.[name];
    return {
      left,
      top,
      view: {
        width: wholeCells((right - left) * plotWidth, traces, (trace) => trace.z[0]?.length ?? 1),
        height: wholeCells((top - bottom) * plotHeight, traces, (trace) => trace.z.length),
        layer: [
          ...traces.map((trace) =>
            trace.type === "heatmap" ? heatmapLayer(trace, layout) : curveLayer(trace, layout),
          ),
          ...(title === undefined ? [] : [subplotTitle(title)]),
        ],
      },
    };
  });
  const rows = new Set(views.map(({ top }) => top)).size;
  // Subplots line up by their plotting areas, so what stands between these needs its room.
  const labelled = (axes: PlotlyLayout["xaxes"]): number =>
    Object.values(axes).filter((axis) => axis.showticklabels !== false).length;
  const columns = views.length / rows;
  const columnSpacing = labelled(layout.yaxes) > rows ? 64 : 26;
  const rowSpacing = labelled(layout.xaxes) > columns ? 60 : 16;
  const inOrder = [...views].sort((a, b) => b.top - a.top || a.left - b.left).map(({ view }) => view);
  const grid = { columns, align: "each", bounds: "flush", spacing: { row: rowSpacing, column: columnSpacing } };
  return {
    ...(layout.title ? { title: layout.title.text } : {}),
    ...(views.length === 1 ? views[0].view : { concat: inOrder, ...grid }),
  };
}

/**
 * A figure that Plotly draws where it is there, and Vega-Lite elsewhere.
 *
 *     plotlyFigure("Squares", {
 *       data: [{ type: "scatter", mode: "lines", x: [1, 2, 3], y: [1, 4, 9] }],
 *       layout: { height: 300, xaxes: { x: { title: { text: "n" } } }, yaxes: { y: { title: { text: "n squared" } } } },
 *     })
 */
export function plotlyFigure(title: string, spec: PlotlySpec): Figure {
  const translated = themed(plotlyToVegaLite(spec));
  return createFigure(title, { [plotlyMimeType]: plotlyJson(spec), [vegaLiteMimeType]: translated }, () =>
    vegaLiteToSvg(translated),
  );
}
