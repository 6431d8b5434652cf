/** Lines of a cell around a place, the way tracebacks and compiler messages show them. */
import type { Position } from "./position-map.js";

export interface ExcerptOptions {
  /** Lines shown before and after. Default 1. */
  around?: number;
  /** How much of the line is marked, in UTF-16 units. Default 1. */
  length?: number;
}

/**
 *       1 | const a = 1;
 *     > 2 | a.b();
 *         |   ^
 */
export function sourceExcerpt(source: string, { line, column }: Position, options: ExcerptOptions = {}): string {
  const { around = 1, length = 1 } = options;
  const lines = source.split("\n");
  const first = Math.max(0, line - around);
  const last = Math.min(lines.length - 1, line + around);
  const width = String(last + 1).length;
  const rows: string[] = [];
  for (let index = first; index <= last; index++) {
    const text = lines[index];
    rows.push(`${index === line ? ">" : " "} ${String(index + 1).padStart(width)} | ${text}`);
    if (index !== line) continue;
    const marks = "^".repeat(Math.max(1, Math.min(length, text.length - column)));
    // Tabs stay tabs, so that the mark stands under its place.
    rows.push(`  ${" ".repeat(width)} | ${text.slice(0, column).replace(/[^\t]/g, " ")}${marks}`);
  }
  return rows.join("\n");
}
