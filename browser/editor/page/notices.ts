/** Notices at the head of the page, each with what can be done about it; they stay until that is done. */
import { announce } from "./announce.js";
import { button, el } from "./dom.js";

export interface Choice {
  readonly label: string;
  readonly choose: () => void;
}

export interface NoticeArgs {
  readonly text: string;
  /** The notice goes when one is chosen. */
  readonly choices?: readonly Choice[];
  readonly kind?: "asks" | "tells";
}

export interface Notices {
  readonly element: HTMLElement;
  /** Shows a notice under a name, in place of the one that has it. */
  show(name: string, notice: NoticeArgs): void;
  hide(name: string): void;
}

export function createNotices(): Notices {
  const element = el("section", { class: "notices", "aria-label": "Notices" });
  const shown = new Map<string, HTMLElement>();
  const hide = (name: string): void => {
    shown.get(name)?.remove();
    shown.delete(name);
  };
  return {
    element,
    hide,
    show(name, { text, choices = [], kind = "tells" }) {
      if (shown.get(name)?.dataset.text === text) return;
      hide(name);
      const buttons = choices.map(({ label, choose }) =>
        button(label, () => {
          hide(name);
          choose();
        }),
      );
      const notice = el(
        "div",
        { class: `notice ${kind}`, role: "group", "aria-label": text, "data-name": name, "data-text": text },
        el("p", {}, text),
        el("div", { class: "choices" }, ...buttons),
      );
      shown.set(name, notice);
      element.append(notice);
      announce(text);
    },
  };
}
