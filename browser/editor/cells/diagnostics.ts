/** Type errors under the line, as one types: from the language service that has all cells before this one. */
import { linter, setDiagnostics, setDiagnosticsEffect, type Diagnostic } from "@codemirror/lint";
import { StateEffect, StateField, type EditorState, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, WidgetType, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { el } from "../page/dom.js";

export interface Problem {
  /** Offsets in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly severity: "error" | "warning" | "info" | "hint";
}

/** Asks for the problems of a cell's code; null where nobody can tell. */
export type Check = (code: string) => Promise<readonly Problem[] | null>;

/** After the last key, in milliseconds. */
const pause = 500;

class Message extends WidgetType {
  constructor(
    readonly text: string,
    readonly severity: string,
  ) {
    super();
  }

  override eq(other: Message): boolean {
    return other.text === this.text && other.severity === this.severity;
  }

  override toDOM(): HTMLElement {
    return el("div", { class: `problem ${this.severity}`, role: "note" }, this.text);
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

/** A message in a line of its own below the one that it is about; of several on a line each. */
function messagesOf(state: EditorState, problems: readonly Diagnostic[]): DecorationSet {
  const below = problems
    .filter(({ severity }) => severity === "error" || severity === "warning")
    .map(({ to, message, severity }): Range<Decoration> => {
      const widget = Decoration.widget({ widget: new Message(message, severity), block: true, side: 1 });
      return widget.range(state.doc.lineAt(Math.min(to, state.doc.length)).to);
    });
  return Decoration.set(below, true);
}

const messages = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, transaction) {
    let next = transaction.docChanged ? value.map(transaction.changes) : value;
    for (const effect of transaction.effects)
      if (effect.is(setDiagnosticsEffect)) next = messagesOf(transaction.state, effect.value);
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const again = StateEffect.define<null>();

/** Checks after a pause behind the last change, and drops an answer that a later change has made old. */
class Checker {
  private timer = 0;

  constructor(
    private readonly view: EditorView,
    private readonly check: Check,
  ) {}

  update(update: ViewUpdate): void {
    const asked = update.transactions.some(({ effects }) => effects.some((effect) => effect.is(again)));
    if (!update.docChanged && !asked) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.run(), asked ? 0 : pause);
  }

  destroy(): void {
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    const { doc } = this.view.state;
    const problems = await this.check(doc.toString()).catch(() => null);
    if (this.view.state.doc !== doc || problems === null) return;
    const found = problems.map(({ start, end, message, severity }): Diagnostic => {
      const from = Math.min(start, doc.length);
      return { from, to: Math.min(Math.max(end, from), doc.length), message, severity };
    });
    this.view.dispatch(setDiagnostics(this.view.state, found));
  }
}

export const diagnostics = (check: Check): Extension => [
  messages,
  // The message stands below the line already: no second one under the pointer.
  linter(null, { tooltipFilter: () => [] }),
  ViewPlugin.define((view) => new Checker(view, check)),
];

/** Looks now, as when the cell is entered and after another one ran. */
export const checkAgain = (view: EditorView): void => view.dispatch({ effects: again.of(null) });
