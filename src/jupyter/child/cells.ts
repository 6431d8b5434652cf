/** The cells that run now, and those that were interrupted: how each ends, exactly once. */
import type { CellId } from "../child-protocol.js";

export interface RunningCell {
  allowStdin: boolean;
  /** Ends the cell with this error, from wherever. Only the first end counts. */
  fail: (error: unknown) => void;
}

export interface Cells {
  readonly running: ReadonlyMap<CellId, RunningCell>;
  begin(cell: CellId, running: RunningCell): void;
  end(cell: CellId): void;
  /** Marks cells as interrupted: what they left behind must not go on. */
  cancel(cells: Iterable<CellId>): void;
  isCancelled(cell: CellId): boolean;
}

export function createCells(): Cells {
  const running = new Map<CellId, RunningCell>();
  const cancelled = new Set<CellId>();
  return {
    running,
    begin: (cell, entry) => void running.set(cell, entry),
    end: (cell) => void running.delete(cell),
    cancel(cells) {
      for (const cell of cells) cancelled.add(cell);
    },
    isCancelled: (cell) => cancelled.has(cell),
  };
}
