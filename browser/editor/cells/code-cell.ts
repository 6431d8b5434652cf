/** A code cell: its editor, what may be folded away, its count, its outputs. */
import type { EditorView } from "@codemirror/view";
import type { CodeCell } from "../../../src/notebook/nbformat.js";
import { isFolded } from "../../../src/notebook/editing/operations.js";
import { OutputArea } from "../outputs/area.js";
import { askQuestion, type QuestionArgs } from "../outputs/question.js";
import { button, el, throttled } from "../page/dom.js";
import { icon } from "../page/icons.js";
import { cellFrame, type CellHost, type CellView, type RunState } from "./cell.js";
import { completion, type AskKernel } from "./completion.js";
import { checkAgain, diagnostics } from "./diagnostics.js";
import { createEditor, type Editor } from "./editor.js";
import { codeLanguage } from "./highlighting.js";
import { inspection } from "./inspection.js";

/** Between two looks at the outputs, in milliseconds. */
const outputPause = 80;

const hasTag = (cell: CodeCell, tag: string): boolean => (cell.metadata.tags ?? []).includes(tag);

export class CodeCellView implements CellView {
  readonly element: HTMLElement;
  private readonly count = el("span", { class: "count" });
  private readonly input = el("div", { class: "input" });
  private readonly runButton: HTMLButtonElement;
  private readonly unfold: HTMLButtonElement;
  private readonly area: OutputArea;
  private readonly questions = el("div", { class: "questions" });
  private readonly editor: Editor;
  private readonly drawOutputs = throttled(outputPause, () => this.area.show(this.cell.outputs));
  private state: RunState = "idle";
  private place = "";
  /** What the reader of this page did to a folded cell; the file does not change by looking. */
  private opened = false;

  constructor(
    readonly cell: CodeCell,
    host: CellHost,
  ) {
    this.runButton = el(
      "button",
      { type: "button", class: "run", tabindex: -1, click: () => host.run(cell) },
      icon("run"),
    );
    this.unfold = button("", () => this.open(!this.opened), { class: "unfold", "aria-expanded": "false" });
    this.area = new OutputArea(host.outputs);
    const ask: AskKernel = (type, content) => host.ask(cell, type, content);
    this.editor = createEditor({
      source: cell.source,
      label: "Code",
      keys: host.editKeys,
      extensions: [
        codeLanguage(host.language),
        completion(ask),
        inspection(ask),
        diagnostics((code) => host.check(cell, code)),
      ],
      onChange: (source) => host.sourceChanged(cell, source),
      onFocus: () => {
        host.editing(cell);
        checkAgain(this.editor.view);
      },
    });
    this.input.append(this.editor.view.dom);
    const gutter = el("div", { class: "gutter" }, this.count, this.runButton);
    this.element = cellFrame(cell, gutter, this.unfold, this.input, this.questions, this.area.element);
    this.area.show(cell.outputs);
    this.refresh();
  }

  get editorView(): EditorView | null {
    return this.input.hidden ? null : this.editor.view;
  }

  focusEditor(at?: "start" | "end"): void {
    this.open(true);
    const { view } = this.editor;
    if (at) view.dispatch({ selection: { anchor: at === "start" ? 0 : view.state.doc.length } });
    view.focus();
  }

  cursor(): number {
    return this.editor.view.state.selection.main.head;
  }

  reveal(from: number, to: number): void {
    this.open(true);
    this.editor.view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
  }

  refresh(): void {
    this.editor.setSource(this.cell.source);
    this.drawOutputs();
    this.drawFold();
    this.drawState();
  }

  setState(state: RunState): void {
    if (state === this.state) return;
    this.state = state;
    if (state === "idle") this.questions.replaceChildren();
    this.drawState();
  }

  /** Shows a field for what the cell asks by `input()`. */
  ask(question: QuestionArgs): void {
    const form = askQuestion(question);
    this.questions.replaceChildren(form);
    form.querySelector("input")?.focus();
  }

  /** Looks for type errors again, where the cell is edited. */
  check(): void {
    if (this.editor.view.hasFocus) checkAgain(this.editor.view);
  }

  setReadOnly(readOnly: boolean): void {
    this.editor.setReadOnly(readOnly);
  }

  setLineNumbers(shown: boolean): void {
    this.editor.setLineNumbers(shown);
  }

  setLabel(place: string): void {
    if (place === this.place) return;
    this.place = place;
    this.editor.setLabel(`Code of cell ${place}`);
    this.drawState();
  }

  recolour(): void {
    this.area.recolour();
  }

  dispose(): void {
    this.editor.destroy();
    this.area.dispose();
  }

  private open(opened: boolean): void {
    this.opened = opened;
    this.drawFold();
  }

  private drawFold(): void {
    const solution = hasTag(this.cell, "solution");
    const foldable = solution || isFolded(this.cell);
    const what = solution ? "the solution" : "the code";
    this.unfold.hidden = !foldable;
    this.unfold.textContent = `${this.opened ? "Hide" : "Show"} ${what}`;
    this.unfold.setAttribute("aria-expanded", String(this.opened));
    this.input.hidden = foldable && !this.opened;
  }

  private drawState(): void {
    const { execution_count: count } = this.cell;
    this.element.dataset.state = this.state;
    this.count.textContent = this.state === "idle" ? (count === null ? "" : String(count)) : "\u2217";
    const told = { queued: "waiting to run", running: "running", idle: count === null ? "not run" : `run ${count}` };
    this.element.setAttribute("aria-label", `Code cell ${this.place}, ${told[this.state]}`);
    this.runButton.setAttribute("aria-label", `Run cell ${this.place}`);
    this.runButton.title = "Run this cell (Ctrl-Enter)";
  }
}
