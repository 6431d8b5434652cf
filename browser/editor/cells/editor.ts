/** The editor of one cell: CodeMirror, told of changes from outside without echoing them. */
import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { Annotation, Compartment, EditorState, Prec, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  keymap,
  lineNumbers,
  ViewPlugin,
  type KeyBinding,
  type ViewUpdate,
} from "@codemirror/view";
import { look } from "./highlighting.js";

export interface EditorArgs {
  readonly source: string;
  /** What a screen reader calls it. */
  readonly label: string;
  /** Language, completion, and what else this kind of cell has. */
  readonly extensions: readonly Extension[];
  /** Keys that the notebook takes before the editor does. */
  readonly keys: readonly KeyBinding[];
  onChange(source: string): void;
  onFocus(): void;
}

export interface Editor {
  readonly view: EditorView;
  /** Sets the text from outside; the cursor stays where it can. */
  setSource(source: string): void;
  setLabel(label: string): void;
  setReadOnly(readOnly: boolean): void;
  setLineNumbers(shown: boolean): void;
  destroy(): void;
}

const fromOutside = Annotation.define<boolean>();

/** Lines that go on beyond the edge can be scrolled by key without editing them: by Tab and the arrows. */
const scrollsByKey = ViewPlugin.fromClass(
  class {
    constructor(private readonly view: EditorView) {
      this.measure();
    }

    update({ geometryChanged }: ViewUpdate): void {
      if (geometryChanged) this.measure();
    }

    private measure(): void {
      const { scrollDOM } = this.view;
      this.view.requestMeasure({
        key: this,
        read: () => scrollDOM.scrollWidth > scrollDOM.clientWidth,
        write: (scrolls) => (scrolls ? scrollDOM.setAttribute("tabindex", "0") : scrollDOM.removeAttribute("tabindex")),
      });
    }
  },
);

/** The least change between two texts: what they begin and end with alike stays. */
export function leastChange(before: string, after: string): { from: number; to: number; insert: string } {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start++;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}

export function createEditor(args: EditorArgs): Editor {
  const label = new Compartment();
  const readOnly = new Compartment();
  const numbers = new Compartment();
  const labelled = (text: string): Extension => EditorView.contentAttributes.of({ "aria-label": text });
  const view = new EditorView({
    state: EditorState.create({
      doc: args.source,
      extensions: [
        Prec.high(keymap.of([...args.keys])),
        keymap.of([
          ...completionKeymap,
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...historyKeymap,
          { key: "Shift-Tab", run: indentLess },
          { key: "Tab", run: indentMore },
        ]),
        history(),
        drawSelection(),
        EditorState.allowMultipleSelections.of(true),
        EditorState.tabSize.of(2),
        // Line ends stay as they are in the file.
        EditorState.lineSeparator.of("\n"),
        indentUnit.of("  "),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        scrollsByKey,
        look,
        label.of(labelled(args.label)),
        // By Tab one goes from cell to cell's outputs; Enter is the way into an editor, in which Tab has its own meaning.
        EditorView.contentAttributes.of({ tabindex: "-1" }),
        readOnly.of([]),
        numbers.of([]),
        EditorView.updateListener.of((update) => {
          const own = update.transactions.some((transaction) => !transaction.annotation(fromOutside));
          if (update.docChanged && own) args.onChange(update.state.doc.toString());
          if (update.focusChanged && update.view.hasFocus) args.onFocus();
        }),
        ...args.extensions,
      ],
    }),
  });
  return {
    view,
    setSource(source) {
      const now = view.state.doc.toString();
      if (now !== source)
        view.dispatch({ changes: leastChange(now, source), annotations: fromOutside.of(true), scrollIntoView: false });
    },
    setLabel: (text) => view.dispatch({ effects: label.reconfigure(labelled(text)) }),
    setReadOnly: (on) => view.dispatch({ effects: readOnly.reconfigure(on ? EditorState.readOnly.of(true) : []) }),
    setLineNumbers: (shown) => view.dispatch({ effects: numbers.reconfigure(shown ? lineNumbers() : []) }),
    destroy: () => view.destroy(),
  };
}
