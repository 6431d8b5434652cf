/** Arrays of objects as tables. */
import type { MimeBundle } from "../../../core/kernel-host.js";
import { asText, htmlTable, shortNumber } from "./text.js";

type Row = Record<string, unknown>;

const mostRows = 50;
const mostColumns = 20;

/** Two or more plain objects, of which each shares a property with the first. */
export function isTable(value: unknown): value is Row[] {
  if (!Array.isArray(value) || value.length < 2) return false;
  const rows = value.slice(0, mostRows) as unknown[];
  if (!rows.every(isPlainObject)) return false;
  const first = new Set(Object.keys(rows[0]));
  return first.size > 0 && rows.every((row) => Object.keys(row).some((name) => first.has(name)));
}

const isPlainObject = (value: unknown): value is Row => {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

export function tableBundle(value: Row[]): MimeBundle {
  const rows = value.slice(0, mostRows);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, mostColumns);
  const cells = rows.map((row, index) => [String(index), ...names.map((name) => cellText(row[name]))]);
  const caption = value.length > mostRows ? `the first ${mostRows} of ${value.length} rows` : undefined;
  return { "text/plain": asText(value), "text/html": htmlTable(["", ...names], cells, caption) };
}

function cellText(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number") return shortNumber(value);
  const text = asText(value);
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
