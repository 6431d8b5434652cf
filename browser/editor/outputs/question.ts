/** What a cell asks for by `input()`: a field below it. */
import { announce } from "../page/announce.js";
import { el } from "../page/dom.js";

export interface QuestionArgs {
  readonly prompt: string;
  /** Shows dots for what is typed. */
  readonly password: boolean;
  readonly answer: (text: string) => void;
}

export function askQuestion({ prompt, password, answer }: QuestionArgs): HTMLElement {
  const label = prompt.trim() || "The cell asks for a line";
  const field = el("input", { type: password ? "password" : "text", "aria-label": label, autocomplete: "off" });
  const form = el("form", { class: "question" }, el("label", {}, label, field), el("button", {}, "Answer"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.remove();
    answer(field.value);
  });
  // Keys typed here are not the notebook's.
  form.addEventListener("keydown", (event) => event.stopPropagation());
  announce(`A cell asks: ${label}`);
  return form;
}
