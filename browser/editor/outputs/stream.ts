/** A stream's text as it grows: what comes behind is added, and of very many lines the last are shown first. */
import { ansiToHtml } from "../../../src/notebook/page/ansi.js";
import { button, el } from "../page/dom.js";

/** Lines that are drawn without being asked for; more make a page slow. */
const shownLines = 5000;

/** Where the last so many lines begin; 0 where there are no more. */
function tailStart(text: string, lines: number): number {
  let at = text.length;
  for (let i = 0; i <= lines; i++) {
    at = text.lastIndexOf("\n", at - 1);
    if (at < 0) return 0;
    if (at === 0) return i < lines ? 0 : 1;
  }
  return at + 1;
}

export class StreamView {
  readonly element = el("div", { class: "stream-view" });
  private readonly pre: HTMLPreElement;
  private readonly more = button("", () => this.showAll());
  private text = "";
  private all = false;

  constructor(readonly name: "stdout" | "stderr") {
    this.pre = el("pre", { class: `stream ${name}`, tabindex: 0, "aria-label": name });
    this.more.hidden = true;
    this.element.append(this.more, this.pre);
  }

  show(text: string): void {
    if (text === this.text) return;
    const { pre } = this;
    const atEnd = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 40;
    this.text = text;
    const start = this.all ? 0 : tailStart(text, shownLines);
    this.more.hidden = start === 0;
    if (start > 0) this.more.textContent = `Show all ${(text.match(/\n/g)?.length ?? 0).toLocaleString("en")} lines`;
    pre.innerHTML = ansiToHtml(text.slice(start).replace(/\n+$/, ""));
    // Who reads further up stays there.
    if (atEnd) pre.scrollTop = pre.scrollHeight;
  }

  private showAll(): void {
    this.all = true;
    const { text } = this;
    this.text = "";
    this.show(text);
    this.pre.focus();
  }
}
