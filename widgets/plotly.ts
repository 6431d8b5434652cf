/**
 * Figures from Plotly specifications, of the subset that is declared here: heat maps, lines, points and bars in a grid
 * of subplots.
 *
 * VS Code and our HTML page draw the Plotly form. JupyterLab without Plotly's extension, and the static pictures, use
 * its translation into Vega-Lite. Plotly itself is never part of a notebook.
 */
import { createFigure, type Figure } from "./figure.js";
import { vegaLiteToSvg } from "./picture.js";
import type { PlotlySpec } from "./plotly-spec.js";
import { assertPlotlySubset } from "./plotly-subset.js";
import { plotlyToVegaLite } from "./plotly-to-vega-lite.js";
import { dark, divergingRamp, fontSizes, light, plotlyAxis, plotlyLayout, sequentialRamp } from "./theme.js";
import { liveVegaLite, themed } from "./vega.js";

export const plotlyMimeType = "application/vnd.plotly.v1+json";

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
 * @throws ConfigError for what only Plotly would draw: a trace, a mode or a part of the layout that is not known
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
