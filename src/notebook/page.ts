/**
 * An executed notebook as one HTML file: it opens from a disk with no network, shows every figure live where scripts
 * run and as a picture where they do not, and reads well on paper, on a phone and in the dark.
 *
 * The file forbids itself the network and every script but its own (a Content-Security-Policy with their hashes), so
 * that HTML and Markdown in the notebook can load and run nothing.
 */
import { createHash } from "node:crypto";
import { browserFile } from "../core/browser-file.js";
import type { Cell, Notebook } from "./file.js";
import { formulaStyle, libraryScripts, textFonts } from "./page/assets.js";
import { dataUri, escapeHtml } from "./page/html.js";
import { codeHtml, createMarkdown, type Heading } from "./page/markdown.js";
import { createOutputs } from "./page/outputs.js";
import { pageStyle } from "./page/style.js";

export interface NotebookHtmlOptions {
  /** Title of the page. Default: the notebook's own title, its first heading, "Notebook". */
  title?: string;
  /** Answers the address of a picture in a Markdown cell with its contents as a `data:` address. Default: none. */
  picture?: (address: string) => string | null;
  /** A line at the foot of the page, plain text. Default: none. */
  footer?: string;
}

/** Address of a picture attached to a Markdown cell (`attachment:name`), or what the reader of files answers. */
function pictureOf(cell: Cell, options: NotebookHtmlOptions): (address: string) => string | null {
  const attachments = (cell.cell_type === "code" ? {} : (cell.attachments ?? {})) as Record<
    string,
    Record<string, string>
  >;
  return (address) => {
    const name = /^attachment:(.*)$/.exec(address)?.[1];
    if (name === undefined) return options.picture?.(address) ?? null;
    const [type, content] = Object.entries(attachments[decodeURIComponent(name)] ?? {})[0] ?? [];
    return type === undefined ? null : dataUri(type, content);
  };
}

/** What the page reads of a notebook's metadata. */
interface NotebookMetadata {
  title?: string;
  kernelspec?: { language?: string };
  language_info?: { name?: string };
}

const isHidden = (cell: Cell, part: "source" | "outputs"): boolean =>
  (cell.metadata.jupyter as Record<string, unknown> | undefined)?.[`${part}_hidden`] === true;

/** Table of contents, of second-level headings; nothing for a notebook with few. */
function contentsHtml(headings: readonly Heading[]): string {
  const sections = headings.filter((heading) => heading.level === 2);
  if (sections.length < 3) return "";
  const items = sections.map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`);
  return `<nav aria-label="Contents"><ol>${items.join("")}</ol></nav>`;
}

const sha256 = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Renders a notebook (nbformat 4) with its outputs as one self-contained HTML document. */
export function notebookHtml(notebook: Notebook, options: NotebookHtmlOptions = {}): Promise<string> {
  const markdown = createMarkdown();
  const outputs = createOutputs(markdown);
  const { kernelspec, language_info: languageInfo, title: givenTitle } = notebook.metadata as NotebookMetadata;
  const language = kernelspec?.language ?? languageInfo?.name ?? "typescript";

  const cellHtml = (cell: Cell): string => {
    const { source } = cell;
    if (cell.cell_type !== "code") {
      return cell.cell_type === "markdown"
        ? `<section class="prose">${markdown.render(source, pictureOf(cell, options))}</section>`
        : `<pre class="raw">${escapeHtml(source)}</pre>`;
    }
    const { execution_count: count, outputs: results } = cell;
    const code =
      source === "" || isHidden(cell, "source")
        ? ""
        : `<pre class="code" data-count="${count ?? ""}"><code>${codeHtml(source, language)}</code></pre>`;
    const shown = isHidden(cell, "outputs") ? "" : results.map((output) => outputs.html(output)).join("\n");
    return `<section class="cell">${code}${shown === "" ? "" : `<div class="outputs">${shown}</div>`}</section>`;
  };

  const body = notebook.cells.map(cellHtml).join("\n");
  const titleHeading = markdown.headings.find((heading) => heading.level === 1);
  const title = options.title ?? givenTitle ?? titleHeading?.text ?? "Notebook";
  const scripts = [...[...outputs.libraries].sort().reverse().flatMap(libraryScripts), browserFile("page.js")];
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(sha256).join(" ")}`,
    "style-src 'unsafe-inline'",
    "img-src data: blob:",
    "font-src data:",
    "media-src data:",
  ].join("; ");

  return Promise.resolve(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="axial-lab">
<title>${escapeHtml(title)}</title>
<style>${textFonts()}
${formulaStyle(body)}
${pageStyle}</style>
</head>
<body>
<button class="theme" type="button" hidden aria-label="Light or dark" title="Light or dark"></button>
${contentsHtml(markdown.headings)}
<main>
${body}
</main>
${options.footer === undefined ? "" : `<footer>${escapeHtml(options.footer)}</footer>`}
${scripts.map((script) => `<script>${script}</script>`).join("\n")}
</body>
</html>
`);
}
