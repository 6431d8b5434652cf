/** Data that a specification names by its address: read when the figure is made, so that every form of it has them. */
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { ConfigError, FileError } from "../src/core/errors.js";
import { loadVega } from "./vega-bundle.js";

interface UrlData {
  readonly url: string;
  readonly format?: { readonly type?: string; readonly parse?: unknown };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isUrlData = (value: unknown): value is UrlData => isObject(value) && typeof value.url === "string";

/** Vega-Lite's own rule: the format is what the address ends in, JSON where it says nothing. */
const formatOf = ({ url, format }: UrlData): string => {
  const ending = extname(url).slice(1).toLowerCase();
  return format?.type ?? (["csv", "tsv", "dsv", "topojson"].includes(ending) ? ending : "json");
};

function read(data: UrlData): Record<string, unknown> {
  const { url, format = {}, ...rest } = data as UrlData & Record<string, unknown>;
  if (/^[a-z][a-z0-9+.-]+:|^\/\//i.test(url) && !url.startsWith("file:"))
    throw new ConfigError(
      `vegaFigure: data must be at hand when the figure is made, got the address ${url}; fetch it and give its rows as values`,
    );
  let text: string;
  try {
    text = readFileSync(url.startsWith("file:") ? new URL(url) : url, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FileError(
      `vegaFigure: the data of a figure must be readable, got ${url} (${code}); give a path from ${process.cwd()}`,
    );
  }
  const options = { ...format, type: formatOf(data), parse: format.parse ?? "auto" };
  return { ...rest, values: loadVega().vega.read(text, options as never) };
}

/**
 * The specification with the rows of local files (CSV, TSV, JSON, TopoJSON) in the place of their addresses. Throws
 * FileError for a file that cannot be read and ConfigError for an address on the network: a figure never fetches.
 */
export function withDataInside<T>(spec: T): T {
  if (Array.isArray(spec)) return spec.map((part: unknown) => withDataInside(part)) as T;
  if (!isObject(spec) || ArrayBuffer.isView(spec)) return spec;
  const entries = Object.entries(spec).map(([key, value]): [string, unknown] => {
    // Rows are not searched: a column may be called "data".
    if (key === "values" || key === "datasets") return [key, value];
    return [key, key === "data" && isUrlData(value) ? read(value) : withDataInside(value)];
  });
  return Object.fromEntries(entries) as T;
}
