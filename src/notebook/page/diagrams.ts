/** Mermaid fences as drawings, made with the page: no script draws them, and they take the page's colours. */
import { escapeHtml } from "./html.js";

/** Draws the source of a diagram; null for a kind that is not drawn here, which stays as it is written. */
export type DrawDiagram = (source: string) => string | null;

/** Whether a Markdown source has a fence of such a kind. */
export const hasDiagram = (source: string): boolean => /(```|~~~)\s*mermaid\b/.test(source);

/** What the page's colours and typeface are called in the drawing. */
const look = {
  bg: "var(--paper)",
  fg: "var(--ink)",
  line: "var(--soft)",
  muted: "var(--soft)",
  border: "var(--soft)",
  surface: "var(--wash)",
  accent: "var(--accent)",
  font: "Source Sans 3",
  transparent: true,
};

/** The drawing's own rules hold for it alone, and load nothing. */
const scoped = (svg: string): string =>
  svg.replace(/<style>([^]*?)<\/style>/g, (_, rules: string) => {
    const own = rules.replace(/@import\s+url\((["']).*?\1\);/g, "");
    return `<style>.diagram { ${own.trim()} }</style>`;
  });

/** Loads what draws. It draws flow charts, states, sequences, classes, entities and x-y charts. */
export async function loadDiagrams(): Promise<DrawDiagram> {
  const { renderMermaidSVG } = await import("beautiful-mermaid");
  return (source) => {
    try {
      const svg = scoped(renderMermaidSVG(source, look));
      const name = `Diagram: ${source.trim().replace(/\s+/g, " ")}`;
      return `<figure class="diagram" role="img" aria-label="${escapeHtml(name)}">${svg}</figure>`;
    } catch {
      return null;
    }
  };
}
