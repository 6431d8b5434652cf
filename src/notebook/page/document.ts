/**
 * A page as one HTML document that, unless it is one of several, holds all it needs and forbids itself the rest: a Content-Security-Policy with the
 * hashes of its own scripts, so that nothing else on it can run or load anything.
 */
import { createHash } from "node:crypto";
import { formulaStyle, textFonts } from "./assets.js";
import { escapeHtml } from "./html.js";
import { pageStyle } from "./style.js";

export interface DocumentParts {
  readonly title: string;
  /** HTML before `main`: contents of the page, navigation. */
  readonly before?: string;
  readonly main: string;
  /** HTML after `main`. */
  readonly after?: string;
  /** JavaScript, in order. */
  readonly scripts: readonly string[];
  /** Addresses of scripts beside the page, in order, before those in it. Default: none. */
  readonly files?: readonly string[];
  /** Style beside that of every page. Default: none. */
  readonly style?: string;
  /** Address of a file with {@link sharedStyle}, where pages share one. Default: each has it inside. */
  readonly sheet?: string;
}

/** The style of every page, fonts included. */
export const sharedStyle = (): string => `${textFonts()}\n${pageStyle}`;

const sha256 = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

export function documentHtml(parts: DocumentParts): string {
  const { title, before = "", main, after = "", scripts, files = [], style = "", sheet } = parts;
  // The page's own style comes last: it corrects that of formulas.
  const styles =
    sheet === undefined
      ? `<style>${textFonts()}\n${formulaStyle(main)}\n${pageStyle}${style}</style>`
      : `<style>${formulaStyle(main)}</style>\n<link rel="stylesheet" href="${escapeHtml(sheet)}">\n<style>${style}</style>`;
  // A page from a disk has no origin that its files could share: with such, any script beside it may run, and compile
  // WebAssembly for threads of its own. Send anything anywhere it may not either way.
  const beside = ["file: 'self' 'unsafe-inline' 'wasm-unsafe-eval'", "worker-src blob:"];
  const policy = [
    "default-src 'none'",
    `script-src ${files.length > 0 ? beside.join("; ") : scripts.map(sha256).join(" ")}`,
    `style-src 'unsafe-inline'${sheet === undefined ? "" : " file: 'self'"}`,
    "img-src data: blob:",
    "font-src data:",
    "media-src data:",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="axial-lab">
<title>${escapeHtml(title)}</title>
${styles}
</head>
<body>
<button class="theme" type="button" hidden aria-label="Light or dark" title="Light or dark"></button>
${before}
<main>
${main}
</main>
${after}
${files.map((file) => `<script src="${escapeHtml(file)}"></script>`).join("\n")}
${scripts.map((script) => `<script>${script}</script>`).join("\n")}
</body>
</html>
`;
}
