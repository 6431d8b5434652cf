/** What the figures in Vega-Lite are written in. */

/** A Vega-Lite specification: plain JSON. Grammar: https://vega.github.io/vega-lite/docs/spec.html */
export interface VegaLiteSpec {
  [property: string]: unknown;
}
