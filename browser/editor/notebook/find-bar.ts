/** The bar for finding text in all cells, as they are seen, and for writing other text in its place. */
import type { EditedNotebook } from "../../../src/notebook/editing/document.js";
import { findIn, replaceAll, replaceAt, sourceOf, type Match } from "../../../src/notebook/editing/find.js";
import { unmarkText } from "../cells/drawn-text.js";
import { announce } from "../page/announce.js";
import { button, el } from "../page/dom.js";
import type { NotebookView } from "./view.js";

export class FindBar {
  readonly element: HTMLElement;
  private readonly field = el("input", { type: "search", "aria-label": "Find in all cells", placeholder: "Find" });
  private readonly told = el("span", { role: "status", class: "found" });
  private readonly next = el("input", { type: "text", "aria-label": "Replace by", placeholder: "Replace by" });
  private readonly replacing: HTMLElement;
  /** Where the search is: the match that was shown last, or the place behind what took its place. */
  private current: Match | null = null;

  constructor(
    private readonly notebook: EditedNotebook,
    private readonly view: () => NotebookView,
  ) {
    const finding = el(
      "div",
      {},
      this.field,
      button("\u2191", () => this.step(-1), { "aria-label": "The match before", title: "Shift-Enter" }),
      button("\u2193", () => this.step(1), { "aria-label": "The next match", title: "Enter" }),
      this.told,
      button("Close", () => this.close()),
    );
    this.replacing = el(
      "div",
      {},
      this.next,
      button("Replace", () => void this.replace(), { title: "Enter" }),
      button("Replace all", () => this.replaceAll()),
    );
    this.element = el("search", { class: "find", hidden: true }, finding, this.replacing);
    this.field.addEventListener("input", () => {
      this.current = null;
      this.step(1);
    });
    this.element.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") this.close();
      if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
      event.preventDefault();
      if (event.target === this.next) void this.replace();
      else this.step(event.shiftKey ? -1 : 1);
    });
  }

  open(): void {
    this.element.hidden = false;
    this.field.focus();
    this.field.select();
  }

  /** A tab that only reads finds, and replaces nothing. */
  setReadOnly(readOnly: boolean): void {
    this.replacing.hidden = readOnly;
  }

  private close(): void {
    this.element.hidden = true;
    unmarkText();
    const view = this.view();
    view.select(view.activeIndex);
  }

  private matches(): Match[] {
    return findIn(this.notebook.cells, this.field.value, (cell) => this.view().drawnText(cell));
  }

  /** Goes to a match; the field keeps the focus, so that Enter goes on. */
  private step(by: -1 | 1, focused: HTMLElement = this.field): void {
    const matches = this.matches();
    if (matches.length === 0) {
      unmarkText();
      this.told.textContent = this.field.value === "" ? "" : "No match";
      return;
    }
    const at = this.nextOf(matches, by);
    this.current = matches[at];
    this.told.textContent = `${at + 1} of ${matches.length}`;
    this.view().show(this.current);
    focused.focus();
  }

  /** The match behind the current place or before it; at first that of the selected cell or behind. */
  private nextOf(matches: readonly Match[], by: -1 | 1): number {
    const { cells } = this.notebook;
    const here = this.current ?? { cell: cells[this.view().activeIndex], from: -1 };
    const order = (match: Pick<Match, "cell" | "from">): number =>
      cells.indexOf(match.cell) - cells.indexOf(here.cell) || match.from - here.from;
    const before = matches.filter((match) => order(match) < 0).length;
    const at = by < 0 ? before - 1 : matches.filter((match) => order(match) <= 0).length;
    return (at + matches.length) % matches.length;
  }

  /** Replaces the match that is shown, and goes on to the next; where none is shown, shows one first. */
  private async replace(): Promise<void> {
    const matches = this.matches();
    const { current } = this;
    const match = matches.find(({ cell, from }) => cell === current?.cell && from === current.from);
    if (match === undefined) return this.step(1, this.next);
    const place = sourceOf(match, matches, this.field.value);
    if (place === null) return this.tell("Its source has this text otherwise: edit the cell to change it.");
    const by = this.next.value;
    replaceAt(this.notebook, match.cell, place, by);
    if (match.drawn) await this.view().drawProse([match.cell]);
    this.current = { ...match, from: match.from + by.length - 1 };
    this.step(1, this.next);
  }

  private replaceAll(): void {
    const count = replaceAll(this.notebook, this.field.value, this.next.value);
    this.current = null;
    unmarkText();
    this.tell(count === 0 ? "No match" : `${count} replaced`);
    if (count > 0) announce(`${count} replaced. Z in command mode brings all back.`);
  }

  private tell(text: string): void {
    this.told.textContent = text;
  }
}
