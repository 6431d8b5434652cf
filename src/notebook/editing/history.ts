/** What was done to a notebook, to take back and to do again: one line of edits for all of its cells. */
import { inverse, type Change, type SourceChange } from "./changes.js";

/** Typing in one cell with shorter pauses is one edit, in milliseconds. */
const pauseBetweenEdits = 1000;

interface Edit {
  readonly changes: readonly Change[];
  /** When it was last added to. */
  readonly time: number;
}

export class History {
  private readonly done: Edit[] = [];
  private readonly undone: Edit[] = [];

  /** `now` tells the time in milliseconds. */
  constructor(private readonly now: () => number = Date.now) {}

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  add(changes: readonly Change[]): void {
    this.undone.length = 0;
    // What is typed next is an edit of its own.
    this.done.push({ changes, time: -Infinity });
  }

  /** As `add`, joined with what was typed in the same cell just before. */
  addTyping(change: SourceChange): void {
    const time = this.now();
    const last = this.done.at(-1);
    const joined = last && time - last.time < pauseBetweenEdits ? joinTyping(last.changes, change) : null;
    this.undone.length = 0;
    if (joined) this.done[this.done.length - 1] = { changes: [joined], time };
    else this.done.push({ changes: [change], time });
  }

  /** The changes that take the last edit back, in order; null where there is none. */
  undo(): readonly Change[] | null {
    const edit = this.done.pop();
    if (!edit) return null;
    this.undone.push(edit);
    return edit.changes.map(inverse).reverse();
  }

  redo(): readonly Change[] | null {
    const edit = this.undone.pop();
    if (!edit) return null;
    // Typing after it is an edit of its own.
    this.done.push({ ...edit, time: -Infinity });
    return edit.changes;
  }
}

/** Two pieces of typing in the same cell as one; null for anything else. */
function joinTyping(last: readonly Change[], next: SourceChange): SourceChange | null {
  const [before] = last;
  if (last.length !== 1 || before.kind !== "source" || before.cell !== next.cell) return null;
  return { ...next, before: before.before };
}
