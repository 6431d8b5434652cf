/**
 * Vega and Vega-Lite as their browser bundles, loaded into an instance of our own.
 *
 * Why not `import("vega")`: what is drawn here then equals what a page draws that inlines the same two files; our
 * measure of text stays ours and touches nobody else's Vega; and the packages' own dependency ranges install several
 * copies of `vega-scenegraph`, of which only one would listen to it.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compileFunction } from "node:vm";
import type * as Vega from "vega" with { "resolution-mode": "import" };
import type * as VegaLite from "vega-lite" with { "resolution-mode": "import" };
import { textWidth, weightOf } from "./typeface.js";

export interface VegaBundle {
  vega: typeof Vega;
  vegaLite: typeof VegaLite;
}

/** The part of a text mark that its width depends on. */
interface TextItem {
  fontSize?: number;
  fontWeight?: number | string;
  limit?: number;
}

/** Vega's own measure is a guess of 0.8 em a character where there is no canvas. */
function measureText(item: TextItem, text: unknown): number {
  const line = typeof text === "string" || typeof text === "number" ? String(text).trim() : "";
  const width = textWidth(line, item.fontSize ?? 11, weightOf(item.fontWeight));
  return item.limit !== undefined && item.limit > 0 ? Math.min(width, item.limit) : width;
}

/** Runs a bundle in the universal module format; `imports` are the modules that it requires. */
export function runBundle(path: string, imports: Record<string, unknown>): unknown {
  const exports = {};
  const run = compileFunction(readFileSync(path, "utf8"), ["exports", "module", "require"], { filename: path });
  (run as (...parameters: unknown[]) => void)(exports, { exports }, (name: string) => imports[name]);
  return exports;
}

let loaded: VegaBundle | null = null;

export function loadVega(): VegaBundle {
  if (loaded) return loaded;
  const beside = (entry: string, file: string): string => join(dirname(require.resolve(entry)), file);
  const vega = runBundle(beside("vega", "vega.min.js"), {}) as typeof Vega & {
    textMetrics: { width: typeof measureText };
  };
  const vegaLite = runBundle(beside("vega-lite", "vega-lite.min.js"), { vega }) as typeof VegaLite;
  vega.textMetrics.width = measureText;
  return (loaded = { vega, vegaLite });
}
