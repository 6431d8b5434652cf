/**
 * TeX as authors of notebooks write it for MathJax, made into what KaTeX reads: `\label`, `\ref` and `\eqref` with the
 * numbers that they stand for, and text with underscores.
 *
 * Numbered are, as by MathJax's AMS rule, the rows of `equation`, `align`, `gather` and `alignat`; also every display
 * with a label, since something refers to it.
 */

/** Where the group that opens at `open` (a brace) ends; -1 if it does not. */
function closingBrace(tex: string, open: number): number {
  let depth = 0;
  for (let i = open; i < tex.length; i++) {
    if (tex[i] === "\\") i++;
    else if (tex[i] === "{") depth++;
    else if (tex[i] === "}" && --depth === 0) return i;
  }
  return -1;
}

const textCommand = /\\(?:text(?:rm|sf|tt|bf|it|md|up|normal)?|mbox|hbox)\s*\{/g;
const textEscapes: Readonly<Record<string, string>> = {
  _: "\\_",
  "^": "\\textasciicircum{}",
  "#": "\\#",
  "&": "\\&",
};

/** In text, characters of mathematics stand for themselves; formulas within it (`$…$`) stay formulas. */
export function escapedText(tex: string): string {
  let written = "";
  let at = 0;
  for (const match of tex.matchAll(textCommand)) {
    const open = match.index + match[0].length - 1;
    const close = closingBrace(tex, open);
    if (match.index < at || close < 0) continue;
    const content = tex
      .slice(open + 1, close)
      .replace(/\\.|\$[^$]*\$|[_^#&]/gs, (piece) => textEscapes[piece] ?? piece);
    written += `${tex.slice(at, open + 1)}${content}}`;
    at = close + 1;
  }
  return written + tex.slice(at);
}

const environment = /^\s*\\begin\{(equation|align|gather|alignat)(\*?)\}([^]*)\\end\{\1\2\}\s*$/;

/** The rows of an environment: what `\\` divides outside of braces and inner environments. */
function rowsOf(body: string): string[] {
  const rows: string[] = [];
  let depth = 0;
  let start = 0;
  for (const match of body.matchAll(/\\\\(?:\[[^\]]*\])?|\\begin\{|\\end\{|\\.|[{}]/gs)) {
    const [piece] = match;
    if (piece === "\\begin{") depth += 1;
    else if (piece === "\\end{") depth -= 1;
    else if (piece === "{") depth++;
    else if (piece === "}") depth--;
    else if (piece.startsWith("\\\\") && depth === 0) {
      rows.push(body.slice(start, match.index + piece.length));
      start = match.index + piece.length;
    }
    // The brace that \begin{ and \end{ bring along is closed by the name's own.
    if (piece === "\\begin{" || piece === "\\end{") depth++;
  }
  return [...rows, body.slice(start)];
}

const label = /\\label\s*\{([^{}]*)\}/g;
const ownTag = /\\tag\*?\s*\{([^{}]*)\}/;

export interface Display {
  readonly tex: string;
  /** Labels of the display, under which it is found. */
  readonly labels: readonly string[];
}

/** The equations of a page, in order. */
export class Equations {
  private count = 0;
  private readonly numbers = new Map<string, string>();

  /** The number that a label stands for; null for one that nothing has. */
  numberOf(name: string): string | null {
    return this.numbers.get(name) ?? null;
  }

  /** A display with its numbers as tags and without its labels. */
  number(tex: string): Display {
    const labels = [...tex.matchAll(label)].map((match) => match[1]);
    const [, name, star, body] = environment.exec(tex) ?? [];
    if (name === undefined) return { tex: labels.length > 0 ? this.tagged(tex) : tex, labels };
    const numbered = star === "";
    const rows = name === "equation" ? [body] : rowsOf(body);
    const written = rows.map((row) => {
      const blank = row.trim() === "";
      const unnumbered = !numbered || blank || /\\(?:notag|nonumber)\b/.test(row) || ownTag.test(row);
      return unnumbered && !row.includes("\\label") ? row : this.tagged(row);
    });
    // The star keeps KaTeX from numbering on its own.
    return { tex: `\\begin{${name}*}${written.join("")}\\end{${name}*}`, labels };
  }

  /** A row or a display with its number; the labels in it stand for that. */
  private tagged(row: string): string {
    const own = ownTag.exec(row)?.[1];
    const number = own ?? String(++this.count);
    const bare = row.replace(label, (_, name: string) => {
      this.numbers.set(name, number);
      return "";
    });
    if (own !== undefined) return bare;
    const end = /\s*(?:\\\\(?:\[[^\]]*\])?\s*)?$/.exec(bare)!;
    return `${bare.slice(0, end.index)} \\tag{${number}}${end[0]}`;
  }
}
