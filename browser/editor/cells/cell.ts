/** What all cells of the page have in common, and what they ask of the notebook that they are in. */
import type { EditorView, KeyBinding } from "@codemirror/view";
import type { Cell } from "../../../src/notebook/nbformat.js";
import type { OutputContext } from "../outputs/area.js";
import { el } from "../page/dom.js";
import type { Json } from "../protocol/messages.js";
import type { Problem } from "./diagnostics.js";

export type RunState = "idle" | "queued" | "running";

export interface CellHost {
  /** Of code cells: `typescript`, `javascript`, or another that is shown plain. */
  readonly language: string;
  readonly outputs: OutputContext;
  /** Keys of the notebook while a cell is edited. */
  readonly editKeys: readonly KeyBinding[];
  /** Asks the kernel of a cell's code; null where there is none to ask. */
  ask(cell: Cell, type: string, content: Json): Promise<Json | null>;
  check(cell: Cell, code: string): Promise<readonly Problem[] | null>;
  sourceChanged(cell: Cell, source: string): void;
  /** The cell's editor has the focus. */
  editing(cell: Cell): void;
  /** The reader asks to edit it. */
  edit(cell: Cell): void;
  run(cell: Cell): void;
}

export interface CellView {
  readonly cell: Cell;
  readonly element: HTMLElement;
  /** Null where there is no editor, or it is not shown. */
  readonly editorView: EditorView | null;
  /** Puts the cursor into the cell's editor; at its end where `at` says so. */
  focusEditor(at?: "start" | "end"): void;
  /** Where the cursor is, in UTF-16 units; the end of the source where there is none. */
  cursor(): number;
  /** Selects a part of the source and shows it. */
  reveal(from: number, to: number): void;
  /** Takes over what was changed in the cell elsewhere. */
  refresh(): void;
  setReadOnly(readOnly: boolean): void;
  setLineNumbers(shown: boolean): void;
  /** What a screen reader calls the cell. */
  setLabel(place: string): void;
  recolour(): void;
  dispose(): void;
}

const kinds = { code: "Code", markdown: "Markdown", raw: "Raw" } as const;

export const kindOf = (cell: Cell): string => kinds[cell.cell_type];

export function cellFrame(cell: Cell, ...children: Node[]): HTMLElement {
  const attributes = {
    class: `cell ${cell.cell_type}-cell`,
    role: "group",
    "aria-roledescription": "cell",
    tabindex: -1,
    "data-id": cell.id,
  };
  return el("section", attributes, ...children);
}
