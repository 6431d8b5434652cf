/**
 * Formulas in Markdown, set by KaTeX when the page is made: `$...$` and `\\(...\\)` in a line, `$$...$$`, `\\[...\\]` and
 * LaTeX environments as displays. A formula that KaTeX cannot read stays as it was written, marked as such.
 */
import katex from "katex";
import type MarkdownIt from "markdown-it";
import { Equations, escapedText } from "./equations.js";
import { escapeHtml } from "./html.js";

function typeset(tex: string, displayMode: boolean, written = tex): string {
  try {
    return katex.renderToString(escapedText(tex), { displayMode, throwOnError: true, strict: "ignore" });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `<code class="bad-formula" title="${escapeHtml(reason)}">${escapeHtml(written)}</code>`;
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

/** Pairs that enclose a formula, those that begin like another first. In notebooks backslashes before brackets are two. */
const delimiters = [
  { open: "$$", close: "$$", display: true },
  { open: "\\\\[", close: "\\\\]", display: true },
  { open: "\\\\(", close: "\\\\)", display: false },
] as const;

const reference = /^\\(eq)?ref\{([^{}]+)\}/;
const anchor = (name: string): string => `equation-${name.replace(/[^\w-]+/g, "-")}`;
/** Stands for a number until the whole page has been read: labels may come after what refers to them. */
const pending = (kind: string, name: string): string => `<!--${kind}:${encodeURIComponent(name)}-->`;

export interface PageMath {
  /** A markdown-it plugin: the inline rules run before escapes, the block rule before fences. */
  plugin: (markdown: MarkdownIt) => void;
  formula(tex: string, display: boolean): string;
  /** The page with the numbers of the equations that it refers to. */
  resolve(html: string): string;
}

/** The formulas of one page; its equations are numbered in the order in which they are set. */
export function createMath(): PageMath {
  const equations = new Equations();

  function formula(tex: string, display: boolean): string {
    const whole = reference.exec(tex.trim());
    if (whole?.[0].length === tex.trim().length) return referenceHtml(whole[1] === "eq", whole[2]);
    const referring = tex.replace(/\\(eq)?ref\{([^{}]+)\}/g, (_, eq: string | undefined, name: string) => {
      const number = equations.numberOf(name) ?? name;
      return `\\text{${eq ? `(${number})` : number}}`;
    });
    if (!display) return typeset(referring, false, tex);
    const numbered = equations.number(referring);
    const anchors = numbered.labels.map((name) => `<span id="${anchor(name)}"></span>`).join("");
    return anchors + typeset(numbered.tex, true, tex);
  }

  const referenceHtml = (bracketed: boolean, name: string): string =>
    `<a class="reference" href="#${anchor(name)}">${pending(bracketed ? "eqref" : "ref", name)}</a>`;

  return {
    formula,
    resolve: (html) =>
      html.replace(/<!--(eqref|ref):([^>]*?)-->/g, (_, kind: string, name: string) => {
        const number = equations.numberOf(decodeURIComponent(name)) ?? "???";
        return escapeHtml(kind === "eqref" ? `(${number})` : number);
      }),
    plugin(markdown) {
      markdown.inline.ruler.before("escape", "formula", (state, silent) => {
        const { src, pos } = state;
        const referred = src[pos] === "\\" ? reference.exec(src.slice(pos)) : null;
        if (referred) {
          if (!silent) state.push("formula", "", 0).meta = { tex: referred[0], display: false };
          state.pos = pos + referred[0].length;
          return true;
        }
        const pair = delimiters.find(({ open }) => src.startsWith(open, pos));
        if (!pair && src[pos] !== "$") return false;
        const start = pos + (pair?.open.length ?? 1);
        const end = pair ? src.indexOf(pair.close, start) : closingDollar(src, start);
        if (end <= start || end >= state.posMax) return false;
        if (!silent)
          state.push("formula", "", 0).meta = { tex: src.slice(start, end), display: pair?.display === true };
        state.pos = end + (pair?.close.length ?? 1);
        return true;
      });

      markdown.block.ruler.before(
        "fence",
        "formula",
        (state, startLine, endLine, silent) => {
          const line = (number: number): string =>
            state.src.slice(state.bMarks[number] + state.tShift[number], state.eMarks[number]);
          const first = line(startLine).trim();
          const pair = delimiters.find(({ open, display }) => display && first.startsWith(open));
          const begin = /^\\begin\{[a-z]+\*?\}/.exec(first)?.[0];
          if (!pair && begin === undefined) return false;
          const closing = pair?.close ?? begin!.replace("begin", "end");
          let last = startLine;
          let text = pair ? first.slice(pair.open.length) : first;
          // A display within a line of prose is the inline rule's.
          if (pair && text.slice(0, -pair.close.length).includes(pair.close)) return false;
          while (!text.trimEnd().endsWith(closing)) {
            if (++last >= endLine) return false;
            text += `\n${line(last)}`;
          }
          if (silent) return true;
          const tex = pair ? text.trimEnd().slice(0, -closing.length) : text;
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
        return formula(tex, display);
      };
    },
  };
}
