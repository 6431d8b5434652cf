/**
 * A page as one HTML document that holds all it needs and forbids itself the rest: a Content-Security-Policy with the
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
}

const sha256 = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

export function documentHtml({ title, before = "", main, after = "", scripts }: DocumentParts): string {
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(sha256).join(" ")}`,
    "style-src 'unsafe-inline'",
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
<style>${textFonts()}
${formulaStyle(main)}
${pageStyle}</style>
</head>
<body>
<button class="theme" type="button" hidden aria-label="Light or dark" title="Light or dark"></button>
${before}
<main>
${main}
</main>
${after}
${scripts.map((script) => `<script>${script}</script>`).join("\n")}
</body>
</html>
`;
}
