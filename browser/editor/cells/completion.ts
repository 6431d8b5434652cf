/** Completion by the kernel, which knows the names and types of all cells that ran. */
import {
  acceptCompletion,
  autocompletion,
  startCompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { indentMore } from "@codemirror/commands";
import { Prec, type Extension } from "@codemirror/state";
import { keymap, type EditorView } from "@codemirror/view";
import type { Json } from "../protocol/messages.js";
import { fromCodePoints, toCodePoints } from "./code-points.js";

/** Asks the kernel; null where there is none to ask. */
export type AskKernel = (type: string, content: Json) => Promise<Json | null>;

interface TypedMatch {
  readonly text: string;
  readonly type?: string;
}

/** What TypeScript calls a thing, in the words that CodeMirror has pictures for. */
const kinds: Readonly<Record<string, string>> = {
  function: "function",
  "local function": "function",
  method: "method",
  property: "property",
  getter: "property",
  setter: "property",
  class: "class",
  interface: "interface",
  type: "type",
  enum: "enum",
  module: "namespace",
  alias: "namespace",
  keyword: "keyword",
  const: "constant",
  let: "variable",
  var: "variable",
  parameter: "variable",
  string: "text",
};

const source =
  (ask: AskKernel) =>
  async (context: CompletionContext): Promise<CompletionResult | null> => {
    const before = context.matchBefore(/[\w$]+$/);
    const afterDot = context.matchBefore(/\.$/) !== null;
    if (!context.explicit && !before && !afterDot) return null;
    const code = context.state.doc.toString();
    const reply = await ask("complete_request", { code, cursor_pos: toCodePoints(code, context.pos) });
    const matches = (reply?.matches ?? []) as string[];
    if (!reply || matches.length === 0 || context.aborted) return null;
    // What is written out already needs no list.
    if (!context.explicit && matches.length === 1 && matches[0] === before?.text) return null;
    const typed = ((reply.metadata as Json | undefined)?._jupyter_types_experimental ?? []) as TypedMatch[];
    const typeOf = new Map(typed.map(({ text, type }) => [text, type]));
    const options = matches.map((label): Completion => {
      const kind = typeOf.get(label);
      return { label, type: kinds[kind ?? ""] ?? "variable" };
    });
    return {
      from: fromCodePoints(code, Number(reply.cursor_start)),
      to: fromCodePoints(code, Number(reply.cursor_end)),
      options,
      validFor: /^[\w$]*$/,
    };
  };

/** Tab completes behind a word or a dot, as in Jupyter, and indents elsewhere. */
function tab(view: EditorView): boolean {
  if (acceptCompletion(view)) return true;
  const { from, empty } = view.state.selection.main;
  const line = view.state.doc.lineAt(from);
  const before = line.text.slice(0, from - line.from);
  return empty && /[\w$.)\]'"]$/.test(before) ? startCompletion(view) : indentMore(view);
}

export const completion = (ask: AskKernel): Extension => [
  autocompletion({ override: [source(ask)], icons: true, activateOnTypingDelay: 120 }),
  Prec.high(keymap.of([{ key: "Tab", run: tab }])),
];
