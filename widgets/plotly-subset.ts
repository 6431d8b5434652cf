/** The subset of Plotly's grammar that has a translation: anything else would be drawn in one form and not in the other. */
import { ConfigError } from "../src/core/errors.js";
import type { PlotlySpec } from "./plotly-spec.js";

const placed = ["type", "x", "y", "xaxis", "yaxis", "name"];
const traceKeys: Readonly<Record<string, readonly string[]>> = {
  heatmap: [...placed, "z", "coloraxis", "hovertemplate"],
  scatter: [...placed, "mode"],
  bar: placed,
};
const modes = ["lines", "markers", "lines+markers"];
const layoutKeys = ["title", "description", "height", "coloraxis", "subplotTitles", "xaxes", "yaxes"];
const axisKeys = ["title", "domain", "type", "autorange", "anchor", "showticklabels", "dtick"];
const axisTypes = ["linear", "log", "date", "category"];

function assertKeys(what: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new ConfigError(
      `plotlyFigure: ${what} may have ${known.join(", ")}, got ${unknown}; leave it out, or write it for vegaFigure`,
    );
}

function assertOneOf(what: string, given: string, known: readonly string[]): void {
  if (!known.includes(given))
    throw new ConfigError(
      `plotlyFigure: ${what} must be one of ${known.join(", ")}, got ${given}; choose one, or use vegaFigure`,
    );
}

/** Throws ConfigError at the first part of a specification that the translation does not know. */
export function assertPlotlySubset({ data, layout }: PlotlySpec): void {
  for (const trace of data) {
    assertOneOf("the type of a trace", trace.type, Object.keys(traceKeys));
    assertKeys(`a ${trace.type} trace`, trace, traceKeys[trace.type]);
    if (trace.type === "scatter") assertOneOf("the mode of a scatter trace", trace.mode, modes);
    for (const [axis, all] of [
      [trace.xaxis ?? "x", layout.xaxes],
      [trace.yaxis ?? "y", layout.yaxes],
    ] as const)
      assertOneOf("the axis of a trace", axis, Object.keys(all));
  }
  assertKeys("a layout", layout, layoutKeys);
  for (const axis of [...Object.values(layout.xaxes), ...Object.values(layout.yaxes)]) {
    assertKeys("an axis", axis, axisKeys);
    if (axis.type !== undefined) assertOneOf("the type of an axis", axis.type, axisTypes);
  }
}
