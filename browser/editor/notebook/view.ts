/** The cells of a notebook on the page: kept as the notebook is, selected, entered and left. */
import type { Cell, CodeCell } from "../../../src/notebook/nbformat.js";
import type { EditedNotebook, Told } from "../../../src/notebook/editing/document.js";
import type { Match } from "../../../src/notebook/editing/find.js";
import type { CellHost, CellView } from "../cells/cell.js";
import { CodeCellView } from "../cells/code-cell.js";
import { unmarkText } from "../cells/drawn-text.js";
import { drawProse } from "../cells/prose.js";
import { TextCellView } from "../cells/text-cell.js";
import { el } from "../page/dom.js";

export type Mode = "command" | "edit";

export class NotebookView {
  readonly element = el("main", { class: "notebook", "aria-label": "Notebook" });
  mode: Mode = "command";
  private readonly views = new Map<Cell, CellView>();
  /** The cell that was reached last, and the one where the selection began. */
  private active: Cell;
  private anchor: Cell;
  private readOnly = false;
  private lineNumbers = false;
  private proseTimer = 0;

  constructor(
    private readonly notebook: EditedNotebook,
    private readonly host: CellHost,
    private readonly onSelection: () => void,
  ) {
    [this.active] = notebook.cells;
    this.anchor = this.active;
    for (const cell of notebook.cells) this.element.append(this.viewOf(cell).element);
    notebook.onChange((told) => this.onChange(told));
    this.element.addEventListener("mousedown", (event) => this.onMouse(event));
    this.element.addEventListener("focusout", () => setTimeout(() => this.onFocusOut()));
    this.label();
    this.mark();
  }

  get activeIndex(): number {
    return this.notebook.cells.indexOf(this.active);
  }

  get activeCell(): Cell {
    return this.active;
  }

  get activeView(): CellView {
    return this.viewOf(this.active);
  }

  /** The selected cells, from the first to behind the last. */
  get selection(): { from: number; to: number } {
    const [a, b] = [this.activeIndex, this.notebook.cells.indexOf(this.anchor)];
    return { from: Math.min(a, b), to: Math.max(a, b) + 1 };
  }

  codeView(cell: Cell): CodeCellView | null {
    const view = this.views.get(cell);
    return view instanceof CodeCellView ? view : null;
  }

  /** Selects a cell and leaves every editor; with `extend` all from where the selection began. */
  select(index: number, extend = false): void {
    const cell = this.notebook.cells[Math.min(Math.max(index, 0), this.notebook.cells.length - 1)];
    this.active = cell;
    if (!extend) this.anchor = cell;
    this.mode = "command";
    const { element } = this.viewOf(cell);
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
    this.mark();
  }

  edit(at?: "start" | "end"): void {
    this.mode = "edit";
    this.anchor = this.active;
    this.activeView.focusEditor(at);
    this.mark();
  }

  /** A cell's editor got the focus, by a click or by a key. */
  onEditing(cell: Cell): void {
    this.mode = "edit";
    this.active = cell;
    this.anchor = cell;
    this.mark();
  }

  /** Brings what was found into sight, in the drawn text or in the source; the focus stays where it is. */
  show({ cell, from, to, drawn }: Match): void {
    this.active = cell;
    this.anchor = cell;
    const view = this.viewOf(cell);
    view.element.scrollIntoView({ block: "nearest" });
    unmarkText();
    if (drawn && view instanceof TextCellView) view.markDrawn(from, to);
    else view.reveal(from, to);
    this.mark();
  }

  /** What a drawn cell shows as text; null where the source is shown. */
  drawnText(cell: Cell): string | null {
    const view = this.views.get(cell);
    return view instanceof TextCellView && this.isDrawn(cell) ? view.drawnText : null;
  }

  /** Draws the Markdown cells: those that are drawn already, and these. */
  async drawProse(also: readonly Cell[] = []): Promise<void> {
    const drawn = await drawProse(this.notebook.cells, this.host.outputs.pictures);
    for (const [cell, html] of drawn) {
      const view = this.views.get(cell);
      if (view instanceof TextCellView && (view.drawn || also.includes(cell))) view.draw(html);
    }
  }

