/** What the figures in Plotly are written in: the part of its specifications that every form of a figure can draw. */
import type { AxisKind, Place } from "./plotly-places.js";

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

/** A Plotly figure: traces and layout. */
export interface PlotlySpec {
  data: readonly PlotlyTrace[];
  layout: PlotlyLayout;
}
