/**
 * Long tables in Vega-Lite data as one text of comma-separated values: a notebook's JSON has a line for every field of a
 * list of rows, which makes it several times as long.
 */
import { csvLine, type CsvField } from "../src/core/csv.js";

/** A row: every one of a table has the same fields; undefined ones are empty. */
export type Row = Readonly<Record<string, CsvField>>;

/** `data` of a specification: the rows as Vega-Lite reads them from text, numbers as numbers. */
export function rowData(rows: readonly Row[]): Record<string, unknown> {
  if (rows.length === 0) return { values: [] };
  const fields = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const isNumber = (field: string): boolean =>
    rows.every((row) => row[field] === undefined || row[field] === null || typeof row[field] === "number");
  const parse = Object.fromEntries(fields.map((field) => [field, isNumber(field) ? "number" : "string"]));
  const lines = [csvLine(fields), ...rows.map((row) => csvLine(fields.map((field) => row[field])))];
  return { values: lines.join(""), format: { type: "csv", parse } };
}
