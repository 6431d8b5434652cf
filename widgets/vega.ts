/**
 * Figures from Vega-Lite specifications.
 *
 * The MIME type and `$schema` name version 5: that is what JupyterLab 4 (up to 4.6) and VS Code draw; they do not know
 * version 6. Our specifications keep to the grammar that both versions share, and are drawn here by version 6.
 */
import { createFigure, type Figure } from "./figure.js";
import { vegaLiteToSvg } from "./picture.js";
import { dark, light, vegaConfig } from "./theme.js";

/** A Vega-Lite specification: plain JSON. Grammar: https://vega.github.io/vega-lite/docs/spec.html */
export interface VegaLiteSpec {
  [property: string]: unknown;
}

export const vegaLiteMimeType = "application/vnd.vegalite.v5+json";

/** The differences of the dark `config` from the light one. */
function darkConfig(): Record<string, unknown> {
  const difference = (from: unknown, to: unknown): unknown => {
    if (typeof from !== "object" || from === null || Array.isArray(from) || Array.isArray(to))
      return JSON.stringify(from) === JSON.stringify(to) ? undefined : to;
    const changed = Object.entries(to as Record<string, unknown>)
      .map(([key, value]) => [key, difference((from as Record<string, unknown>)[key], value)] as const)
      .filter(([, value]) => value !== undefined);
    return changed.length > 0 ? Object.fromEntries(changed) : undefined;
  };
  return difference(vegaConfig(light), vegaConfig(dark)) as Record<string, unknown>;
}

/** Puts the schema and the theme around a specification; its own `config` wins over the theme's. */
export function themed(spec: VegaLiteSpec): VegaLiteSpec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    ...spec,
    config: { ...vegaConfig(light), ...(spec.config as Record<string, unknown> | undefined) },
    usermeta: { dark: darkConfig(), embedOptions: { actions: false, renderer: "svg" } },
  };
}

/**
 * A figure that Vega-Lite draws.
 *
 *     vegaFigure("Two points", { data: { values: [{ x: 1 }, { x: 2 }] }, mark: "point", encoding: { x: { field: "x" } } })
 */
export function vegaFigure(title: string, spec: VegaLiteSpec): Figure {
  const complete = themed(spec);
  return createFigure(title, { [vegaLiteMimeType]: complete }, () => vegaLiteToSvg(complete));
}
