/** Adding, moving, dividing and removing cells. */
import type { Cell } from "../../../src/notebook/nbformat.js";
import { newCell } from "../../../src/notebook/editing/document.js";
import * as cells from "../../../src/notebook/editing/operations.js";
import { announce } from "../page/announce.js";
import type { Command } from "./commands.js";
import type { NotebookContext } from "./context.js";

/** Cells that were cut or copied in this tab. */
let clipboard: readonly Cell[] = [];

const countOf = (count: number): string => (count === 1 ? "1 cell" : `${count} cells`);

export function cellCommands({ notebook, view }: NotebookContext): Command[] {
  const range = (): [from: number, to: number] => [view.selection.from, view.selection.to];
  const selected = (): readonly Cell[] => notebook.cells.slice(...range());

  const insert = (at: number): void => {
    cells.insertCells(notebook, at, [newCell("code")]);
    view.select(at);
  };
  const remove = (told: string): void => {
    const [from, to] = range();
    cells.deleteCells(notebook, from, to);
    view.select(from);
    announce(`${countOf(to - from)} ${told}. Z brings back.`);
  };
  const copy = (): void => {
    clipboard = cells.copies(selected());
  };
  const paste = (at: number): boolean => {
    if (clipboard.length === 0) return false;
    const pasted = cells.copies(clipboard);
    cells.insertCells(notebook, at, pasted);
    view.select(at);
    view.select(at + pasted.length - 1, true);
    return true;
  };
  const move = (by: -1 | 1): void => {
    if (!cells.moveCells(notebook, ...range(), by)) return;
    view.activeView.element.scrollIntoView({ block: "nearest" });
    view.activeView.element.focus({ preventScroll: true });
    announce(`Moved to place ${view.activeIndex + 1}.`);
  };
  const changeType = (type: Cell["cell_type"]): void => {
    const [from, to] = range();
    cells.changeType(notebook, from, to, type);
    view.select(from);
    view.select(to - 1, true);
  };
  const undo = (): void => {
    if (!notebook.undo()) return announce("There is nothing to undo.");
    view.select(view.activeIndex);
    announce("Undone.");
  };
  const redo = (): void => {
    if (!notebook.redo()) return announce("There is nothing to do again.");
    view.select(view.activeIndex);
    announce("Done again.");
  };

  const commands: Command[] = [
    { id: "insert-above", label: "Add a cell above", group: "Cells", keys: ["a"], run: () => insert(range()[0]) },
    { id: "insert-below", label: "Add a cell below", group: "Cells", keys: ["b"], run: () => insert(range()[1]) },
    {
      id: "cut",
      label: "Cut cells",
      group: "Cells",
      keys: ["x"],
      run() {
        copy();
        remove("cut");
      },
    },
    {
      id: "copy",
      label: "Copy cells",
      group: "Cells",
      keys: ["c"],
      run() {
        copy();
        announce(`${countOf(clipboard.length)} copied.`);
      },
    },
    { id: "paste", label: "Paste cells below", group: "Cells", keys: ["v"], run: () => paste(range()[1]) },
    { id: "paste-above", label: "Paste cells above", group: "Cells", keys: ["Shift-v"], run: () => paste(range()[0]) },
    { id: "delete", label: "Delete cells", group: "Cells", keys: ["d d"], run: () => remove("deleted") },
    { id: "undo", label: "Undo", group: "Cells", keys: ["z"], run: undo },
    { id: "redo", label: "Do again", group: "Cells", keys: ["Shift-z"], run: redo },
    { id: "move-up", label: "Move cells up", group: "Cells", keys: ["Mod-Shift-ArrowUp"], run: () => move(-1) },
    { id: "move-down", label: "Move cells down", group: "Cells", keys: ["Mod-Shift-ArrowDown"], run: () => move(1) },
    { id: "to-code", label: "Make it code", group: "Cells", keys: ["y"], run: () => changeType("code") },
    { id: "to-markdown", label: "Make it Markdown", group: "Cells", keys: ["m"], run: () => changeType("markdown") },
    { id: "to-raw", label: "Make it raw text", group: "Cells", keys: ["r"], run: () => changeType("raw") },
    {
      id: "split",
      label: "Split the cell at the cursor",
      group: "Cells",
      keys: ["Mod-Shift--"],
      editKeys: ["Ctrl-Shift--", "Mod-Shift--"],
      run() {
        const index = view.activeIndex;
        const editing = view.mode === "edit";
        cells.splitCell(notebook, index, view.activeView.cursor());
        view.select(index + 1);
        if (editing) view.edit("start");
      },
    },
    {
      id: "merge",
      label: "Merge cells (one: with the cell below)",
      group: "Cells",
      keys: ["Shift-m"],
      run() {
        const [from, to] = range();
        const end = to - from > 1 ? to : Math.min(to + 1, notebook.cells.length);
        cells.mergeCells(notebook, from, end);
        view.select(from);
      },
    },
    {
      id: "fold",
      label: "Fold the code away for readers, or not",
      group: "Cells",
      keys: ["."],
      run() {
        const folded = !cells.isFolded(view.activeCell);
        for (const cell of selected()) if (cell.cell_type === "code") cells.setFolded(notebook, cell, folded);
      },
    },
  ];
  return commands.map((command) => ({ ...command, edits: true }));
}
