/** What draws live figures, loaded when the first figure needs it. */
import type { Library } from "../../../src/notebook/page/outputs.js";
import { libraries, type Plotly } from "../../page/drawing.js";

const loading = new Map<Library, Promise<void>>();

async function load(library: Library): Promise<void> {
  if (library === "vega") {
    const { default: embed } = await import("vega-embed");
    libraries.vegaEmbed = embed;
  } else {
    const { default: plotly } = await import("plotly.js-cartesian-dist-min");
    libraries.Plotly = plotly as Plotly;
  }
}

export function loadLibrary(library: Library): Promise<void> {
  const known = loading.get(library);
  if (known) return known;
  const started = load(library);
  loading.set(library, started);
  return started;
}
