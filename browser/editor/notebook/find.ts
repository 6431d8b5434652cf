/** Finding text in all cells, in their sources. */
import type { Cell } from "../../../src/notebook/nbformat.js";
import type { EditedNotebook } from "../../../src/notebook/editing/document.js";
import { button, el } from "../page/dom.js";
import type { NotebookView } from "./view.js";

interface Match {
  readonly cell: Cell;
  readonly from: number;
  readonly to: number;
}

/** All places of a text; capitals count only where the reader writes some. */
export function findIn(cells: readonly Cell[], text: string): Match[] {
  if (text === "") return [];
  const exact = text !== text.toLowerCase();
  // Lower case may have another length: then places would be wrong, and capitals count.
  const lower = (source: string): string => {
    const lowered = source.toLowerCase();
    return exact || lowered.length !== source.length ? source : lowered;
  };
  return cells.flatMap((cell) => {
    const source = lower(cell.source);
    const matches: Match[] = [];
    for (let at = source.indexOf(text); at >= 0; at = source.indexOf(text, at + text.length))
      matches.push({ cell, from: at, to: at + text.length });
    return matches;
  });
}

export class FindBar {
  readonly element: HTMLElement;
  private readonly field = el("input", { type: "search", "aria-label": "Find in all cells", placeholder: "Find" });
  private readonly told = el("span", { role: "status", class: "found" });
  private current: Match | null = null;

  constructor(
    private readonly notebook: EditedNotebook,
    private readonly view: () => NotebookView,
  ) {
    this.element = el(
      "search",
      { class: "find", hidden: true },
      this.field,
      button("\u2191", () => this.step(-1), { "aria-label": "The match before", title: "Shift-Enter" }),
      button("\u2193", () => this.step(1), { "aria-label": "The next match", title: "Enter" }),
      this.told,
      button("Close", () => this.close()),
    );
    this.field.addEventListener("input", () => {
      this.current = null;
      this.step(1);
    });
    this.element.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") this.close();
      if (event.key !== "Enter" || event.target !== this.field) return;
      event.preventDefault();
      this.step(event.shiftKey ? -1 : 1);
    });
  }

  open(): void {
    this.element.hidden = false;
    this.field.focus();
    this.field.select();
  }

  private close(): void {
    this.element.hidden = true;
    const view = this.view();
    view.select(view.activeIndex);
  }

  /** Goes to a match; the field keeps the focus, so that Enter goes on. */
  private step(by: -1 | 1): void {
    const { cells } = this.notebook;
    const matches = findIn(cells, this.field.value);
    if (matches.length === 0) {
      this.told.textContent = this.field.value === "" ? "" : "No match";
      return;
    }
    const before = matches.findIndex(({ cell, from }) => cell === this.current?.cell && from === this.current.from);
    const at = before < 0 ? this.first(matches) : (before + by + matches.length) % matches.length;
    this.current = matches[at];
    this.told.textContent = `${at + 1} of ${matches.length}`;
    this.view().show(this.current.cell, this.current.from, this.current.to);
    this.field.focus();
  }

  /** From the selected cell on. */
  private first(matches: readonly Match[]): number {
    const from = this.view().activeIndex;
    const at = matches.findIndex(({ cell }) => this.notebook.cells.indexOf(cell) >= from);
    return Math.max(at, 0);
  }
}
