/** The Markdown cells of a notebook as HTML: together, for equations are numbered through all of them. */
import type { Cell, TextCell } from "../../../src/notebook/nbformat.js";
import { attachedPictures } from "../../../src/notebook/page/attachments.js";
import { hasDiagram, loadDiagrams, type DrawDiagram } from "../../../src/notebook/page/diagrams.js";
import { createMarkdown } from "../../../src/notebook/page/markdown.js";
import type { Pictures } from "../../../src/notebook/page/pictures.js";

let diagrams: DrawDiagram | undefined;

/** Draws all Markdown cells, by cell. What draws diagrams is loaded where there is one. */
export async function drawProse(cells: readonly Cell[], pictures: Pictures): Promise<Map<Cell, string>> {
  const texts = cells.filter((cell): cell is TextCell => cell.cell_type === "markdown");
  if (diagrams === undefined && texts.some(({ source }) => hasDiagram(source))) diagrams = await loadDiagrams();
  const markdown = createMarkdown(diagrams);
  const drawn = texts.map((cell) => [cell, markdown.render(cell.source, attachedPictures(cell, pictures))] as const);
  return new Map(drawn.map(([cell, html]) => [cell, markdown.math.resolve(html)]));
}
