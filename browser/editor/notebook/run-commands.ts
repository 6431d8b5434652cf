/** Running cells, and the kernel that they run in. */
import type { Cell } from "../../../src/notebook/nbformat.js";
import { newCell } from "../../../src/notebook/editing/document.js";
import { clearOutputs, insertCells } from "../../../src/notebook/editing/operations.js";
import { announce } from "../page/announce.js";
import { confirmed } from "../page/dialogs.js";
import type { Command } from "./commands.js";
import type { NotebookContext } from "./context.js";
import { isCode } from "./view.js";

/** Runs code cells and draws Markdown cells, in order. */
export function runCells(context: NotebookContext, cells: readonly Cell[]): void {
  const { view, session, executions } = context;
  void view.drawProse(cells);
  const code = cells.filter(isCode).filter(({ source }) => source.trim() !== "");
  if (code.length === 0) return;
  if (session.client === null || session.state === "dead") {
    announce("The kernel is not running. Restart it to run cells.");
    return;
  }
  for (const cell of code) executions.run(cell, session.client);
}

async function restart(context: NotebookContext): Promise<boolean> {
  const { session } = context;
  const text = "What the cells have made so far is gone from memory; the notebook stays as it is.";
  if (session.state !== "dead" && !(await confirmed({ title: "Restart the kernel?", text, action: "Restart" })))
    return false;
  await session.restart();
  const running = session.client !== null && session.failure === null;
  announce(running ? "The kernel was restarted." : "The kernel could not be started.");
  return running;
}

export function runCommands(context: NotebookContext): Command[] {
  const { notebook, view } = context;
  const selected = (): readonly Cell[] => notebook.cells.slice(view.selection.from, view.selection.to);
  const runSelected = (): void => runCells(context, selected());
  /** Goes on to the cell behind the selection, or to a new one at the end. */
  const next = (): void => {
    const at = view.selection.to;
    if (at < notebook.cells.length) return view.select(at);
    insertCells(notebook, at, [newCell("code")]);
    view.select(at);
    view.edit();
  };
  return [
    {
      id: "run-next",
      label: "Run and go on to the next cell",
      group: "Run",
      keys: ["Shift-Enter"],
      editKeys: ["Shift-Enter"],
      edits: true,
      run() {
        runSelected();
        next();
      },
    },
    {
      id: "run",
      label: "Run",
      group: "Run",
      keys: ["Mod-Enter"],
      editKeys: ["Ctrl-Enter", "Mod-Enter"],
      edits: true,
      run() {
        runSelected();
        view.select(view.activeIndex);
      },
    },
    {
      id: "run-insert",
      label: "Run and add a cell below",
      group: "Run",
      keys: ["Alt-Enter"],
      editKeys: ["Alt-Enter"],
      edits: true,
      run() {
        const at = view.selection.to;
        runSelected();
        insertCells(notebook, at, [newCell("code")]);
        view.select(at);
        view.edit();
      },
    },
    {
      id: "run-all",
      label: "Run all cells",
      group: "Run",
      edits: true,
      run: () => runCells(context, notebook.cells),
    },
    {
      id: "run-above",
      label: "Run all cells above",
      group: "Run",
      edits: true,
      run: () => runCells(context, notebook.cells.slice(0, view.selection.from)),
    },
    {
      id: "interrupt",
      label: "Interrupt the kernel",
      group: "Kernel",
      keys: ["i i"],
      run() {
        announce("Interrupting.");
        void context.session.interrupt().catch(() => announce("The kernel could not be interrupted."));
      },
    },
    {
      id: "restart",
      label: "Restart the kernel",
      group: "Kernel",
      keys: ["0 0"],
      run: () => void restart(context),
    },
    {
      id: "restart-run-all",
      label: "Restart the kernel and run all cells",
      group: "Kernel",
      edits: true,
      run: () => void restart(context).then((done) => done && runCells(context, notebook.cells)),
    },
    {
      id: "clear-outputs",
      label: "Clear all outputs",
      group: "Kernel",
      edits: true,
      run: () => clearOutputs(notebook),
    },
  ];
}
