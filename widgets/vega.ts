/**
 * Figures from Vega-Lite specifications.
 *
 * Version 5 comes first: that is what JupyterLab 4 (up to 4.6) and VS Code draw; they do not know version 6, which
 * stands beside it for readers that know nothing older. Our specifications keep to the grammar that both versions share,
 * and are drawn here by version 6.
 */
import type { MimeBundle } from "../src/core/kernel-host.js";
import { assertObject } from "../src/core/options.js";
import { createFigure, type Figure } from "./figure.js";
import { withoutLogZeros } from "./log-scales.js";
import { vegaLiteToSvg } from "./picture.js";
import { dark, light, vegaConfig } from "./theme.js";
import { withDataInside } from "./vega-data.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";

const schema = (version: number): string => `https://vega.github.io/schema/vega-lite/v${version}.json`;

export const vegaLiteMimeType = "application/vnd.vegalite.v5+json";
const newestMimeType = "application/vnd.vegalite.v6+json";

/** Specifications above this length, in characters, are written once, in the version that more readers know. */
const largestTwice = 24_000;

/** The forms of a specification in a MIME bundle. */
export function liveVegaLite(spec: VegaLiteSpec): MimeBundle {
  const newest = { ...spec, $schema: schema(6) };
  return {
    [vegaLiteMimeType]: spec,
    ...(JSON.stringify(newest).length <= largestTwice ? { [newestMimeType]: newest } : {}),
  };
}

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
    $schema: schema(5),
    ...spec,
    config: { ...vegaConfig(light), ...(spec.config as Record<string, unknown> | undefined) },
    usermeta: { dark: darkConfig(), embedOptions: { actions: false, renderer: "svg" } },
  };
}

/**
 * A figure that Vega-Lite draws. Its `description` is the alternative text; default: the title.
 *
 *     vegaFigure("Two points", { data: { values: [{ x: 1 }, { x: 2 }] }, mark: "point", encoding: { x: { field: "x" } } })
 *
 * Data of a local file are read at once. What a logarithmic scale cannot show is left out, and the subtitle says so.
 *
 * @throws FileError for a file of data that cannot be read
 * @throws ConfigError for a specification that is no object, and for data on the network
 */
export function vegaFigure(title: string, spec: VegaLiteSpec): Figure {
  assertObject("vegaFigure", spec, "the specification", "{ data, mark, encoding }");
  const complete = themed({ description: title, ...withoutLogZeros(withDataInside(spec)) });
  return createFigure(title, liveVegaLite(complete), () => vegaLiteToSvg(complete), complete.description as string);
}
