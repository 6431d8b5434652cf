/** Two forms of one notebook side by side: which cells are the same, which differ, which only one of them has. */
import { nbformatJson } from "../nbformat-json.js";
import type { Cell } from "../nbformat.js";

export interface CellPair {
  /** Null where only the other form has the cell. */
  readonly mine: Cell | null;
  readonly theirs: Cell | null;
  /** Nothing differs, outputs included. */
  readonly same: boolean;
}

const textOf = (cell: Cell): string => nbformatJson(cell);

/**
 * Pairs cells of the same id in the longest order that both forms have in common (dynamic programming, as `diff` does);
 * where cells have no lasting ids, cells of the same kind and source.
 */
export function compareCells(mine: readonly Cell[], theirs: readonly Cell[]): CellPair[] {
  const alike = (a: Cell, b: Cell): boolean =>
    a.id === b.id || (a.cell_type === b.cell_type && a.source === b.source && a.source !== "");
  const width = theirs.length + 1;
  /** `[i * width + j]`: how many pairs the cells from i of mine and from j of theirs have. */
  const lengths = new Uint32Array((mine.length + 1) * width);
  for (let i = mine.length - 1; i >= 0; i--)
    for (let j = theirs.length - 1; j >= 0; j--)
      lengths[i * width + j] = alike(mine[i], theirs[j])
        ? lengths[(i + 1) * width + j + 1] + 1
        : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);

  const pairs: CellPair[] = [];
  let [i, j] = [0, 0];
  while (i < mine.length || j < theirs.length) {
    if (i < mine.length && j < theirs.length && alike(mine[i], theirs[j])) {
      pairs.push({ mine: mine[i], theirs: theirs[j], same: textOf(mine[i]) === textOf(theirs[j]) });
      i++;
      j++;
    } else if (j === theirs.length || (i < mine.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]))
      pairs.push({ mine: mine[i++], theirs: null, same: false });
    else pairs.push({ mine: null, theirs: theirs[j++], same: false });
  }
  return pairs;
}