  isDrawn(cell: Cell): boolean {
    const view = this.views.get(cell);
    return cell.cell_type === "markdown" && view instanceof TextCellView && view.drawn;
  }

  setReadOnly(readOnly: boolean): void {
    this.readOnly = readOnly;
    for (const view of this.views.values()) view.setReadOnly(readOnly);
  }

  toggleLineNumbers(): void {
    this.lineNumbers = !this.lineNumbers;
    for (const view of this.views.values()) view.setLineNumbers(this.lineNumbers);
  }

  /** Draws figures in the colours that the page has now. */
  recolour(): void {
    for (const view of this.views.values()) view.recolour();
  }

  private viewOf(cell: Cell): CellView {
    const known = this.views.get(cell);
    if (known) return known;
    const view = cell.cell_type === "code" ? new CodeCellView(cell, this.host) : new TextCellView(cell, this.host);
    view.setReadOnly(this.readOnly);
    view.setLineNumbers(this.lineNumbers);
    this.views.set(cell, view);
    return view;
  }

  private onChange(told: Told): void {
    if (told.kind !== "cells") {
      this.views.get(told.cell)?.refresh();
      if (told.kind === "source" && this.isDrawn(told.cell)) this.drawProseSoon();
      return;
    }
    const { at, removed, inserted } = told;
    for (const cell of removed) {
      this.views.get(cell)?.element.remove();
      // A cell that only moves is there again in a moment, with all that it shows.
      queueMicrotask(() => this.forget(cell));
    }
    const before = this.element.children[at] ?? null;
    for (const cell of inserted) this.element.insertBefore(this.viewOf(cell).element, before);
    this.keepSelection(at, inserted);
    this.drawProseSoon();
  }

  private forget(cell: Cell): void {
    if (this.notebook.cells.includes(cell)) return;
    this.views.get(cell)?.dispose();
    this.views.delete(cell);
  }

  private keepSelection(at: number, inserted: readonly Cell[]): void {
    const { cells } = this.notebook;
    if (cells.length === 0) return;
    if (!cells.includes(this.active)) {
      // The same cell in another form, else the one that is there now.
      const same = inserted.find(({ id }) => id === this.active.id);
      this.active = same ?? cells[Math.min(at, cells.length - 1)];
      this.anchor = this.active;
      this.mode = "command";
    }
    if (!cells.includes(this.anchor)) this.anchor = this.active;
    this.label();
    this.mark();
  }

  private drawProseSoon(): void {
    clearTimeout(this.proseTimer);
    this.proseTimer = window.setTimeout(() => void this.drawProse(), 0);
  }

  private label(): void {
    const { cells } = this.notebook;
    cells.forEach((cell, i) => this.viewOf(cell).setLabel(`${i + 1} of ${cells.length}`));
  }

  private mark(): void {
    const { from, to } = this.selection;
    this.notebook.cells.forEach((cell, i) => {
      const { element } = this.viewOf(cell);
      const selected = i >= from && i < to;
      element.classList.toggle("active", cell === this.active);
      element.classList.toggle("selected", selected);
      element.tabIndex = cell === this.active ? 0 : -1;
    });
    this.element.dataset.mode = this.mode;
    this.onSelection();
  }

  /** A click beside the editor selects the cell. */
  private onMouse(event: MouseEvent): void {
    const target = event.target as HTMLElement;
    const element = target.closest<HTMLElement>(".cell");
    const cell = this.notebook.cells.find((each) => this.views.get(each)?.element === element);
    if (!cell || target.closest(".cm-editor")) return;
    this.active = cell;
    if (!event.shiftKey) this.anchor = cell;
    this.mode = "command";
    // What takes the focus itself keeps it.
    if (!target.closest("button, input, select, textarea, a, summary, [tabindex='0'], .widget"))
      setTimeout(() => this.viewOf(cell).element.focus({ preventScroll: true }));
    this.mark();
  }

  private onFocusOut(): void {
    if (this.mode === "edit" && !this.element.querySelector(".cm-focused") && document.hasFocus()) {
      this.mode = "command";
      this.mark();
    }
  }
}

export const isCode = (cell: Cell): cell is CodeCell => cell.cell_type === "code";
