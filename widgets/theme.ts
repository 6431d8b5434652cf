/**
 * The look that all figures share: colours, type sizes and spacing, once for Vega-Lite and once for Plotly.
 *
 * Data colours are those of Okabe and Ito, "Color Universal Design" (2008), told apart with any colour vision; the two
 * ramps below are monotone in lightness, so they survive grey printing too. A figure is drawn on its own opaque paper:
 * it stays readable in every front end, whatever the page behind it. Each figure also carries the dark variant of its
 * colours (`usermeta.dark`, `layout.meta.dark`), which our HTML page puts in place when the reader prefers dark.
 */

export interface Palette {
  /** Behind the whole figure. */
  paper: string;
  /** Titles and anything that must be read. */
  ink: string;
  /** Axis labels and captions. */
  softInk: string;
  /** Axis lines and outlines of boxes. */
  line: string;
  grid: string;
  /** Series, in the order of their appearance. */
  series: readonly string[];
}

export const light: Palette = {
  paper: "#ffffff",
  ink: "#1c2126",
  softInk: "#56606b",
  line: "#9aa3ad",
  grid: "#e8ebee",
  series: ["#0072b2", "#d55e00", "#009e73", "#aa4499", "#e69f00", "#56b4e9", "#7d7d7d"],
};

export const dark: Palette = {
  paper: "#171b20",
  ink: "#e9ecef",
  softInk: "#a7b0ba",
  line: "#5d6772",
  grid: "#2b3239",
  series: ["#4fa8e0", "#f2894a", "#33c79b", "#d98ccb", "#f3b948", "#86cdf7", "#a9a9a9"],
};

/** Named first in every figure; the static pictures are set in it (see typeface.ts). */
export const fontFamily = "'Source Sans 3', 'Source Sans Pro', 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

export const fontSizes = { title: 15, subtitle: 12.5, axisTitle: 12.5, label: 11.5 } as const;

/** Width of a figure that fills a column of text, in CSS pixels. */
export const columnWidth = 600;

/**
 * Magnitudes, from none to most: near-black violet over teal to pale yellow. Stops of a ramp whose CIELAB lightness
 * rises evenly from 8 to 94.
 */
export const sequentialRamp: readonly string[] = [
  "#10122e",
  "#1f2a5c",
  "#24487e",
  "#256b8e",
  "#2f8f94",
  "#56b28d",
  "#96cf7f",
  "#d6e28a",
  "#fbf3b9",
];

/** Signed values, from most negative over zero to most positive: blue, pale grey, orange-red. */
export const divergingRamp: readonly string[] = [
  "#123f73",
  "#2b6cab",
  "#6aa3d0",
  "#b3d0e6",
  "#f3f3f2",
  "#f4c9a8",
  "#e59362",
  "#c4552c",
  "#7f2410",
];

/** A Vega-Lite `config` in the given colours. */
export function vegaConfig(colours: Palette): Record<string, unknown> {
  const label = { labelColor: colours.softInk, labelFontSize: fontSizes.label };
  return {
    background: colours.paper,
    font: fontFamily,
    padding: 12,
    view: { stroke: null, continuousWidth: columnWidth - 80, continuousHeight: 220 },
    title: {
      anchor: "start",
      frame: "group",
      offset: 12,
      color: colours.ink,
      fontSize: fontSizes.title,
      fontWeight: 600,
      subtitleColor: colours.softInk,
      subtitleFontSize: fontSizes.subtitle,
      subtitlePadding: 5,
    },
    axis: {
      ...label,
      domainColor: colours.line,
      gridColor: colours.grid,
      tickColor: colours.line,
      tickSize: 4,
      titleColor: colours.ink,
      titleFontSize: fontSizes.axisTitle,
      titleFontWeight: 400,
      titlePadding: 8,
      labelFlush: false,
    },
    // Axes stacked above each other line up.
    axisY: { domain: false, ticks: false, labelPadding: 6, minExtent: 34 },
    axisX: { grid: false, labelPadding: 3 },
    axisBand: { grid: false, domain: false, ticks: false },
    header: {
      labelColor: colours.ink,
      labelFontSize: fontSizes.axisTitle,
      titleColor: colours.ink,
      titleFontSize: fontSizes.axisTitle,
      titleFontWeight: 400,
    },
    legend: {
      ...label,
      titleColor: colours.ink,
      titleFontSize: fontSizes.axisTitle,
      titleFontWeight: 400,
      symbolStrokeWidth: 2.5,
      symbolSize: 90,
      orient: "top",
      direction: "horizontal",
      offset: 10,
    },
    range: {
      category: colours.series,
      heatmap: { scheme: sequentialRamp },
      ramp: { scheme: sequentialRamp },
      diverging: { scheme: divergingRamp },
    },
    // A label would be the whole address, the picture's own bytes.
    image: { aria: false },
    line: { strokeWidth: 2, strokeJoin: "round", strokeCap: "round" },
    point: { filled: true, size: 45 },
    rule: { color: colours.softInk },
    text: { color: colours.ink, fontSize: fontSizes.label },
  };
}

/** A Plotly `layout` in the given colours, without data-dependent parts. */
export function plotlyLayout(colours: Palette): Record<string, unknown> {
  return {
    paper_bgcolor: colours.paper,
    plot_bgcolor: colours.paper,
    font: { family: fontFamily, size: fontSizes.label, color: colours.softInk },
    title: {
      x: 0,
      xref: "container",
      xanchor: "left",
      pad: { l: 14 },
      font: { size: fontSizes.title, color: colours.ink, weight: 600 },
    },
    colorway: colours.series,
    hoverlabel: { font: { family: fontFamily, size: fontSizes.axisTitle } },
  };
}

/** The looks of every Plotly axis in the given colours. */
export function plotlyAxis(colours: Palette): Record<string, unknown> {
  return { gridcolor: colours.grid, linecolor: colours.line, zeroline: false, tickcolor: colours.line };
}
