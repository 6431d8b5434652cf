/** Values as MIME bundles: what a cell's last expression and `user_expressions` show. */
import { inspect } from "node:util";
import type { MimeBundle } from "../host.js";
import { encodeBundle } from "./host.js";

export interface Shown {
  data: MimeBundle;
  metadata: Record<string, unknown>;
}

const displaySymbol = Symbol.for("Jupyter.display");

/** Null where there is nothing to show. */
export async function showValue(value: unknown): Promise<Shown | null> {
  if (value === undefined) return null;
  const own = await ownDisplay(value);
  if (own) return { data: encodeBundle(own), metadata: {} };
  return { data: { "text/plain": asText(value) }, metadata: {} };
}

export const asText = (value: unknown): string =>
  inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: 10_000 });

/** Anything may say itself how it is shown, by a method under `Symbol.for("Jupyter.display")`. */
async function ownDisplay(value: unknown): Promise<MimeBundle | null> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return null;
  const method = (value as Record<symbol, unknown>)[displaySymbol];
  if (typeof method !== "function") return null;
  const bundle = (await (method as () => unknown).call(value)) as MimeBundle | null | undefined;
  if (typeof bundle !== "object" || bundle === null) return null;
  return "text/plain" in bundle ? bundle : { ...bundle, "text/plain": asText(value) };
}
