/**
 * Drafts: what was changed and is not on the server's disk yet, kept by the browser, so that a page that is closed, or
 * whose server is away, loses nothing. A draft knows from which form of the file it was made.
 */
import { formatNotebook, type Notebook } from "../../../src/notebook/nbformat.js";

interface Draft {
  /** The hash of the file that the changes were made on. */
  readonly hash: string | null;
  /** Hashes of which the file has one if a save came through whose answer the page did not live to see. */
  readonly sent: readonly string[];
  readonly notebook: Notebook;
  /** False where there was no room for outputs. */
  readonly whole: boolean;
}

/** Characters that most browsers keep for all pages of a server together are five million. */
const mostCharacters = 2_000_000;

const keyOf = (path: string): string => `axial-lab.draft:${path}`;

function recallDraft(path: string): Draft | null {
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
export function keepDraft(path: string, { notebook, ...hashes }: Omit<Draft, "whole">): Kept {
  for (const whole of [true, false]) {
    const draft: Draft = { ...hashes, notebook: whole ? notebook : withoutOutputs(notebook), whole };
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
function draftedNotebook({ notebook, whole }: Draft, file: Notebook): Notebook {
  if (whole) return notebook;
  const outputs = new Map(file.cells.map((cell) => [cell.id, cell.cell_type === "code" ? cell.outputs : []]));
  const cells = notebook.cells.map((cell) =>
    cell.cell_type === "code" ? { ...cell, outputs: outputs.get(cell.id) ?? [] } : cell,
  );
  return { ...notebook, cells };
}

/** A file's hash as the server tells it, for what a save would write; none where the browser cannot say. */
export async function hashOf(notebook: Notebook): Promise<string[]> {
  // Pages without TLS from elsewhere than this machine have no such thing.
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  const bytes = await subtle?.digest("SHA-256", new TextEncoder().encode(formatNotebook(notebook)));
  return bytes ? [[...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("")] : [];
}

/** How a notebook is opened whose file and draft are these. */
export interface Recalled {
  readonly notebook: Notebook;
  /** Of the file that the notebook was made from. */
  readonly hash: string | null;
  readonly changed: boolean;
}

/** The draft where it goes beyond the file, else the file. A file that the draft's own save has written is no conflict. */
export function recall(path: string, file: Notebook, hash: string | null): Recalled {
  const draft = recallDraft(path);
  const notebook = draft ? draftedNotebook(draft, file) : file;
  if (!draft || formatNotebook(notebook) === formatNotebook(file)) {
    dropDraft(path);
    return { notebook: file, hash, changed: false };
  }
  return { notebook, hash: hash !== null && draft.sent.includes(hash) ? hash : draft.hash, changed: true };
}
