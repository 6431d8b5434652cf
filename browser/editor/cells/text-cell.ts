/** Cells of text: Markdown, drawn until it is edited, and raw cells, which are what they are. */
import { EditorView } from "@codemirror/view";
import type { TextCell } from "../../../src/notebook/nbformat.js";
import { watchEdges } from "../../page/edges.js";
import { el } from "../page/dom.js";
import { setForeignHtml } from "../page/foreign-html.js";
import { leadLinks } from "../page/links.js";
import { cellFrame, kindOf, type CellHost, type CellView } from "./cell.js";
import { drawnTextOf, markText } from "./drawn-text.js";
import { createEditor, type Editor } from "./editor.js";
import { markdownLanguage } from "./highlighting.js";

const isMarkdown = (cell: TextCell): boolean => cell.cell_type === "markdown";

export class TextCellView implements CellView {
  readonly element: HTMLElement;
  private readonly prose = el("div", { class: "prose" });
  private readonly input = el("div", { class: "input" });
  private editor: Editor | null = null;
  private place = "";
  private html: string | null = null;
  private readOnly = false;
  private lineNumbers = false;
  private endEdges = (): void => undefined;

  constructor(
    readonly cell: TextCell,
    private readonly host: CellHost,
  ) {
    this.element = cellFrame(cell, this.prose, this.input);
    this.input.hidden = true;
    this.prose.addEventListener("dblclick", () => host.edit(cell));
    if (!isMarkdown(cell)) this.openEditor();
  }

  /** True where Markdown is drawn, and not its source shown. */
  get drawn(): boolean {
    return this.input.hidden === true;
  }

  get editorView(): EditorView | null {
    return this.drawn ? null : (this.editor?.view ?? null);
  }

  /** Draws this HTML in place of the source. */
  draw(html: string): void {
    this.input.hidden = true;
    this.prose.hidden = false;
    if (html === this.html) return;
    this.html = html;
    if (html.trim() === "") this.prose.replaceChildren(el("p", { class: "empty" }, "Empty Markdown cell"));
    else setForeignHtml(this.prose, html);
    leadLinks(this.prose, this.host.outputs.path);
    this.endEdges();
    this.endEdges = watchEdges(this.prose);
  }

  /** The drawn text as it is seen. */
  get drawnText(): string {
    return drawnTextOf(this.prose);
  }

  markDrawn(from: number, to: number): void {
    markText(this.prose, from, to);
  }

  focusEditor(at?: "start" | "end"): void {
    const { view } = this.openEditor();
    if (at) view.dispatch({ selection: { anchor: at === "start" ? 0 : view.state.doc.length } });
    view.focus();
  }

  cursor(): number {
    return this.editor?.view.state.selection.main.head ?? this.cell.source.length;
  }

  reveal(from: number, to: number): void {
    this.openEditor().view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
  }

  refresh(): void {
    this.editor?.setSource(this.cell.source);
  }

  setReadOnly(readOnly: boolean): void {
    this.readOnly = readOnly;
    this.editor?.setReadOnly(readOnly);
  }

  setLineNumbers(shown: boolean): void {
    this.lineNumbers = shown;
    this.editor?.setLineNumbers(shown);
  }

  setLabel(place: string): void {
    this.place = place;
    this.element.setAttribute("aria-label", `${kindOf(this.cell)} cell ${place}`);
    this.editor?.setLabel(this.editorLabel());
  }

  recolour(): void {
    // Its colours are the page's own.
  }

  dispose(): void {
    this.endEdges();
    this.editor?.destroy();
  }

  private editorLabel(): string {
    return `Text of ${kindOf(this.cell)} cell ${this.place}`;
  }

  private openEditor(): Editor {
    this.prose.hidden = true;
    this.input.hidden = false;
    if (this.editor) return this.editor;
    const { cell, host } = this;
    this.editor = createEditor({
      source: cell.source,
      label: this.editorLabel(),
      keys: host.editKeys,
      extensions: [isMarkdown(cell) ? markdownLanguage : [], EditorView.lineWrapping],
      onChange: (source) => host.sourceChanged(cell, source),
      onFocus: () => host.editing(cell),
    });
    this.editor.setReadOnly(this.readOnly);
    this.editor.setLineNumbers(this.lineNumbers);
    this.input.append(this.editor.view.dom);
    return this.editor;
  }
}
