/** Dialogs, by the browser's own `dialog`: focus stays inside, Escape closes, what was focused before is again. */
import { button, el, uniqueId } from "./dom.js";

export interface OpenDialog {
  readonly element: HTMLDialogElement;
  close(): void;
}

/** Opens a dialog that is gone from the page when it closes. */
export function openDialog(title: string, content: Node[], onClose: () => void = () => undefined): OpenDialog {
  const id = uniqueId("dialog");
  const close = button("Close", () => element.close(), { class: "close" });
  const head = el("header", {}, el("h2", { id }, title), close);
  const element = el("dialog", { "aria-labelledby": id }, head, ...content);
  // Keys pressed in a dialog are not the notebook's.
  element.addEventListener("keydown", (event) => event.stopPropagation());
  element.addEventListener("close", () => {
    element.remove();
    onClose();
  });
  document.body.append(element);
  element.showModal();
  return { element, close: () => element.close() };
}

export interface ConfirmArgs {
  readonly title: string;
  readonly text: string;
  /** What the button says that does it. */
  readonly action: string;
}

/** Asks; false where the reader does not want to. */
export function confirmed({ title, text, action }: ConfirmArgs): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = false;
    const done = (value: boolean) => () => {
      answer = value;
      dialog.close();
    };
    const doIt = button(action, done(true), { class: "primary" });
    const choices = el("div", { class: "choices" }, doIt, button("Cancel", done(false)));
    const dialog = openDialog(title, [el("p", {}, text), choices], () => resolve(answer));
    doIt.focus();
  });
}

/** Asks for a line of text; null where the reader gives none. */
export function askedText(title: string, label: string, value: string): Promise<string | null> {
  return new Promise((resolve) => {
    let answer: string | null = null;
    const field = el("input", { type: "text", value, "aria-label": label });
    const form = el("form", { method: "dialog" }, field, el("button", { class: "primary" }, "OK"));
    form.addEventListener("submit", () => (answer = field.value.trim() || null));
    openDialog(title, [form], () => resolve(answer));
    field.select();
  });
}
