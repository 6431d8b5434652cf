/**
 * An executed notebook as one HTML file: it opens from a disk with no network, shows every figure live where scripts
 * run and as a picture where they do not, and reads well on paper, on a phone and in the dark.
 *
 * The file forbids itself the network and every script but its own (a Content-Security-Policy with their hashes), so
 * that HTML and Markdown in the notebook can load and run nothing.
 */
import { browserFile } from "../core/browser-file.js";
import type { Cell, Notebook } from "./file.js";
import { libraryScripts } from "./page/assets.js";
import { attachedPictures } from "./page/attachments.js";
import { escapeHtml } from "./page/html.js";
import { codeHtml, createMarkdown, type Heading } from "./page/markdown.js";
import { hasDiagram, loadDiagrams } from "./page/diagrams.js";
import { documentHtml } from "./page/document.js";
import { redirectLinks } from "./page/links.js";
import { createOutputs } from "./page/outputs.js";
import { readableText } from "./page/sections.js";

export interface NotebookHtmlOptions {
  /** Title of the page. Default: the notebook's own title, its first heading, "Notebook". */
  title?: string;
  /** Answers the address of a picture in Markdown or HTML with its contents as a `data:` address. Default: none. */
  picture?: (address: string) => string | null;
  /** Answers where a link leads. Default: as it is written. */
  link?: (address: string) => string;
  /** A line at the foot of the page, plain text. Default: none. */
  footer?: string;
}

/** What the page reads of a notebook's metadata. */
interface NotebookMetadata {
  title?: string;
  kernelspec?: { language?: string };
  language_info?: { name?: string };
}

const isHidden = (cell: Cell, part: "source" | "outputs"): boolean =>
  (cell.metadata.jupyter as Record<string, unknown> | undefined)?.[`${part}_hidden`] === true;

/** A cell tagged `solution` answers an exercise: it runs like any other and is folded away until the reader asks for it. */
const isSolution = (cell: Cell): boolean => cell.metadata.tags?.includes("solution") === true;

/** Table of contents, of second-level headings; nothing for a notebook with few. */
function contentsHtml(headings: readonly Heading[]): string {
  const sections = headings.filter((heading) => heading.level === 2);
  if (sections.length < 3) return "";
  const items = sections.map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`);
  return `<nav aria-label="Contents"><ol>${items.join("")}</ol></nav>`;
}

/** A page that is made but for what a book puts around it. */
export interface NotebookPage {
  readonly title: string;
  /** The first paragraph, as plain text; empty without one. */
  readonly summary: string;
  readonly headings: readonly Heading[];
  /** The cells as HTML. */
  readonly main: string;
  /** The whole document, with HTML before and after the page's own. */
  html(around?: { readonly before?: string; readonly after?: string }): string;
}

/** Renders a notebook (nbformat 4) with its outputs. */
export async function notebookPage(notebook: Notebook, options: NotebookHtmlOptions = {}): Promise<NotebookPage> {
  const hasDiagrams = notebook.cells.some(({ source }) => hasDiagram(source));
  const markdown = createMarkdown(hasDiagrams ? await loadDiagrams() : undefined);
  const outputs = createOutputs(markdown, options.picture);
  const { kernelspec, language_info: languageInfo, title: givenTitle } = notebook.metadata as NotebookMetadata;
  const language = kernelspec?.language ?? languageInfo?.name ?? "typescript";

  const cellHtml = (cell: Cell): string => {
    const { source } = cell;
    if (cell.cell_type !== "code") {
      return cell.cell_type === "markdown"
        ? `<section class="prose">${markdown.render(source, attachedPictures(cell, options.picture ?? (() => null)))}</section>`
        : `<pre class="raw">${escapeHtml(source)}</pre>`;
    }
    const { execution_count: count, outputs: results } = cell;
    const code =
      source === "" || (isHidden(cell, "source") && !isSolution(cell))
        ? ""
        : `<pre class="code" data-count="${count ?? ""}"><code>${codeHtml(source, language)}</code></pre>`;
    const shown =
      isHidden(cell, "outputs") && !isSolution(cell) ? "" : results.map((output) => outputs.html(output)).join("\n");
    const content = `${code}${shown === "" ? "" : `<div class="outputs">${shown}</div>`}`;
    return isSolution(cell)
      ? `<details class="cell solution"><summary>Solution</summary>${content}</details>`
      : `<section class="cell">${content}</section>`;
  };

  const rendered = markdown.math.resolve(notebook.cells.map(cellHtml).join("\n"));
  const main = options.link ? redirectLinks(rendered, options.link) : rendered;
  const { headings } = markdown;
  const title = options.title ?? givenTitle ?? headings.find(({ level }) => level === 1)?.text ?? "Notebook";
  const scripts = [...[...outputs.libraries].sort().reverse().flatMap(libraryScripts), browserFile("page.js")];
  const footer = options.footer === undefined ? "" : `<footer>${escapeHtml(options.footer)}</footer>`;
  const contents = contentsHtml(headings);
  return {
    title,
    summary: readableText(/<p>[^]*?<\/p>/.exec(main)?.[0] ?? ""),
    headings,
    main,
    html: ({ before = "", after = "" } = {}) =>
      documentHtml({ title, before: before + contents, main, after: after + footer, scripts }),
  };
}

/** Renders a notebook (nbformat 4) with its outputs as one self-contained HTML document. */
export const notebookHtml = async (notebook: Notebook, options: NotebookHtmlOptions = {}): Promise<string> =>
  (await notebookPage(notebook, options)).html();
