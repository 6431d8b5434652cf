/**
 * What a running notebook kernel offers to the code in its cells. Widgets find it here and nowhere else, so
 * that the same figure shows under our kernel (live), under stock tslab (static) and in a plain script (nowhere).
 */

/** A MIME bundle: the same thing in several representations; the reader takes the richest that it can show. */
export type MimeBundle = Record<string, unknown>;

export interface DisplayOptions {
  metadata?: Record<string, unknown>;
  /** Names the display, so that a later call with `update: true` replaces what it shows. */
  displayId?: string;
  update?: boolean;
}

/** A message of a comm, as the front end sent it. */
export interface CommMessage {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
  buffers: Uint8Array[];
}

/** One comm: a two-way channel to the front end (Jupyter messaging specification, "Custom messages"). */
export interface Comm {
  readonly id: string;
  readonly targetName: string;
  send(data: Record<string, unknown>, options?: { metadata?: Record<string, unknown>; buffers?: Uint8Array[] }): void;
  onMessage(listener: (message: CommMessage) => void): void;
  onClose(listener: (message: CommMessage) => void): void;
  close(data?: Record<string, unknown>): void;
}

export interface KernelHost {
  display(bundle: MimeBundle, options?: DisplayOptions): void;
  clearOutput(options?: { wait?: boolean }): void;
  openComm(
    targetName: string,
    data: Record<string, unknown>,
    options?: { id?: string; metadata?: Record<string, unknown>; buffers?: Uint8Array[] },
  ): Comm;
  /** Answers comms that the front end opens on this target. */
  onCommOpen(targetName: string, listener: (comm: Comm, message: CommMessage) => void): void;
  /** Asks the reader for a line and waits for it. */
  prompt(message?: string, options?: { password?: boolean }): string;
  /**
   * Resolves when the timers, child processes, files and connections that cells have left at work are done, or after
   * so many milliseconds with the kinds of those that are not.
   */
  workDone(limit: number): Promise<string[]>;
}

/** Under this key of `globalThis` the kernel's process publishes its host. */
export const hostKey = Symbol.for("axial-lab.kernel-host");

/** The kernel that this code runs in, or null in a plain script or another kernel. */
export function kernelHost(): KernelHost | null {
  return ((globalThis as Record<symbol, unknown>)[hostKey] as KernelHost | undefined) ?? null;
}
