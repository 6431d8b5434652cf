/** Markdown of the repository as pages: the guides in docs/, the results of the README. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { packageFolder } from "../core/version.js";
import { dataUri, escapeHtml } from "../notebook/page/html.js";
import { redirectLinks } from "../notebook/page/links.js";
import { createMarkdown } from "../notebook/page/markdown.js";
import { sitePage } from "./frame.js";
import type { Sources } from "./repository.js";

const read = (path: string): string => readFileSync(join(packageFolder, path), "utf8");

/** HTML of Markdown that lies in a file of the repository, for a page of the site. */
export function markdownHtml(source: string, file: string, page: string, sources: Sources): string {
  const markdown = createMarkdown();
  const pictures = (address: string): string | null => {
    if (/^[a-z]+:/i.test(address)) return null;
    const bytes = readFileSync(join(packageFolder, dirname(file), address));
    return dataUri(`image/${extname(address).slice(1)}`, bytes.toString("base64"));
  };
  const html = markdown.math.resolve(markdown.render(source, pictures));
  return `<div class="prose">${redirectLinks(html, sources.link(page, file))}</div>`;
}

/** The pages of docs/, and a list of them. */
export function guidePages(sources: Sources): Map<string, string> {
  const files = readdirSync(join(packageFolder, "docs")).filter((name) => name.endsWith(".md"));
  const titles = new Map(files.map((name) => [name, /^# (.*)$/m.exec(read(`docs/${name}`))?.[1] ?? basename(name)]));
  const pages = new Map(
    files.map((name) => {
      const path = `docs/${name.replace(/\.md$/, ".html")}`;
      const main = markdownHtml(read(`docs/${name}`), `docs/${name}`, path, sources);
      return [path, sitePage({ path, title: titles.get(name)!, main })];
    }),
  );
  const items = files.map(
    (name) => `<li><a href="${name.replace(/\.md$/, ".html")}">${escapeHtml(titles.get(name)!)}</a></li>`,
  );
  const main = `<h1>Guides</h1><ul>${items.join("\n")}</ul>`;
  return pages.set("docs/index.html", sitePage({ path: "docs/index.html", title: "Guides", main }));
}

/** A section of the README by its title, with the headings of its parts. */
export function readmeSection(title: string): string {
  const sections = read("README.md").split(/^(?=## )/m);
  const section = sections.find((one) => one.startsWith(`## ${title}\n`));
  if (section === undefined) throw new Error(`site: README.md must have a section ${title}, got none`);
  return section.replace(/^#(#+ )/gm, "$1");
}

export function readmePage(title: string, path: string, sources: Sources): [string, string] {
  return [path, sitePage({ path, title, main: markdownHtml(readmeSection(title), "README.md", path, sources) })];
}
