/** Figures: pure functions from plain arrays to specifications, and what shows them. Re-exports only. */
export { createFigure, type BundleOptions, type Figure } from "./figure.js";
export { liveFigure, type LiveFigure, type LiveOptions } from "./live.js";
export { save, show } from "./show.js";
export { vegaFigure, type VegaLiteSpec } from "./vega.js";
