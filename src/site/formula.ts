/**
 * Formulas as docblocks have them, to be read in an editor, set by KaTeX. Their form: `q_i.k_j` for a product, `w_ij`, `r^q_{j-i}`,
 * `x'` for indices, `s0`, `Dq`, `Cin` for symbols with one, `sum_j` and named functions; words between are words. Three spaces
 * divide what stands on a line.
 */
import katex from "katex";

/** Names that are set as functions. */
const functions = new Set(["softmax", "log", "exp", "max", "BN", "norm", "dense"]);

const signs: Readonly<Record<string, string>> = {
  "...": "\\dots ",
  "<=": "\\le ",
  ">=": "\\ge ",
  "->": "\\to ",
  "*": "\\cdot ",
  ":": "\\colon ",
  ";": ";\\ ",
};

interface Token {
  readonly kind: "name" | "number" | "index" | "sign" | "space";
  readonly text: string;
}

const forms = [
  ["space", /\s+/y],
  ["index", /[_^](?:\{[^{}]*\}|[A-Za-z0-9]+)/y],
  ["name", /[A-Za-z]+\d*'*/y],
  ["number", /\d+(?:\.\d+)?/y],
  ["sign", /\.\.\.|<=|>=|->|[^\s]/y],
] as const;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;)
    for (const [kind, form] of forms) {
      form.lastIndex = at;
      const found = form.exec(text)?.[0];
      if (found === undefined) continue;
      tokens.push({ kind, text: found });
      at += found.length;
      break;
    }
  return tokens;
}

/** One formula, or words about it, in TeX. */
export function texOf(text: string): string {
  const tokens = tokensOf(text);
  /** The next token that is no space, `by` places from one. */
  const beside = (i: number, by: 1 | -1): Token | undefined => {
    let at = i + by;
    while (tokens[at]?.kind === "space") at += by;
    return tokens[at];
  };
  const isLong = (token: Token | undefined) => token?.kind === "name" && /^[A-Za-z]{2,}$/.test(token.text);
  /** A word of the sentence, and no symbol: nothing is done to it, and nothing is said to be equal to it. */
  const isWord = (i: number): boolean => {
    const { kind, text: name } = tokens[i];
    if (kind !== "name" || functions.has(name) || symbolOf(name) !== null) return false;
    if (name === "a") return isLong(beside(i, 1)) && (i === 0 || isLong(beside(i, -1)));
    const next = tokens[i + 1] as Token | undefined;
    const isUsed = next?.kind === "index" || next?.text === "(" || next?.text === "[";
    return name.replace(/'+$/, "").length > 1 && !isUsed && beside(i, 1)?.text !== "=";
  };
  let tex = "";
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text: own } = tokens[i];
    if (isWord(i)) {
      let end = i;
      while (tokens[end + 1]?.kind === "space" && tokens[end + 2] !== undefined && isWord(end + 2)) end += 2;
      const words = tokens.slice(i, end + 1).map((token) => token.text);
      const [before, after] = [tokens[i - 1], tokens[end + 1]].map((token) => (token?.kind === "space" ? " " : ""));
      tex += `\\text{${before}${words.join("")}${after}}`;
      i = end;
    } else if (kind === "index") tex += own[0] + braced(own.slice(1));
    else if (kind === "name") tex += isTimes(i) ? "\\times " : named(own);
    else if (kind === "sign") tex += own === "." ? "\\cdot " : (signs[own] ?? own);
    else tex += kind === "space" ? " " : own;
  }
  return tex;

  /** `M x M`. */
  function isTimes(i: number): boolean {
    const isSize = (token: Token | undefined) => token?.kind === "number" || /^[A-Z]$/.test(token?.text ?? "");
    return tokens[i].text === "x" && isSize(beside(i, -1)) && isSize(beside(i, 1)) && tokens[i - 1].kind === "space";
  }
}

/** `s0`, `Dq`, `Cin` as a letter and its index; null for other names. */
function symbolOf(name: string): string | null {
  const found = /^([a-z](?=\d)|[A-Z](?=[a-z]))(\d+|[a-z]{1,2})$/.exec(name);
  if (found === null) return null;
  const [, letter, index] = found;
  return `${letter}_{${/^[a-z]{2}$/.test(index) ? `\\mathrm{${index}}` : index}}`;
}

function named(name: string): string {
  if (name === "sum") return "\\sum";
  if (functions.has(name)) return `\\operatorname{${name}}`;
  return symbolOf(name) ?? (name.replace(/'/g, "").length > 1 ? `\\mathrm{${name}}` : name);
}

/** An index: letters are symbols each, unless they are a word. */
function braced(index: string): string {
  if (index.startsWith("{")) return `{${texOf(index.slice(1, -1))}}`;
  return index.length > 2 && /^[a-z]+$/.test(index) ? `{\\mathrm{${index}}}` : `{${index}}`;
}

/** The lines of a block, aligned at what they say is equal; what else a line says comes below it. */
export function blockTex(block: string): string {
  // Equal signs stand below one another.
  const lines = block.split("\n").map((line) => line.trim().replace(/\s+= /g, " = "));
  const rows = lines.flatMap((line) => line.split(/[,;]?\s{3,}/));
  const aligned = rows.map((row) => {
    const at = / = /.exec(row)?.index;
    return at === undefined
      ? `&\\quad ${texOf(row)}`
      : `${texOf(row.slice(0, at).trim())} &= ${texOf(row.slice(at + 3).trim())}`;
  });
  return `\\begin{aligned} ${aligned.join(" \\\\ ")} \\end{aligned}`;
}

/** A block as HTML. Throws where KaTeX cannot read what was made of it. */
export const blockHtml = (block: string): string =>
  katex.renderToString(blockTex(block), { displayMode: true, throwOnError: true, strict: "error" });
