/** Markdown cells and `text/markdown` outputs in HTML: formulas set, code coloured, headings addressable, pictures inside. */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import typescript from "highlight.js/lib/languages/typescript";
import MarkdownIt from "markdown-it";
import { escapeHtml } from "./html.js";
import type { DrawDiagram } from "./diagrams.js";
import { createMath, type PageMath } from "./math.js";
import { embedPictures, type Pictures } from "./pictures.js";
import { taskLists } from "./task-lists.js";

hljs.registerLanguage("typescript", typescript);
hljs.registerLanguage("bash", bash);
hljs.registerLanguage("json", json);
hljs.registerLanguage("python", python);

/** Code with its tokens in spans of highlight.js's class names; unknown languages stay plain. */
export function codeHtml(source: string, language: string): string {
  return hljs.getLanguage(language) ? hljs.highlight(source, { language }).value : escapeHtml(source);
}

export interface Heading {
  level: number;
  id: string;
  text: string;
}

export interface MarkdownPage {
  /** `pictures` answers an image's address with one that needs no network, or null if it has none. */
  render(source: string, pictures?: Pictures): string;
  /** The formulas of the page, those of outputs included. */
  readonly math: PageMath;
  /** The headings rendered so far, in order. */
  readonly headings: readonly Heading[];
}

/** An identifier in the manner of GitHub: lower case, hyphens for spaces, numbered from the second on. */
function headingId(text: string, taken: Set<string>): string {
  const base = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, "")
    .trim()
    .replace(/\s+/g, "-");
  let id = base || "section";
  for (let number = 1; taken.has(id); number++) id = `${base}-${number}`;
  taken.add(id);
  return id;
}

/** Tables whose corners without words are cells: they head nothing. */
export const withoutEmptyHeads = (html: string): string => html.replace(/<th( [^>]*)?>\s*<\/th>/g, "<td$1></td>");

/** One page's Markdown: identifiers and numbers of equations are unique across all that it renders. */
export function createMarkdown(drawDiagram: DrawDiagram = () => null): MarkdownPage {
  const headings: Heading[] = [];
  const ids = new Set<string>();
  const math = createMath();
  const markdown = new MarkdownIt({ html: true, linkify: true, typographer: true, highlight: codeHtml })
    .use(math.plugin)
    .use(taskLists);

  markdown.core.ruler.push("heading-ids", (state) => {
    state.tokens.forEach((token, index) => {
      if (token.type !== "heading_open") return;
      const parts = state.tokens[index + 1].children ?? [];
      const text = parts
        .map((part) => (part.type === "formula" ? (part.meta as { tex: string }).tex : part.content))
        .join("");
      const id = headingId(text, ids);
      token.attrSet("id", id);
      headings.push({ level: Number(token.tag.slice(1)), id, text });
    });
  });

  const fence = markdown.renderer.rules.fence!;
  markdown.renderer.rules.fence = (tokens, index, options, environment, renderer) => {
    const { info, content } = tokens[index];
    const diagram = info.trim().split(/\s+/)[0] === "mermaid" ? drawDiagram(content) : null;
    return diagram ?? fence(tokens, index, options, environment, renderer);
  };

  markdown.renderer.rules.table_open = () => '<div class="table"><table>';
  markdown.renderer.rules.table_close = () => "</table></div>";
  return {
    headings,
    math,
    render: (source, pictures = () => null) => embedPictures(withoutEmptyHeads(markdown.render(source)), pictures),
  };
}
