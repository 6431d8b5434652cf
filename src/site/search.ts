/** A page that searches all others, without a server: their sections are in it. */
import { browserFile } from "../core/browser-file.js";
import { sectionsOf } from "../notebook/page/sections.js";
import { sitePage } from "./frame.js";

/** Characters of a section that are searched: enough for a docblock. */
const searched = 600;

/** Beside the page, for it is larger than a page should be; a script, for a page from a disk may read no other file. */
const indexPath = "search-index.js";

/**
 * The page and its index.
 *
 * @param pages HTML by path; sources are left out
 */
export function searchPages(pages: ReadonlyMap<string, string>): Map<string, string> {
  const index = [...pages].flatMap(([path, html]) => {
    if (path.startsWith("source/") || path === "book/index.html") return [];
    const chapter = /<title>([^<]*?)(?: \u2013 axial-lab)?<\/title>/.exec(html)?.[1] ?? path;
    const main = /<main>([^]*)<\/main>/.exec(html)?.[1] ?? "";
    return sectionsOf(main).map(({ id, title, text }) => ({
      address: id === "" ? path : `${path}#${id}`,
      chapter,
      section: title || chapter,
      text: text.slice(0, searched),
    }));
  });
  const main =
    `<h1>Search</h1><form class="search" role="search" hidden><label>Search <input type="search" name="q" autocomplete="off">` +
    `</label><p class="found" aria-live="polite"></p><ol class="results"></ol></form>` +
    `<script type="application/json" id="search-index"></script>`;
  const scripts = [browserFile("contents.js")];
  return new Map([
    ["search.html", sitePage({ path: "search.html", title: "Search", main, files: [indexPath], scripts })],
    [indexPath, `document.querySelector("#search-index").textContent=${JSON.stringify(JSON.stringify(index))};\n`],
  ]);
}
