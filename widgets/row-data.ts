/**
 * Long tables in Vega-Lite data as one text of JSON: a notebook's own JSON has a line for every field of a list of rows, which
 * makes it several times as long. Not as comma-separated values, which Vega reads by a function that it compiles, and a page
 * whose policy forbids that draws nothing.
 */

/** A row: texts, and numbers, of which those that are not finite and undefined ones are missing. */
export type Row = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** `data` of a specification: the rows as Vega-Lite reads them from text. */
export function rowData(rows: readonly Row[]): Record<string, unknown> {
  return rows.length === 0 ? { values: [] } : { values: JSON.stringify(rows), format: { type: "json" } };
}
