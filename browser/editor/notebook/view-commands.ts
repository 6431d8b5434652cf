/** Moving through the notebook, and what belongs to the page as a whole. */
import { announce } from "../page/announce.js";
import type { Command } from "./commands.js";
import type { NotebookContext } from "./context.js";

export interface PageCommands {
  help(): void;
}

export function viewCommands(context: NotebookContext, page: PageCommands): Command[] {
  const { notebook, view } = context;
  const step = (by: -1 | 1, extend = false): void => view.select(view.activeIndex + by, extend);

  /** From the edge of an editor on to the next cell; elsewhere the key is the editor's. */
  const leave = (by: -1 | 1): boolean => {
    const { state } = view.activeView.editorView ?? {};
    const index = view.activeIndex + by;
    if (!state || index < 0 || index >= notebook.cells.length) return false;
    const { head, empty } = state.selection.main;
    const line = state.doc.lineAt(head).number;
    if (!empty || line !== (by < 0 ? 1 : state.doc.lines)) return false;
    const drawn = view.isDrawn(notebook.cells[index]);
    view.select(index);
    if (!drawn) view.edit(by < 0 ? "end" : "start");
    return true;
  };

  return [
    { id: "edit", label: "Edit the cell", group: "Move", keys: ["Enter"], edits: true, run: () => view.edit() },
    {
      id: "leave",
      label: "Leave the editor",
      group: "Move",
      editKeys: ["Escape"],
      run() {
        if ((view.activeView.editorView?.state.selection.ranges.length ?? 1) > 1) return false;
        view.select(view.activeIndex);
      },
    },
    { id: "up", label: "Select the cell above", group: "Move", keys: ["ArrowUp", "k"], run: () => step(-1) },
    { id: "down", label: "Select the cell below", group: "Move", keys: ["ArrowDown", "j"], run: () => step(1) },
    {
      id: "extend-up",
      label: "Select the cell above too",
      group: "Move",
      keys: ["Shift-ArrowUp", "Shift-k"],
      run: () => step(-1, true),
    },
    {
      id: "extend-down",
      label: "Select the cell below too",
      group: "Move",
      keys: ["Shift-ArrowDown", "Shift-j"],
      run: () => step(1, true),
    },
    {
      id: "select-all",
      label: "Select all cells",
      group: "Move",
      keys: ["Mod-a"],
      run() {
        if (view.mode === "edit") return false;
        view.select(0);
        view.select(notebook.cells.length - 1, true);
      },
    },
    { id: "leave-up", label: "Go to the cell above", group: "Move", editKeys: ["ArrowUp"], run: () => leave(-1) },
    { id: "leave-down", label: "Go to the cell below", group: "Move", editKeys: ["ArrowDown"], run: () => leave(1) },
    { id: "find", label: "Find and replace", group: "View", keys: ["Mod-f", "f"], run: () => context.find.open() },
    {
      id: "line-numbers",
      label: "Show or hide line numbers",
      group: "View",
      keys: ["Shift-l"],
      run: () => view.toggleLineNumbers(),
    },
    {
      id: "save",
      label: "Save now",
      group: "File",
      keys: ["Mod-s", "s"],
      run: () =>
        void context.saver.save().then(() => context.saver.state === "saved" && announce("The notebook is saved.")),
    },
    { id: "help", label: "Show the keys", group: "View", keys: ["h", "?"], run: () => page.help() },
  ];
}
