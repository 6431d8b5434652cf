/**
 * Terminal text in HTML: colours and styles (SGR sequences of ECMA-48) become spans, lines that a carriage return or a
 * backspace wrote over are shown as they stood at the end, all other control sequences are dropped.
 */
import { escapeHtml } from "./html.js";

interface Style {
  foreground: string | null;
  background: string | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  inverse: boolean;
}

const plain: Style = {
  foreground: null,
  background: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
};

/** The 16 named colours are CSS variables of the page, so that they suit its light and its dark form. */
const named = (index: number): string => `var(--ansi-${index})`;

/** Colour of the 256-colour table: 16 named, a 6 x 6 x 6 cube, 24 greys. */
function indexedColour(index: number): string {
  if (index < 16) return named(index);
  if (index >= 232)
    return `rgb(${Array(3)
      .fill(8 + 10 * (index - 232))
      .join(",")})`;
  const level = (value: number): number => (value === 0 ? 0 : 55 + 40 * value);
  const cell = index - 16;
  return `rgb(${level(Math.floor(cell / 36))},${level(Math.floor(cell / 6) % 6)},${level(cell % 6)})`;
}

/** Reads the colour after a code 38 or 48; removes what it read from `codes`. */
function extendedColour(codes: number[]): string | null {
  const kind = codes.shift();
  if (kind === 5) return indexedColour(codes.shift() ?? 0);
  if (kind === 2) return `rgb(${codes.splice(0, 3).join(",")})`;
  return null;
}

const switches: Record<number, Partial<Style>> = {
  0: plain,
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { inverse: false },
  39: { foreground: null },
  49: { background: null },
};

function applyCodes(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map(Number);
  let next = style;
  while (codes.length > 0) {
    const code = codes.shift()!;
    if (code in switches) next = { ...next, ...switches[code] };
    else if (code >= 30 && code <= 37) next = { ...next, foreground: named(code - 30) };
    else if (code >= 90 && code <= 97) next = { ...next, foreground: named(code - 82) };
    else if (code >= 40 && code <= 47) next = { ...next, background: named(code - 40) };
    else if (code >= 100 && code <= 107) next = { ...next, background: named(code - 92) };
    else if (code === 38) next = { ...next, foreground: extendedColour(codes) };
    else if (code === 48) next = { ...next, background: extendedColour(codes) };
  }
  return next;
}

function css(style: Style): string {
  const [foreground, background] = style.inverse
    ? [style.background ?? "var(--paper)", style.foreground ?? "var(--ink)"]
    : [style.foreground, style.background];
  return [
    foreground === null ? "" : `color:${foreground}`,
    background === null ? "" : `background:${background}`,
    style.bold ? "font-weight:600" : "",
    style.dim ? "opacity:.7" : "",
    style.italic ? "font-style:italic" : "",
    style.underline ? "text-decoration:underline" : "",
  ]
    .filter((rule) => rule !== "")
    .join(";");
}

/** One character cell of a terminal line. */
interface Cell {
  character: string;
  css: string;
}

const cellsToHtml = (cells: readonly Cell[]): string => {
  let html = "";
  for (let start = 0, end = 0; start < cells.length; start = end) {
    while (end < cells.length && cells[end].css === cells[start].css) end++;
    const text = escapeHtml(
      cells
        .slice(start, end)
        .map((cell) => cell.character)
        .join(""),
    );
    html += cells[start].css === "" ? text : `<span style="${cells[start].css}">${text}</span>`;
  }
  return html;
};

/** Converts the text of a stream or a traceback. */
export function ansiToHtml(text: string): string {
  if (!/[\x00-\x08\v-\x1f]/.test(text)) return escapeHtml(text);
  let style = plain;
  const lines: string[] = [];
  let line: Cell[] = [];
  let column = 0;
  // An SGR sequence (its parameters captured), another CSI or OSC sequence, a lone escape, or one character.
  const token = /\x1b\[([\d;:]*)m|\x1b\[[\d;?<=>!]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.?|[^]/gu;
  for (const match of text.replace(/\r\n/g, "\n").matchAll(token)) {
    const [piece, parameters] = match;
    if (parameters !== undefined) style = applyCodes(style, parameters);
    else if (piece === "\n") {
      lines.push(cellsToHtml(line));
      line = [];
      column = 0;
    } else if (piece === "\r") column = 0;
    else if (piece === "\b") column = Math.max(0, column - 1);
    else if (piece.startsWith("\x1b[") && piece.endsWith("K")) line = line.slice(0, column);
    else if (piece >= " " || piece === "\t") line[column++] = { character: piece, css: css(style) };
  }
  lines.push(cellsToHtml(line));
  return lines.join("\n");
}
