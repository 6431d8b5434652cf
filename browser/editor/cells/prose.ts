/** The Markdown cells of a notebook as HTML: together, for equations are numbered through all of them. */
import type { Cell, TextCell } from "../../../src/notebook/nbformat.js";
import type { DrawDiagram } from "../../../src/notebook/page/diagrams.js";
import { dataUri } from "../../../src/notebook/page/html.js";
import { createMarkdown } from "../../../src/notebook/page/markdown.js";
import type { Pictures } from "../../../src/notebook/page/pictures.js";

const hasDiagram = (cell: Cell): boolean => /(```|~~~)\s*mermaid\b/.test(cell.source);

/** Pictures attached to a cell (`attachment:name`), then those of the notebook's folder. */
function picturesOf(cell: TextCell, pictures: Pictures): Pictures {
  const attachments = (cell.attachments ?? {}) as Record<string, Record<string, string>>;
  return (address) => {
    const name = /^attachment:(.*)$/.exec(address)?.[1];
    if (name === undefined) return pictures(address);
    const [type, content] = Object.entries(attachments[decodeURIComponent(name)] ?? {})[0] ?? [];
    return type === undefined ? null : dataUri(type, content);
  };
}

let diagrams: DrawDiagram | undefined;

/** Draws all Markdown cells, by cell. What draws diagrams is loaded where there is one. */
export async function drawProse(cells: readonly Cell[], pictures: Pictures): Promise<Map<Cell, string>> {
  const texts = cells.filter((cell): cell is TextCell => cell.cell_type === "markdown");
  if (diagrams === undefined && texts.some(hasDiagram)) {
    const { loadDiagrams } = await import("../../../src/notebook/page/diagrams.js");
    diagrams = await loadDiagrams();
  }
  const markdown = createMarkdown(diagrams);
  const drawn = texts.map((cell) => [cell, markdown.render(cell.source, picturesOf(cell, pictures))] as const);
  return new Map(drawn.map(([cell, html]) => [cell, markdown.math.resolve(html)]));
}
