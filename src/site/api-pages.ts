/** The API as pages, one a room: every exported name with its docblock, its members, and where it is computed and tested. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { catalogue } from "../catalogue.js";
import { packageFolder } from "../core/version.js";
import { escapeHtml } from "../notebook/page/html.js";
import { codeHtml, createMarkdown } from "../notebook/page/markdown.js";
import type { ApiMember, ApiName, ApiRoom } from "./api.js";
import { docParts } from "./docblock.js";
import { blockHtml } from "./formula.js";
import { from, sitePage } from "./frame.js";
import type { Sources } from "./repository.js";

const titleOf = ({ name }: ApiRoom): string =>
  name === "" ? "axial-lab" : name === "web" ? "axial-lab/web" : `axial.${name}`;
const pathOf = ({ name }: ApiRoom): string => `api/${name === "" ? "axial" : name}.html`;

const code = (text: string): string => `<pre class="code"><code>${codeHtml(text, "typescript")}</code></pre>`;

/** Docblocks are Markdown of a few lines, with formulas and examples between. */
function prose(doc: string): string {
  const parts = docParts(doc).map(({ kind, text }) => {
    if (kind === "example") return code(text);
    return kind === "formula" ? blockHtml(text) : createMarkdown().render(text);
  });
  return parts.length === 0 ? "" : `<div class="prose">${parts.join("")}</div>`;
}
const titles: Readonly<Record<string, string>> = { returns: "Returns", throws: "Throws" };

export function apiPages(rooms: readonly ApiRoom[], sources: Sources): Map<string, string> {
  const pages = new Map<string, string>();
  for (const room of rooms) {
    const path = pathOf(room);
    const list = room.names.map(({ name }) => `<li><a href="#${escapeHtml(name)}">${escapeHtml(name)}</a></li>`);
    const sections = room.names.map((name) => nameSection(name, path, sources));
    const says = createMarkdown().render(room.says);
    const main = `<h1>${titleOf(room)}</h1>${says}<ul class="names">${list.join("")}</ul>${sections.join("\n")}`;
    pages.set(path, sitePage({ path, title: titleOf(room), main }));
  }
  const items = rooms.map((room) => {
    const address = from("api/index.html", pathOf(room));
    const says = createMarkdown()
      .render(room.says)
      .replace(/^<p>|<\/p>\s*$/g, "");
    return `<li><a href="${address}">${titleOf(room)}</a>, ${room.names.length} names. ${says}</li>`;
  });
  const path = "api/index.html";
  const main =
    `<h1>API</h1><p>What <code>import * as axial from "axial-lab"</code> and ` +
    `<code>import { classify } from "axial-lab/web"</code> hold.</p><ul>${items.join("\n")}</ul>`;
  return pages.set(path, sitePage({ path, title: "API", main }));
}

function nameSection(name: ApiName, page: string, sources: Sources): string {
  const id = escapeHtml(name.name);
  const members = name.members.map(
    (member) => `<dt><code>${codeHtml(member.form, "typescript")}</code></dt>${details(member)}`,
  );
  const list = members.length === 0 ? "" : `<dl>${members.join("\n")}</dl>`;
  return (
    `<section class="name"><h2 id="${id}">${id} <span class="kind">${name.kind}</span></h2>` +
    `${code(name.form)}${prose(name.doc)}${tagsHtml(name)}${list}${whereHtml(name, page, sources)}</section>`
  );
}

const details = (member: ApiMember): string => `<dd>${prose(member.doc)}${tagsHtml(member)}</dd>`;

function tagsHtml({ tags }: ApiMember): string {
  const items = tags.map(({ tag, name, text }) => {
    const label = tag === "param" ? `<code>${escapeHtml(name)}</code>` : (titles[tag] ?? escapeHtml(tag));
    return `<li>${label} ${createMarkdown()
      .render(text)
      .replace(/^<p>|<\/p>\s*$/g, "")}</li>`;
  });
  return items.length === 0 ? "" : `<ul>${items.join("")}</ul>`;
}

/** Its source, its test, and what the catalogue knows: kernel, equation, lesson. */
function whereHtml({ name, file }: ApiName, page: string, sources: Sources): string {
  const entry = catalogue.find(
    ({ use, files }) => use.includes(`.${name}(`) || files.layer === file || files.function === file,
  );
  const test = file
    .replace(/^(src|widgets)\//, (folder) => (folder === "src/" ? "test/" : "test/widgets/"))
    .replace(/\.ts$/, ".test.ts");
  const own = existsSync(join(packageFolder, test)) ? test : null;
  const files: readonly (readonly [string, string | null | undefined])[] = [
    ["source", file],
    ["test", own ?? entry?.files.test],
    ["kernel", entry?.files.kernel],
    ["chapter", entry?.files.lesson],
  ];
  const links = files.flatMap(([what, path]) => {
    const place = path === null || path === undefined ? null : sources.place(path);
    return place === null ? [] : [`<a href="${escapeHtml(from(page, place))}">${what}</a>`];
  });
  const paper =
    entry === undefined
      ? ""
      : ` <a href="https://arxiv.org/abs/${entry.paper.arxiv}">${escapeHtml(entry.paper.name)}</a> ${escapeHtml(entry.equation)}`;
  return `<p class="where">${links.join("")}${paper}</p>`;
}
