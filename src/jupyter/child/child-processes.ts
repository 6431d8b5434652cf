/**
 * Child processes of cells that were told to share the cell's stdout or stderr (`stdio: "inherit"`). Their output
 * comes through pipes instead and is printed as the output of the cell that started them, however late it comes.
 * Those that a cell waits for by blocking (`spawnSync`, `execSync`) write to the descriptors themselves.
 */
import { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import type { Channels, Pipe } from "./channels.js";
import { currentCell } from "./context.js";

/** What is not public in Node's class: how a child process is started. */
interface Spawning {
  spawn: (this: ChildProcess, options: { stdio?: unknown }) => unknown;
}

/** Output of a process that has ended is waited for this long: another process may hold its pipe open. */
const patience = 200;
/** Node's own: the timers of cells are stopped by an interrupt, this one is not. */
const later = setTimeout;

export interface ChildProcesses {
  /** Resolves when what ended processes have printed is printed. */
  settled(): Promise<void>;
}

export function installChildProcesses(channels: Channels): ChildProcesses {
  const draining = new Set<Promise<void>>();
  const prototype = ChildProcess.prototype as unknown as Spawning;
  const spawn = prototype.spawn;

  prototype.spawn = function (this: ChildProcess, options: { stdio?: unknown }): unknown {
    const { stdio, shared } = redirect(options.stdio);
    if (shared.length === 0) return spawn.call(this, options);
    const result = spawn.call(this, { ...options, stdio });
    const cell = currentCell();
    const streams = shared.flatMap((fd): Readable[] => {
      const stream = this.stdio?.[fd] as Readable | null;
      if (!stream) return [];
      const pipe: Pipe = fd === 1 ? "stdout" : "stderr";
      stream.on("data", (bytes: Buffer) => channels.write(pipe, cell, bytes));
      // To the cell it looks as it asked for: no stream of its own.
      (this.stdio as unknown[])[fd] = null;
      this[pipe] = null;
      return [stream];
    });
    holdExit(this, streams);
    return result;
  };

  /** `exit` is told only when what the process printed has been printed, as with a shared descriptor. */
  function holdExit(child: ChildProcess, streams: readonly Readable[]): void {
    const ended = Promise.all(streams.map((stream) => new Promise((resolve) => stream.once("close", resolve))));
    const emit = child.emit.bind(child);
    let drained: Promise<void> | null = null;
    child.emit = ((event: string, ...args: unknown[]): boolean => {
      if (event !== "exit" && event !== "close") return emit(event, ...args);
      drained ??= Promise.race([ended, new Promise((resolve) => later(resolve, patience))]).then(() => undefined);
      const waiting = drained;
      draining.add(waiting);
      void waiting.then(() => {
        draining.delete(waiting);
        emit(event, ...args);
      });
      return true;
    }) as typeof child.emit;
  }

  return {
    async settled() {
      await Promise.all(draining);
    },
  };
}

/** Replaces what means this process's stdout and stderr by pipes, and says which. */
function redirect(stdio: unknown): { stdio: unknown; shared: number[] } {
  const list: unknown[] =
    typeof stdio === "string" ? [stdio, stdio, stdio] : Array.isArray(stdio) ? [...(stdio as unknown[])] : [];
  const shared: number[] = [];
  for (const fd of [1, 2]) {
    const entry = list[fd];
    // Only where each goes to its own: `2>&1` stays one descriptor.
    const own = fd === 1 ? process.stdout : process.stderr;
    if (entry !== "inherit" && entry !== fd && entry !== own) continue;
    list[fd] = "pipe";
    shared.push(fd);
  }
  return { stdio: shared.length > 0 ? list : stdio, shared };
}
