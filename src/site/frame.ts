/** What every page of the site has around it: the way to the others, one shared style. */
import { posix } from "node:path";
import { version } from "../core/version.js";
import { documentHtml, sharedStyle } from "../notebook/page/document.js";
import { escapeHtml } from "../notebook/page/html.js";
import { browserFile } from "../core/browser-file.js";

export const stylePath = "style.css";

/** Where the header leads. */
const places: readonly (readonly [address: string, title: string])[] = [
  ["index.html", "axial-lab"],
  ["book/index.html", "Book"],
  ["api/index.html", "API"],
  ["docs/index.html", "Guides"],
  ["results.html", "Results"],
  ["search.html", "Search"],
];

/** A path of the site as seen from a page of it. */
export const from = (page: string, path: string): string => posix.relative(posix.dirname(page), path);

export interface SitePage {
  /** From the site's folder. */
  readonly path: string;
  readonly title: string;
  readonly main: string;
  /** Scripts beside the page, from the site's folder. Default: none. */
  readonly files?: readonly string[];
  /** Scripts in the page, beside that of every page. Default: none. */
  readonly scripts?: readonly string[];
}

/** The way to all parts of the site, from one of its pages. */
export function navigation(path: string): string {
  const links = places.map(([address, name]) => {
    const here = address === path ? ' aria-current="page"' : "";
    return `<a href="${escapeHtml(from(path, address))}"${here}>${name}</a>`;
  });
  return `<nav class="site" aria-label="Site">${links.join("")}</nav>`;
}

export const navigationStyle = `
nav.site { max-width: 45rem; margin: 0 auto; padding: 1.1rem 4rem 0 1.25rem; display: flex; flex-wrap: wrap; gap: .3rem 1.4rem;
  font: .95rem var(--sans); }
nav.site a { color: var(--soft); text-decoration: none; }
nav.site a:hover { color: var(--accent); }
nav.site a:first-child, nav.site a[aria-current] { color: var(--ink); font-weight: 600; }
`;

export function sitePage({ path, title, main, files = [], scripts = [] }: SitePage): string {
  return documentHtml({
    title: title === "axial-lab" ? title : `${title} \u2013 axial-lab`,
    before: navigation(path),
    main,
    after: `<footer>axial-lab ${escapeHtml(version)}, MIT licence.</footer>`,
    sheet: from(path, stylePath),
    files: files.map((file) => from(path, file)),
    scripts: [browserFile("page.js"), ...scripts],
  });
}

/** The style of all pages, with the fonts in it. */
export const styleSheet = (): string => `${sharedStyle()}
${browserFile("live.css")}
${navigationStyle}
figure.first { max-width: 30rem; margin-left: auto; margin-right: auto; }
.commands { background: var(--wash); border-radius: 8px; padding: .9em 1.1em; margin: 0 0 1.1em; }
ul.names { list-style: none; padding: 0; font-family: var(--sans); columns: 14rem; }
section.name { border-top: 1px solid var(--line); padding-top: 1.4rem; margin-top: 2.4rem; }
section.name pre.code { margin: 0 0 1.1em; }
section.name h2 { margin-top: 0; overflow-wrap: anywhere; }
section.name .kind { font: .85rem var(--sans); color: var(--soft); }
section.name dl { margin: 0; }
section.name dt { margin-top: .8rem; }
section.name dt code { white-space: pre-wrap; }
section.name dd { margin: .2rem 0 0 1.2rem; }
section.name dd p { margin: 0 0 .4em; }
.aside { margin-top: 1.2rem; font: .95rem/1.5 var(--sans); color: var(--soft); }
.where { font: .9rem/1.5 var(--sans); color: var(--soft); }
.where a { margin-right: 1rem; }
`;
