/** The files of the checkout as pages of the site: guides, chapters of the book, sources; and links between all of them. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, posix } from "node:path";
import { packageFolder } from "../core/version.js";
import { codeHtml } from "../notebook/page/markdown.js";
import { escapeHtml } from "../notebook/page/html.js";
import { from, sitePage } from "./frame.js";

const languages: Readonly<Record<string, string>> = {
  ".ts": "typescript",
  ".mjs": "typescript",
  ".py": "python",
  ".json": "json",
  ".sh": "bash",
};

const isFolder = (path: string): boolean => statSync(join(packageFolder, path)).isDirectory();

/** The pages of sources that others lead to, made as they are asked for. */
export class Sources {
  private readonly paths = new Map<string, string>();

  /**
   * Where a link in a file of the repository leads from a page of the site; addresses elsewhere and those that lead
   * nowhere are as they were, for the check of links to find.
   */
  link(page: string, file: string): (address: string) => string {
    return (address) => {
      const [, path, rest] = /^([^?#]*)(.*)$/.exec(address)!;
      if (path === "" || /^[a-z][a-z0-9+.-]*:/i.test(path)) return address;
      const target = posix.normalize(posix.join(posix.dirname(file), decodeURIComponent(path))).replace(/\/$/, "");
      const place = this.place(target);
      return place === null ? address : from(page, place) + rest;
    };
  }

  /** The page of a file or folder of the repository; null where there is no such. */
  place(path: string): string | null {
    if (path.startsWith("..") || !existsSync(join(packageFolder, path))) return null;
    if (path === "README.md") return "index.html";
    if (path.startsWith("docs/") && path.endsWith(".md")) return path.replace(/\.md$/, ".html");
    if (path.startsWith("notebooks/") && path.endsWith(".ipynb"))
      return path.replace(/^notebooks/, "book").replace(/\.ipynb$/, ".html");
    const page = `source/${path}${isFolder(path) ? "/index" : ""}.html`;
    this.paths.set(path, page);
    return page;
  }

  /** All pages of sources that were asked for, and those that they lead to themselves. */
  pages(): Map<string, string> {
    const made = new Map<string, string>();
    for (let before = -1; before !== this.paths.size;) {
      before = this.paths.size;
      for (const [path, page] of this.paths)
        if (!made.has(page)) made.set(page, isFolder(path) ? this.folderPage(path, page) : sourcePage(path, page));
    }
    return made;
  }

  private folderPage(path: string, page: string): string {
    const items = readdirSync(join(packageFolder, path))
      .filter((name) => !name.startsWith("."))
      .map((name) => {
        const place = this.place(`${path}/${name}`)!;
        return `<li><a href="${escapeHtml(from(page, place))}">${escapeHtml(name)}</a></li>`;
      });
    return sitePage({ path: page, title: path, main: `<h1>${escapeHtml(path)}</h1><ul>${items.join("\n")}</ul>` });
  }
}

/** Bytes of a source that is shown; larger ones are data. */
const mostShown = 60_000;

function sourcePage(path: string, page: string): string {
  const bytes = readFileSync(join(packageFolder, path));
  const isText = bytes.length <= mostShown && !bytes.includes(0);
  const shown = isText
    ? `<pre class="code"><code>${codeHtml(bytes.toString("utf8"), languages[extname(path)] ?? "")}</code></pre>`
    : `<p>${bytes.length} bytes, in the repository.</p>`;
  return sitePage({ path: page, title: path, main: `<h1>${escapeHtml(path)}</h1>${shown}` });
}
