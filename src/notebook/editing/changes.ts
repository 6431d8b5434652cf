/** What an edit is made of, each piece with all that is needed to take it back. */
import type { Cell } from "../nbformat.js";

/** Cells leave and others come in their place; the cells themselves stay what they are. */
export interface CellsChange {
  readonly kind: "cells";
  readonly at: number;
  readonly removed: readonly Cell[];
  readonly inserted: readonly Cell[];
}

export interface SourceChange {
  readonly kind: "source";
  readonly cell: Cell;
  readonly before: string;
  readonly after: string;
}

export interface MetadataChange {
  readonly kind: "metadata";
  readonly cell: Cell;
  readonly before: Cell["metadata"];
  readonly after: Cell["metadata"];
}

export type Change = CellsChange | SourceChange | MetadataChange;

export function inverse(change: Change): Change {
  if (change.kind === "cells") return { ...change, removed: change.inserted, inserted: change.removed };
  return { ...change, before: change.after, after: change.before } as Change;
}

/** The notebook's cells after a change, which is made on them. */
export function applyChange(cells: Cell[], change: Change): void {
  switch (change.kind) {
    case "cells":
      cells.splice(change.at, change.removed.length, ...change.inserted);
      return;
    case "source":
      change.cell.source = change.after;
      return;
    case "metadata":
      change.cell.metadata = change.after;
  }
}
