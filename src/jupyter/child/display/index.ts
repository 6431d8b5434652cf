/** Values as MIME bundles: what a cell's last expression and `user_expressions` show. */
import type { MimeBundle } from "../../../core/kernel-host.js";
import { encodeBundle } from "../front-end.js";
import { abridge } from "./abridge.js";
import { imageBundle } from "./image.js";
import { isModel, modelBundle } from "./model.js";
import { isTable, tableBundle } from "./table.js";
import { isTensor, tensorBundle } from "./tensor.js";
import { asText } from "./text.js";
import { isTypedArray, typedArrayBundle } from "./typed-array.js";

export interface Shown {
  data: MimeBundle;
  metadata: Record<string, unknown>;
}

const displaySymbol = Symbol.for("Jupyter.display");

/** Null where there is nothing to show. Never throws: a value that cannot be shown well is shown as text. */
export async function showValue(value: unknown): Promise<Shown | null> {
  if (value === undefined) return null;
  const own = await ownDisplay(value);
  const bundle = own ?? (await knownBundle(value).catch(() => null)) ?? { "text/plain": asText(value) };
  return { data: encodeBundle(bundle), metadata: {} };
}

/** Anything may say itself how it is shown, by a method under `Symbol.for("Jupyter.display")`; what it throws counts. */
async function ownDisplay(value: unknown): Promise<MimeBundle | null> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return null;
  const method = (value as Record<symbol, unknown>)[displaySymbol];
  if (typeof method !== "function") return null;
  const bundle = (await (method as () => unknown).call(value)) as MimeBundle | null | undefined;
  if (typeof bundle !== "object" || bundle === null) return null;
  return "text/plain" in bundle ? bundle : { ...bundle, "text/plain": asText(value) };
}

async function knownBundle(value: unknown): Promise<MimeBundle | null> {
  if (isTensor(value)) return tensorBundle(value);
  if (isModel(value)) return modelBundle(value);
  if (isTypedArray(value)) return imageBundle(value) ?? typedArrayBundle(value);
  if (isTable(value)) return tableBundle(value);
  const shorter = abridge(value);
  return shorter === value ? null : { "text/plain": asText(shorter) };
}
