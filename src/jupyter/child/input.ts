/** Input from the front end: `prompt()`, which waits, and `process.stdin`, which does not. */
import { Readable } from "node:stream";
import type { KernelHost } from "../../core/kernel-host.js";
import type { Cells } from "./cells.js";
import type { Channels } from "./channels.js";
import { currentCell } from "./context.js";

export interface InputOptions {
  channels: Channels;
  cells: Cells;
  waitForInput: (ask: () => void) => string;
  /** What the cell has printed after its last line break: the question, for `process.stdin`. */
  question: () => string;
  onStray: (error: unknown) => void;
}

export interface Input {
  /** A line for `process.stdin`. */
  give(line: string): void;
  prompt: KernelHost["prompt"];
}

export class InputNotAllowed extends Error {
  override readonly name = "InputNotAllowed";
  constructor() {
    super("input: the front end must allow a cell to ask, got a request that does not (allow_stdin)");
  }
}

export function installInput({ channels, cells, waitForInput, question, onStray }: InputOptions): Input {
  function ask(prompt: string, password: boolean): void {
    const cell = currentCell();
    if (!cells.running.get(cell)?.allowStdin) throw new InputNotAllowed();
    channels.send({ type: "input", cell, prompt, password });
  }

  /** As in browsers and in Deno, but an empty answer is an empty text; `password` hides what is typed. */
  function prompt(message = "", options: { password?: boolean } = {}): string {
    return waitForInput(() => ask(message, options.password === true));
  }
  Object.defineProperty(globalThis, "prompt", { value: prompt, configurable: true, writable: true, enumerable: false });

  const stdin = new Readable({
    read() {
      // A line interface reads before the question is printed: what runs now gets to print it.
      setImmediate(() => {
        try {
          ask(question(), false);
        } catch (error) {
          onStray(error);
        }
      });
    },
  });
  Object.defineProperty(process, "stdin", {
    value: Object.assign(stdin, { fd: 0, isTTY: false }),
    configurable: true,
    enumerable: true,
  });

  return { prompt, give: (line) => void stdin.push(`${line}\n`) };
}
