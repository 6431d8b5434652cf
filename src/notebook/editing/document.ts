/**
 * A notebook while it is edited: its cells, every change told to whoever listens, one history for all of them. Outputs
 * and execution counts come from the kernel, are told as well, and are no part of the history. Knows no page and no
 * server.
 */
import type { Cell, CodeCell, Notebook } from "../nbformat.js";
import { withoutLiveForms } from "../output-recorder.js";
import { applyChange, type Change, type SourceChange } from "./changes.js";
import { History } from "./history.js";

/** `outputs`: of this cell, or its execution count. */
export type Told = Change | { readonly kind: "outputs"; readonly cell: CodeCell };

export class EditedNotebook {
  private readonly history: History;
  private readonly listeners = new Set<(told: Told) => void>();
  private content: Cell[];
  /** Counts the changes; what was saved at this number is all there is. */
  revision = 0;

  constructor(
    private readonly notebook: Notebook,
    now: () => number = Date.now,
  ) {
    this.content = [...notebook.cells];
    this.history = new History(now);
    if (this.content.length === 0) this.content.push(newCell("code"));
  }

  get cells(): readonly Cell[] {
    return this.content;
  }

  get metadata(): Notebook["metadata"] {
    return this.notebook.metadata;
  }

  get canUndo(): boolean {
    return this.history.canUndo;
  }

  get canRedo(): boolean {
    return this.history.canRedo;
  }

  onChange(listener: (told: Told) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** One edit of these changes, in order. A notebook has a cell at least: where none is left, an empty one comes. */
  edit(...changes: Change[]): void {
    if (changes.length === 0) return;
    this.make(changes);
    this.history.add(this.content.length > 0 ? changes : [...changes, this.fill()]);
  }

  /** Typing in one cell, which is one edit with what was typed there just before. */
  type(change: SourceChange): void {
    this.make([change]);
    this.history.addTyping(change);
  }

  undo(): boolean {
    return this.make(this.history.undo());
  }

  redo(): boolean {
    return this.make(this.history.redo());
  }

  /** To be called after outputs or the count of a cell were changed in place. */
  outputsChanged(cell: CodeCell): void {
    this.revision++;
    this.tell({ kind: "outputs", cell });
  }

  /** Changes what the notebook says of itself, such as its kernel; it is saved with the next change. */
  setMetadata(metadata: Notebook["metadata"]): void {
    this.notebook.metadata = metadata;
  }

  /** What a file holds of it. */
  toNotebook(): Notebook {
    const cells = this.content.map((cell) =>
      cell.cell_type === "code" ? { ...cell, outputs: withoutLiveForms(cell.outputs) } : cell,
    );
    return { ...this.notebook, cells };
  }

  private fill(): Change {
    const empty: Change = { kind: "cells", at: 0, removed: [], inserted: [newCell("code")] };
    this.make([empty]);
    return empty;
  }

  private make(changes: readonly Change[] | null): boolean {
    for (const change of changes ?? []) {
      applyChange(this.content, change);
      this.revision++;
      this.tell(change);
    }
    return changes !== null;
  }

  private tell(told: Told): void {
    for (const listener of this.listeners) listener(told);
  }
}

/** Eight characters, as Jupyter gives them. */
export function newCellId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(4));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function newCell(type: Cell["cell_type"], source = "", metadata: Cell["metadata"] = {}): Cell {
  const base = { id: newCellId(), source, metadata };
  return type === "code"
    ? { cell_type: "code", ...base, execution_count: null, outputs: [] }
    : { cell_type: type, ...base };
}
