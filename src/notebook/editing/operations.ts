/** What a reader does to the cells of a notebook, each one edit. Indices count from 0; `to` is behind the last. */
import type { Cell } from "../nbformat.js";
import type { Change } from "./changes.js";
import { newCell, newCellId, type EditedNotebook } from "./document.js";

export function insertCells(notebook: EditedNotebook, at: number, cells: readonly Cell[]): void {
  if (cells.length > 0) notebook.edit({ kind: "cells", at, removed: [], inserted: cells });
}

export function deleteCells(notebook: EditedNotebook, from: number, to: number): void {
  notebook.edit({ kind: "cells", at: from, removed: notebook.cells.slice(from, to), inserted: [] });
}

/** Moves cells by one place; false where they are at the edge already. */
export function moveCells(notebook: EditedNotebook, from: number, to: number, by: -1 | 1): boolean {
  const neighbour = notebook.cells[by < 0 ? from - 1 : to];
  if (!neighbour) return false;
  // The neighbour goes to the other side, so that the cells themselves stay as they are.
  notebook.edit(
    { kind: "cells", at: by < 0 ? from - 1 : to, removed: [neighbour], inserted: [] },
    { kind: "cells", at: by < 0 ? to - 1 : from, removed: [], inserted: [neighbour] },
  );
  return true;
}

/** Typing: the source as it is now. */
export function setSource(notebook: EditedNotebook, cell: Cell, source: string): void {
  if (source !== cell.source) notebook.type({ kind: "source", cell, before: cell.source, after: source });
}

/** A line feed goes with the division: neither part begins or ends with it. */
function parts(source: string, offset: number): [before: string, after: string] {
  return [source.slice(0, offset).replace(/\r?\n$/, ""), source.slice(offset).replace(/^\r?\n/, "")];
}

/** Divides a cell at an offset of its source, in UTF-16 units; outputs go with the second part. */
export function splitCell(notebook: EditedNotebook, index: number, offset: number): void {
  const cell = notebook.cells[index];
  const [before, after] = parts(cell.source, offset);
  const first = newCell(cell.cell_type, before, { ...cell.metadata });
  if (cell.cell_type !== "code" && cell.attachments !== undefined)
    Object.assign(first, { attachments: cell.attachments });
  const second: Cell = { ...cell, source: after };
  notebook.edit({ kind: "cells", at: index, removed: [cell], inserted: [first, second] });
}

/** Makes one cell of several, of the first one's kind. Its outputs are of what it no longer is, and go. */
export function mergeCells(notebook: EditedNotebook, from: number, to: number): void {
  const cells = notebook.cells.slice(from, to);
  if (cells.length < 2) return;
  const [first] = cells;
  const source = cells.map((cell) => cell.source).join("\n");
  const merged = newCell(first.cell_type, source, { ...first.metadata });
  const attachments = Object.assign(
    {},
    ...cells.map((cell) => (cell.cell_type === "code" ? {} : (cell.attachments ?? {}))),
  ) as Record<string, unknown>;
  if (merged.cell_type !== "code" && Object.keys(attachments).length > 0) merged.attachments = attachments;
  notebook.edit({ kind: "cells", at: from, removed: cells, inserted: [{ ...merged, id: first.id }] });
}

/** Makes cells of another kind of them; what only the old kind has is gone, until undone. */
export function changeType(notebook: EditedNotebook, from: number, to: number, type: Cell["cell_type"]): void {
  const cells = notebook.cells.slice(from, to);
  if (cells.every((cell) => cell.cell_type === type)) return;
  const changed = cells.map((cell): Cell => {
    if (cell.cell_type === type) return cell;
    const next = { ...newCell(type, cell.source, cell.metadata), id: cell.id };
    // Markdown and raw cells both have attachments.
    return cell.cell_type !== "code" && next.cell_type !== "code" && cell.attachments !== undefined
      ? { ...next, attachments: cell.attachments }
      : next;
  });
  notebook.edit({ kind: "cells", at: from, removed: cells, inserted: changed });
}

/** Copies with ids of their own, to paste. */
export const copies = (cells: readonly Cell[]): Cell[] =>
  cells.map((cell) => ({ ...structuredClone(cell), id: newCellId() }));

/** Empties the outputs of code cells; they can be had again by running, and are no part of the history. */
export function clearOutputs(notebook: EditedNotebook, cells: readonly Cell[] = notebook.cells): void {
  for (const cell of cells) {
    if (cell.cell_type !== "code" || (cell.outputs.length === 0 && cell.execution_count === null)) continue;
    cell.outputs = [];
    cell.execution_count = null;
    notebook.outputsChanged(cell);
  }
}

export const isFolded = (cell: Cell): boolean =>
  (cell.metadata.jupyter as Record<string, unknown> | undefined)?.source_hidden === true;

/** Folds a cell's source away for all who open the file, or out again; the key is JupyterLab's. */
export function setFolded(notebook: EditedNotebook, cell: Cell, folded: boolean): void {
  if (isFolded(cell) === folded) return;
  const jupyter = without((cell.metadata.jupyter ?? {}) as Record<string, unknown>, "source_hidden");
  if (folded) jupyter.source_hidden = true;
  const after = without(cell.metadata, "jupyter");
  if (Object.keys(jupyter).length > 0) after.jupyter = jupyter;
  const change: Change = { kind: "metadata", cell, before: cell.metadata, after };
  notebook.edit(change);
}

const without = (object: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
