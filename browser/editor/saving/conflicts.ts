/** A file that was changed on the disk while it is open here: the reader is asked, and nothing is written before. */
import type { EditedNotebook } from "../../../src/notebook/editing/document.js";
import { notebookOf, type Cell } from "../../../src/notebook/nbformat.js";
import type { Notices } from "../page/notices.js";
import { readNotebook } from "../protocol/contents.js";
import type { Saver } from "./saver.js";
import { showSideBySide } from "./side-by-side.js";

export interface ConflictArgs {
  readonly path: string;
  readonly notebook: EditedNotebook;
  readonly saver: Saver;
  readonly notices: Notices;
}

const name = "conflict";

const replaceAll = (notebook: EditedNotebook, inserted: readonly Cell[]): void =>
  notebook.edit({ kind: "cells", at: 0, removed: [...notebook.cells], inserted });

/** Asks about a file that has this hash now; null: it is gone. */
export function askAboutConflict(args: ConflictArgs, theirs: string | null): void {
  const { path, notebook, saver, notices } = args;
  const keepMine = { label: "Keep mine", choose: () => void saver.keepMine(theirs) };
  if (theirs === null) {
    const text = `${path} is no longer on the disk. What is here is not lost.`;
    return notices.show(name, { kind: "asks", text, choices: [{ ...keepMine, label: "Write it again" }] });
  }

  const read = async (): Promise<{ cells: Cell[]; hash: string }> => {
    const { content, hash } = await readNotebook(path);
    return { cells: notebookOf(content, path).cells, hash: hash ?? theirs };
  };
  const failed = (error: unknown): void =>
    notices.show(name, {
      kind: "asks",
      text: `The file on the disk cannot be read: ${(error as Error).message}`,
      choices: [keepMine, { label: "Try again", choose: () => askAboutConflict(args, theirs) }],
    });

  const takeTheirs = async (): Promise<void> => {
    const { cells, hash } = await read();
    replaceAll(notebook, cells);
    saver.taken(hash);
    notices.show("taken", {
      text: "This is now the notebook from the disk. Undo brings back what was here.",
      choices: [{ label: "OK", choose: () => undefined }],
    });
  };
  const compare = async (): Promise<void> => {
    const { cells, hash } = await read();
    const choose = (chosen: Cell[]): void => {
      replaceAll(notebook, chosen);
      void saver.keepMine(hash);
    };
    showSideBySide(notebook.toNotebook().cells, cells, choose, () => askAboutConflict(args, theirs));
  };

  notices.show(name, {
    kind: "asks",
    text: `${path} was changed on the disk while it is open here. Nothing is saved until you choose.`,
    choices: [
      keepMine,
      { label: "Take theirs", choose: () => void takeTheirs().catch(failed) },
      { label: "Side by side", choose: () => void compare().catch(failed) },
    ],
  });
}
