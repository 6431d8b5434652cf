/** Matrices in Vega-Lite data: one entry a row of the matrix, a third of the size of one entry a cell. */

/** Data and transforms that give each cell of a matrix its `row`, `column` (both from 0) and `value`. */
export const matrixCells = (rows: readonly (readonly (number | null)[])[]): Record<string, unknown> => ({
  data: { values: rows.map((value, row) => ({ row, value })) },
  transform: [
    { flatten: ["value"] },
    { window: [{ op: "row_number", as: "place" }], groupby: ["row"] },
    { calculate: "datum.place - 1", as: "column" },
  ],
});
