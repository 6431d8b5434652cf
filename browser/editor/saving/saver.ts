/**
 * Saving by itself: soon after every change, never over a file that somebody else has changed, again when the server is
 * back. What is not saved yet is kept as a draft; a notebook that nobody changed is never written.
 */
import type { EditedNotebook } from "../../../src/notebook/editing/document.js";
import { statFile, writeNotebook } from "../protocol/contents.js";
import { ServerError } from "../protocol/rest.js";
import { throttled } from "../page/dom.js";
import { dropDraft, hashOf, keepDraft, type Kept } from "./drafts.js";

export type SaveState = "saved" | "changed" | "saving" | "failed" | "conflict" | "readOnly";

export interface SaverArgs {
  readonly notebook: EditedNotebook;
  readonly path: string;
  /** Of the file that was read; null for one that is no more. */
  readonly hash: string | null;
  /** The notebook is changed already, by a draft. */
  readonly changed: boolean;
  onState(state: SaveState, reason: string): void;
  /** The file on the disk is another than the one that was read: to be asked about. Null: it is gone. */
  onConflict(theirs: string | null): void;
  /** All of the notebook as it is now, outputs included, outlives the page. */
  readonly onKept: () => void;
}

/** Milliseconds: behind a change; between outputs; after a failed try; between looks at the disk; for a draft. */
const pauses = { change: 800, outputs: 2500, failure: 3000, look: 3000, draft: 200 };
/** A save that takes long is made seldom: this many times its own duration lies between two. */
const rest = 10;

export class Saver {
  state: SaveState = "saved";
  private hash: string | null;
  /** What the file's hash is where one of the last saves came through, and its answer did not. */
  private sent: readonly string[] = [];
  private savedRevision: number;
  private timer = 0;
  private under: Promise<void> | null = null;
  private lastDuration = 0;
  private readonly draft = throttled(pauses.draft, () => this.keepDraft());

  constructor(private readonly args: SaverArgs) {
    this.hash = args.hash;
    this.savedRevision = args.changed ? -1 : args.notebook.revision;
    args.notebook.onChange(({ kind }) => this.onChange(kind === "outputs"));
    window.setInterval(() => void this.look(), pauses.look);
    window.addEventListener("focus", () => void this.look());
    window.addEventListener("pagehide", () => this.leave());
    document.addEventListener("visibilitychange", () => document.hidden && this.leave());
    window.addEventListener("beforeunload", (event) => {
      // The draft has it all; a browser that keeps none warns.
      if (this.isChanged && this.state !== "readOnly" && this.keepDraft() === "nothing") event.preventDefault();
    });
    if (args.changed) this.onChange(false);
  }

  get isChanged(): boolean {
    return this.args.notebook.revision !== this.savedRevision;
  }

  /** Saves now, where anything is changed; resolves when it is saved or has failed. */
  async save(): Promise<void> {
    clearTimeout(this.timer);
    if (this.state === "conflict" || this.state === "readOnly") return;
    if (this.under) await this.under;
    if (!this.isChanged) return;
    this.under = this.write();
    await this.under;
    this.under = null;
    if (this.isChanged && this.state === "saved") this.onChange(true);
  }

  /** The reader has chosen: the notebook as it is here goes over the file, of which this is the hash now. */
  keepMine(theirs: string | null): Promise<void> {
    this.hash = theirs;
    this.savedRevision = -1;
    this.setState("changed");
    return this.save();
  }

  /** The notebook is now what the file with this hash holds. */
  taken(hash: string): void {
    this.hash = hash;
    this.savedRevision = this.args.notebook.revision;
    dropDraft(this.args.path);
    this.setState("saved");
  }

  /** Stops saving, for another tab does, or starts again. */
  setReadOnly(readOnly: boolean): void {
    clearTimeout(this.timer);
    this.setState(readOnly ? "readOnly" : this.isChanged ? "changed" : "saved");
  }

  /** Looks whether the file on the disk is still the one that was read or written last. */
  async look(): Promise<void> {
    if (document.hidden || this.under || this.state === "conflict" || this.state === "readOnly") return;
    const known = this.hash;
    const hash = await statFile(this.args.path).then(
      (entry) => entry.hash ?? null,
      (error: unknown) => (error instanceof ServerError && error.status === 404 ? null : undefined),
    );
    if (hash === undefined || this.under || this.hash !== known || hash === known) return;
    this.conflict(hash);
  }

  private onChange(outputs: boolean): void {
    if (!this.isChanged || this.state === "readOnly") return;
    // Outputs that are not saved yet the server sends again; where the page ends, they are kept too.
    if (!outputs) this.draft();
    if (this.state === "conflict") return;
    if (this.state !== "saving") this.setState("changed");
    const pause = Math.max(outputs ? pauses.outputs : pauses.change, rest * this.lastDuration);
    // Typing puts the save off; outputs that keep coming do not.
    if (outputs && this.timer !== 0) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), pause);
  }

  private async write(): Promise<void> {
    const { notebook, path } = this.args;
    const { revision } = notebook;
    const startedAt = performance.now();
    this.timer = 0;
    this.setState("saving");
    try {
      const content = notebook.toNotebook();
      this.sent = [...this.sent.slice(-3), ...(await hashOf(content))];
      this.hash = await writeNotebook(path, content, this.hash);
      this.savedRevision = revision;
      if (!this.isChanged) {
        dropDraft(path);
        this.args.onKept();
      }
      this.setState("saved");
    } catch (error) {
      await this.failed(error);
    }
    this.lastDuration = performance.now() - startedAt;
  }

  private async failed(error: unknown): Promise<void> {
    if (error instanceof ServerError && error.status === 409) {
      const theirs = await statFile(this.args.path).then(
        (entry) => entry.hash ?? null,
        () => null,
      );
      if (theirs === null || !this.sent.includes(theirs)) return this.conflict(theirs);
      // An earlier try came through, and its answer did not.
      this.hash = theirs;
    }
    this.keepDraft();
    this.setState("failed", error instanceof Error ? error.message : String(error));
    this.timer = window.setTimeout(() => void this.save(), pauses.failure);
  }

  private conflict(theirs: string | null): void {
    clearTimeout(this.timer);
    if (this.isChanged) this.keepDraft();
    this.setState("conflict");
    this.args.onConflict(theirs);
  }

  /** What may be the last moment: the draft is kept at once, and the save begun. */
  private leave(): void {
    if (!this.isChanged || this.state === "readOnly") return;
    this.keepDraft();
    void this.save();
  }

  private keepDraft(): Kept {
    const { path, notebook, onKept } = this.args;
    const kept = keepDraft(path, { hash: this.hash, sent: this.sent, notebook: notebook.toNotebook() });
    if (kept === "whole") onKept();
    return kept;
  }

  private setState(state: SaveState, reason = ""): void {
    this.state = state;
    this.args.onState(state, reason);
  }
}
