/**
 * Formulas in Markdown, set by KaTeX when the page is made: `$...$` in a line, `$$...$$` and LaTeX environments as
 * displays. A formula that KaTeX cannot read stays as it was written, marked as such.
 */
import katex from "katex";
import type MarkdownIt from "markdown-it";
import { escapeHtml } from "./html.js";

export function formulaHtml(tex: string, displayMode: boolean): string {
  try {
    return katex.renderToString(tex, { displayMode, throwOnError: true, strict: "ignore" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `<code class="bad-formula" title="${escapeHtml(reason)}">${escapeHtml(tex)}</code>`;
  }
}

/** Finds the `$` that closes an opening one; -1 if it opens nothing (a price, a shell variable before code). */
function closingDollar(source: string, from: number): number {
  if (/\s/.test(source[from] ?? " ")) return -1;
  for (let i = from; i < source.length; i++) {
    if (source[i] === "\\") i++;
    else if (source[i] === "`") return -1;
    else if (source[i] === "$") return /\s/.test(source[i - 1]) || /\d/.test(source[i + 1] ?? "") ? -1 : i;
  }
  return -1;
}

/** A markdown-it plugin: the inline rules run before escapes, the block rule before fences. */
export function mathPlugin(markdown: MarkdownIt): void {
  markdown.inline.ruler.before("escape", "formula", (state, silent) => {
    const { src, pos } = state;
    if (src[pos] !== "$") return false;
    const display = src[pos + 1] === "$";
    const start = pos + (display ? 2 : 1);
    const end = display ? src.indexOf("$$", start) : closingDollar(src, start);
    if (end <= start || end >= state.posMax) return false;
    if (!silent) state.push("formula", "", 0).meta = { tex: src.slice(start, end), display };
    state.pos = end + (display ? 2 : 1);
    return true;
  });

  markdown.block.ruler.before(
    "fence",
    "formula",
    (state, startLine, endLine, silent) => {
      const line = (number: number): string =>
        state.src.slice(state.bMarks[number] + state.tShift[number], state.eMarks[number]);
      const first = line(startLine).trim();
      const opening = first.startsWith("$$") ? "$$" : /^\\begin\{[a-z]+\*?\}/.exec(first)?.[0];
      if (opening === undefined) return false;
      const closing = opening === "$$" ? "$$" : opening.replace("begin", "end");
      let last = startLine;
      let text = opening === "$$" ? first.slice(2) : first;
      // A display within a line of prose is the inline rule's.
      if (opening === "$$" && text.slice(0, -2).includes("$$")) return false;
      while (!text.trimEnd().endsWith(closing)) {
        if (++last >= endLine) return false;
        text += `\n${line(last)}`;
      }
      if (silent) return true;
      const tex = opening === "$$" ? text.trimEnd().slice(0, -2) : text;
      const token = state.push("formula", "", 0);
      token.meta = { tex, display: true };
      token.block = true;
      state.line = last + 1;
      return true;
    },
    { alt: ["paragraph", "reference", "blockquote", "list"] },
  );

  markdown.renderer.rules.formula = (tokens, index) => {
    const { tex, display } = tokens[index].meta as { tex: string; display: boolean };
    return formulaHtml(tex, display);
  };
}
