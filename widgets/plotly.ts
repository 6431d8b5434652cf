/**
 * Figures from Plotly specifications, of the subset that is declared here: heat maps, lines, points and bars in a grid
 * of subplots.
 *
 * VS Code and our HTML page draw the Plotly form. JupyterLab without Plotly's extension, and the static pictures, use
 * its translation into Vega-Lite. Plotly itself is never part of a notebook.
 */
import { createFigure, type Figure } from "./figure.js";
import { vegaLiteToSvg } from "./picture.js";
import type { AxisKind, Place } from "./plotly-places.js";
import { assertPlotlySubset } from "./plotly-subset.js";
import { plotlyToVegaLite } from "./plotly-to-vega-lite.js";
import { dark, divergingRamp, fontSizes, light, plotlyAxis, plotlyLayout, sequentialRamp } from "./theme.js";
import { liveVegaLite, themed } from "./vega.js";

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
  /** Places of the columns and rows: rising numbers or dates, or names. Default 0, 1, 2, ... */
  x?: readonly (number | string)[];
  y?: readonly (number | string)[];
  coloraxis: "coloraxis";
  hovertemplate?: string;
}

export interface ScatterTrace extends Placed {
  type: "scatter";
  mode: "lines" | "markers" | "lines+markers";
  x: readonly Place[];
  y: readonly Place[];
}

export interface BarTrace extends Placed {
  type: "bar";
  x: readonly Place[];
  y: readonly Place[];
}

export type PlotlyTrace = HeatmapTrace | ScatterTrace | BarTrace;

export interface PlotlyAxis {
  title?: { text: string };
  /** Part of the width or height of the figure, 0 to 1. */
  domain?: readonly [number, number];
  /** Default: what stands on it. Dates are text: "2024-03-01", "2024-03-01 12:30". */
  type?: AxisKind;
  /** First value at the top or right. */
  autorange?: "reversed" | true;
  /** The axis that this one stands at: `y2` for the x axis of a second subplot. */
  anchor?: string;
  showticklabels?: boolean;
  dtick?: number;
}

export interface PlotlyLayout {
  title?: { text: string };
  /** What is seen, in a sentence or two: the alternative text. Default: the figure's title. */
  description?: string;
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
  const { title, description, height, coloraxis, subplotTitles = {}, xaxes, yaxes } = layout;
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
      meta: {
        ...(description === undefined ? {} : { description }),
        dark: { ...plotlyLayout(dark), ...axes(plotlyAxis(dark)) },
      },
    },
  };
}

/**
 * A figure that Plotly draws where it is there, and Vega-Lite elsewhere.
 *
 *     plotlyFigure("Squares", {
 *       data: [{ type: "scatter", mode: "lines", x: [1, 2, 3], y: [1, 4, 9] }],
 *       layout: { height: 300, xaxes: { x: { title: { text: "n" } } }, yaxes: { y: { title: { text: "n squared" } } } },
 *     })
 *
 * Throws ConfigError for what only Plotly would draw.
 */
export function plotlyFigure(title: string, spec: PlotlySpec): Figure {
  assertPlotlySubset(spec);
  const translated = themed({ description: title, ...plotlyToVegaLite(spec) });
  return createFigure(
    title,
    { [plotlyMimeType]: plotlyJson(spec), ...liveVegaLite(translated) },
    () => vegaLiteToSvg(translated),
    translated.description as string,
  );
}
