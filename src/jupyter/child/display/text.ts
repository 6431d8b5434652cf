/** Values as text, and text as HTML. */
import { largest } from "../../../core/extremes.js";
import { inspect } from "node:util";

/** Elements of an array that are shown. */
export const mostElements = 100;

export const asText = (value: unknown): string =>
  inspect(value, { depth: 4, maxArrayLength: mostElements, maxStringLength: 10_000, breakLength: 100 });

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character]);

/** A table; its head is bold, and its cells are text. Without style: the reader's own applies. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[], caption?: string): string {
  const row = (cells: readonly string[], tag: "th" | "td") =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  const title = caption === undefined ? "" : `<caption>${escapeHtml(caption)}</caption>`;
  return `<table>${title}<thead>${row(head, "th")}</thead><tbody>${rows.map((cells) => row(cells, "td")).join("")}</tbody></table>`;
}

/** The same table as text, columns aligned, numbers to the right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => largest(all.map((cells) => [...(cells[column] ?? "")].length)));
  const isNumber = head.map(
    (_, column) => rows.length > 0 && rows.every((cells) => /^-?[\d.,e+-]*$/.test(cells[column] ?? "")),
  );
  return all
    .map((cells) =>
      cells
        .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Five digits, no more than they say. */
export const shortNumber = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e9 ? String(value) : String(Number(value.toPrecision(5)));
