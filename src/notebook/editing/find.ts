/** Text in the cells of a notebook: where it is, and other text in its place. */
import type { Cell } from "../nbformat.js";
import type { SourceChange } from "./changes.js";
import type { EditedNotebook } from "./document.js";

/** Offsets in UTF-16 units, from the first to behind the last. */
type Place = readonly [from: number, to: number];

export interface Match {
  readonly cell: Cell;
  readonly from: number;
  readonly to: number;
  /** The offsets are of what the reader sees, drawn Markdown, and not of the source. */
  readonly drawn: boolean;
}

/** The text that a drawn cell shows; null for a cell whose source is in sight. */
export type DrawnText = (cell: Cell) => string | null;

/** All places of a text, none over another; capitals count only where the reader writes some. */
export function placesOf(source: string, text: string): Place[] {
  if (text === "") return [];
  const lower = source.toLowerCase();
  // Lower case may have another length: then places would be wrong, and capitals count.
  const searched = text !== text.toLowerCase() || lower.length !== source.length ? source : lower;
  const places: Place[] = [];
  for (let at = searched.indexOf(text); at >= 0; at = searched.indexOf(text, at + text.length))
    places.push([at, at + text.length]);
  return places;
}

/**
 * The matches of all cells, in order. Drawn cells are searched as they are seen, for what is one text there may be divided by
 * marks in the source; what only the source has, an address or a formula, is found in the source.
 */
export function findIn(cells: readonly Cell[], text: string, drawnText: DrawnText = () => null): Match[] {
  return cells.flatMap((cell) => {
    const seen = placesOf(drawnText(cell) ?? "", text);
    const places = seen.length > 0 ? seen : placesOf(cell.source, text);
    return places.map(([from, to]) => ({ cell, from, to, drawn: seen.length > 0 }));
  });
}

/** The place in the source that a match shows; null where its text is divided by marks there. */
export function sourceOf(match: Match, matches: readonly Match[], text: string): Place | null {
  if (!match.drawn) return [match.from, match.to];
  const ofCell = matches.filter(({ cell }) => cell === match.cell);
  const places = placesOf(match.cell.source, text);
  return places.length === ofCell.length ? places[ofCell.indexOf(match)] : null;
}

/** Writes other text in one place of a cell's source. */
export function replaceAt(notebook: EditedNotebook, cell: Cell, place: Place, by: string): void {
  notebook.edit(replaced(cell, [place], by));
}

/** Writes other text wherever a text is in the sources, as one edit; gives the number of places. */
export function replaceAll(notebook: EditedNotebook, text: string, by: string): number {
  const found = notebook.cells.map((cell) => [cell, placesOf(cell.source, text)] as const);
  const changes = found.filter(([, places]) => places.length > 0).map(([cell, places]) => replaced(cell, places, by));
  notebook.edit(...changes);
  return found.reduce((sum, [, places]) => sum + places.length, 0);
}

function replaced(cell: Cell, places: readonly Place[], by: string): SourceChange {
  const { source } = cell;
  const kept = [...places, [source.length, source.length] as const].map(([from], i) =>
    source.slice(i === 0 ? 0 : places[i - 1][1], from),
  );
  return { kind: "source", cell, before: source, after: kept.join(by) };
}
