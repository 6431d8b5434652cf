/**
 * Notebooks as a book: one page a chapter, linked in their order, and a contents page that searches all of them. The
 * pages open from a disk; nothing serves them.
 */
import { posix } from "node:path";
import { browserFile } from "../core/browser-file.js";
import type { Notebook } from "./file.js";
import { notebookPage, type NotebookHtmlOptions, type NotebookPage } from "./page.js";
import { documentHtml } from "./page/document.js";
import { escapeHtml, scriptJson } from "./page/html.js";
import { sectionsOf } from "./page/sections.js";

export interface Chapter {
  /** Path of the notebook from the book's folder, with `/` between folders: `01-quick-start.ipynb`. */
  readonly path: string;
  readonly notebook: Notebook;
  /** Answers the address of a picture in the chapter with its contents. Default: none. */
  readonly picture?: NotebookHtmlOptions["picture"];
  /** Answers where a link in the chapter leads that is no chapter. Default: as written. */
  readonly link?: (address: string) => string;
}

export interface BookOptions {
  /** Default "Contents". */
  title?: string;
  /** A line at the foot of every page. Default: none. */
  footer?: string;
}

/** The page of a book to open first. */
export const contentsPage = "index.html";

/** `results/a.ipynb` becomes `results/a.html`; a chapter called index makes room for the contents. */
const pageOf = (path: string): string => {
  const page = path.replace(/\.ipynb$/, ".html");
  return page === contentsPage ? "index-1.html" : page;
};

const relative = (from: string, to: string): string => posix.relative(posix.dirname(from), to);

interface Made extends NotebookPage {
  readonly path: string;
  readonly page: string;
}

/** A link to a chapter in the words of the book's own pages; others are the chapter's affair. */
function linkWithin(chapter: Chapter, pages: ReadonlyMap<string, string>): (address: string) => string {
  const own = pageOf(chapter.path);
  return (address) => {
    const [, path, rest] = /^([^?#]*)(.*)$/.exec(address)!;
    let plain = path;
    try {
      plain = decodeURIComponent(path);
    } catch {
      // An address that is not encoded is a path as it is.
    }
    const target = pages.get(posix.normalize(posix.join(posix.dirname(chapter.path), plain)));
    return target === undefined || path === "" ? (chapter.link?.(address) ?? address) : relative(own, target) + rest;
  };
}

/** The pages of a book by their paths from its folder; {@link contentsPage} is the first. */
export async function bookPages(chapters: readonly Chapter[], options: BookOptions = {}): Promise<Map<string, string>> {
  const { title = "Contents", footer } = options;
  const pages = new Map(chapters.map(({ path }) => [path, pageOf(path)]));
  const made: Made[] = [];
  for (const chapter of chapters) {
    const { path, notebook, picture } = chapter;
    const page = await notebookPage(notebook, { picture, link: linkWithin(chapter, pages), footer });
    made.push({ ...page, path, page: pageOf(path) });
  }
  const all = new Map([[contentsPage, contentsHtml(made, title, footer)]]);
  made.forEach((chapter, i) => {
    const to = (other: Made | undefined, relation: string): string =>
      other === undefined
        ? "<span></span>"
        : `<a rel="${relation}" href="${escapeHtml(relative(chapter.page, other.page))}">${escapeHtml(other.title)}</a>`;
    const contents = escapeHtml(relative(chapter.page, contentsPage));
    const header =
      `<header class="book"><a href="${contents}">${escapeHtml(title)}</a>` +
      `<form role="search" action="${contents}"><input type="search" name="q" aria-label="Search the book" ` +
      `placeholder="Search"></form></header>`;
    const turn = `<nav class="turn" aria-label="Chapters">${to(made[i - 1], "prev")}${to(made[i + 1], "next")}</nav>`;
    all.set(chapter.page, chapter.html({ before: header, after: turn }));
  });
  return all;
}

/** The contents: chapters by folder, each with its first words and its sections, and a search through all of them. */
function contentsHtml(made: readonly Made[], title: string, footer: string | undefined): string {
  const folders = [...new Set(made.map(({ path }) => posix.dirname(path)))];
  const chapterItem = ({ page, title: name, summary, headings }: Made): string => {
    const address = escapeHtml(page);
    const sections = headings
      .filter(({ level }) => level === 2)
      .map(({ id, text }) => `<li><a href="${address}#${id}">${escapeHtml(text)}</a></li>`)
      .join("");
    const told = summary === "" ? "" : `<p>${escapeHtml(summary)}</p>`;
    return `<li><a class="chapter" href="${address}">${escapeHtml(name)}</a>${told}${sections === "" ? "" : `<ul>${sections}</ul>`}</li>`;
  };
  const lists = folders.map((folder) => {
    const items = made.filter(({ path }) => posix.dirname(path) === folder).map(chapterItem);
    const heading = folder === "." ? "" : `<h2>${escapeHtml(folder)}</h2>`;
    return `${heading}<ol class="chapters">${items.join("\n")}</ol>`;
  });
  const index = made.flatMap(({ page, title: chapter, main }) =>
    sectionsOf(main).map(({ id, title: section, text }) => ({
      address: id === "" ? page : `${page}#${id}`,
      chapter,
      section: section || chapter,
      text,
    })),
  );
  const main =
    `<h1>${escapeHtml(title)}</h1>` +
    `<form class="search" role="search" hidden><label>Search <input type="search" name="q" autocomplete="off"></label>` +
    `<p class="found" aria-live="polite"></p><ol class="results"></ol></form>` +
    `<script type="application/json" id="search-index">${scriptJson(index)}</script>` +
    lists.join("\n");
  const after = footer === undefined ? "" : `<footer>${escapeHtml(footer)}</footer>`;
  return documentHtml({ title, main, after, scripts: [browserFile("page.js"), browserFile("contents.js")] });
}
