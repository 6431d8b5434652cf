/** Asks the server for type errors of a cell, in sight of the code cells above it. */
import type { EditedNotebook } from "../../../src/notebook/editing/document.js";
import type { Cell } from "../../../src/notebook/nbformat.js";
import type { Problem } from "../cells/diagnostics.js";
import { ask, ServerError } from "../protocol/rest.js";
import { isCode } from "./view.js";

/** A server without a language service says so once. */
let isOffered = true;

/** The texts of the code cells above one. */
export const codeAbove = (notebook: EditedNotebook, cell: Cell): string[] =>
  notebook.cells
    .slice(0, notebook.cells.indexOf(cell))
    .filter(isCode)
    .map(({ source }) => source);

/** Null where nobody can tell. */
export async function checkCell(
  notebook: EditedNotebook,
  cell: Cell,
  code: string,
  kernel: string | null,
): Promise<readonly Problem[] | null> {
  if (!isOffered || kernel === null) return null;
  const cells = codeAbove(notebook, cell);
  try {
    const { diagnostics } = (await ask("POST", "axial/diagnostics", { kernel, code, cells })) as {
      diagnostics: Problem[];
    };
    return diagnostics;
  } catch (error) {
    if (error instanceof ServerError && (error.status === 404 || error.status === 405)) isOffered = false;
    return null;
  }
}
