/** What a name is, from the kernel: under the pointer, and with Shift-Tab at the cursor. */
import { Prec, StateEffect, StateField, type Extension } from "@codemirror/state";
import { hoverTooltip, keymap, showTooltip, type EditorView, type Tooltip } from "@codemirror/view";
import { indentLess } from "@codemirror/commands";
import { announce } from "../page/announce.js";
import { el } from "../page/dom.js";
import { toCodePoints } from "./code-points.js";
import type { AskKernel } from "./completion.js";

async function inspect(ask: AskKernel, code: string, offset: number): Promise<string | null> {
  const content = { code, cursor_pos: toCodePoints(code, offset), detail_level: 0 };
  const reply = await ask("inspect_request", content).catch(() => null);
  const text = (reply?.data as Record<string, unknown> | undefined)?.["text/plain"];
  return reply?.found === true && typeof text === "string" ? text : null;
}

const tooltip = (pos: number, text: string): Tooltip => ({
  pos,
  above: true,
  create: () => ({ dom: el("pre", { class: "inspection", role: "tooltip" }, text) }),
});

const shown = StateEffect.define<Tooltip | null>();

/** The tooltip that was asked for by key; the next change or Escape closes it. */
const asked = StateField.define<Tooltip | null>({
  create: () => null,
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(shown)) return effect.value;
    return transaction.docChanged || transaction.selection ? null : value;
  },
  provide: (field) => showTooltip.from(field),
});

export function inspection(ask: AskKernel): Extension {
  const show = (view: EditorView): boolean => {
    const { head } = view.state.selection.main;
    const line = view.state.doc.lineAt(head);
    if (line.text.slice(0, head - line.from).trim() === "") return indentLess(view);
    void inspect(ask, view.state.doc.toString(), head).then((text) => {
      if (text === null) return announce("Nothing is known here.");
      view.dispatch({ effects: shown.of(tooltip(head, text)) });
      announce(text);
    });
    return true;
  };
  const hide = (view: EditorView): boolean => {
    if (view.state.field(asked) === null) return false;
    view.dispatch({ effects: shown.of(null) });
    return true;
  };
  return [
    asked,
    // Before the notebook takes Escape for leaving the cell.
    Prec.highest(
      keymap.of([
        { key: "Shift-Tab", run: show },
        { key: "Escape", run: hide },
      ]),
    ),
    hoverTooltip(
      async (view, pos) => {
        const word = view.state.wordAt(pos);
        if (!word) return null;
        const text = await inspect(ask, view.state.doc.toString(), word.to);
        return text === null ? null : { ...tooltip(word.from, text), end: word.to };
      },
      { hoverTime: 350 },
    ),
  ];
}
