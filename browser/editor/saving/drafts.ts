/**
 * Drafts: what was changed and is not on the server's disk yet, kept by the browser, so that a page that is closed, or
 * whose server is away, loses nothing. A draft knows from which form of the file it was made.
 */
import type { Notebook } from "../../../src/notebook/nbformat.js";

export interface Draft {
  /** The hash of the file that the changes were made on. */
  readonly hash: string | null;
  readonly notebook: Notebook;
  /** False where there was no room for outputs. */
  readonly whole: boolean;
}

/** Characters that most browsers keep for all pages of a server together are five million. */
const mostCharacters = 2_000_000;

const keyOf = (path: string): string => `axial-lab.draft:${path}`;

export function recallDraft(path: string): Draft | null {
  try {
    return JSON.parse(localStorage.getItem(keyOf(path)) ?? "null") as Draft | null;
  } catch {
    return null;
  }
}

export function dropDraft(path: string): void {
  try {
    localStorage.removeItem(keyOf(path));
  } catch {
    // Then there was none either.
  }
}

const withoutOutputs = (notebook: Notebook): Notebook => ({
  ...notebook,
  cells: notebook.cells.map((cell) => (cell.cell_type === "code" ? { ...cell, outputs: [] } : cell)),
});

/** What was kept of a draft: all, all but outputs, or nothing. */
export type Kept = "whole" | "sources" | "nothing";

/** Keeps a draft, whole where it fits, else without outputs. */
export function keepDraft(path: string, hash: string | null, notebook: Notebook): Kept {
  for (const whole of [true, false]) {
    const draft: Draft = { hash, notebook: whole ? notebook : withoutOutputs(notebook), whole };
    const text = JSON.stringify(draft);
    if (text.length > mostCharacters) continue;
    try {
      localStorage.setItem(keyOf(path), text);
      return whole ? "whole" : "sources";
    } catch {
      // No room for it: the next form is smaller.
    }
  }
  return "nothing";
}

/** The notebook of a draft; outputs that it had no room for are the file's. */
export function draftedNotebook({ notebook, whole }: Draft, file: Notebook): Notebook {
  if (whole) return notebook;
  const outputs = new Map(file.cells.map((cell) => [cell.id, cell.cell_type === "code" ? cell.outputs : []]));
  const cells = notebook.cells.map((cell) =>
    cell.cell_type === "code" ? { ...cell, outputs: outputs.get(cell.id) ?? [] } : cell,
  );
  return { ...notebook, cells };
}
