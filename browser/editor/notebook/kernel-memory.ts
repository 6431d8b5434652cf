/** Keeps the memory of a notebook's kernel up to date, and takes up that of the page's last load. */
import type { EditedNotebook } from "../../../src/notebook/editing/document.js";
import { newId, type Message } from "../protocol/messages.js";
import { throttled } from "../page/dom.js";
import type { Executions } from "./executions.js";
import { keepMemory, liveFormsOf, recallMemory, restoreLiveForms, type Memory } from "./memory.js";

const pause = 300;

export class KernelMemory {
  session = newId();
  private readonly recalled: Memory | null;
  private kernel = "";
  private last: string | null = null;
  private lastKept: string | null = null;
  private readonly keep = throttled(pause, () => this.write());

  constructor(
    private readonly path: string,
    private readonly notebook: EditedNotebook,
    private readonly executions: Executions,
  ) {
    this.recalled = recallMemory(path);
    // Whether the kernel still lives is not known yet; without its widgets the still pictures are shown.
    if (this.recalled) restoreLiveForms(notebook.cells, this.recalled.liveForms);
    window.addEventListener("pagehide", () => this.keep.now());
  }

  /** Before a connection is made: with the session id and place of the last load, where the kernel is the same. */
  resume(kernel: string): { session: string; lastMessage: string | null } {
    const before = this.recalled?.kernel === kernel ? this.recalled : null;
    if (before && this.kernel === "") {
      this.session = before.session;
      this.last = before.lastMessage;
      this.executions.restore(before);
    } else this.last = null;
    this.lastKept = this.last;
    this.kernel = kernel;
    return { session: this.session, lastMessage: this.last };
  }

  /** The message has been taken in. */
  note({ header }: Message): void {
    this.last = header.msg_id;
    this.keep();
  }

  /** Everything so far outlives the page. */
  kept(): void {
    this.lastKept = this.last;
    this.write();
  }

  private write(): void {
    if (this.kernel === "") return;
    const { kernel, session, lastKept: lastMessage } = this;
    const liveForms = liveFormsOf(this.notebook.cells);
    keepMemory(this.path, { kernel, session, lastMessage, liveForms, ...this.executions.memory() });
  }
}
