/** The main thread's side of interrupts; the other side is `urgent.ts`. */
import { Session } from "node:inspector";
import { join } from "node:path";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { currentCell, detachContexts } from "./context.js";
import { createInterruptState, inputState, stopKey, word, type StopAnswer } from "./interrupt-state.js";
import type { UrgentData } from "./urgent.js";

/** What an interrupted cell fails with. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  constructor(stack?: string) {
    super("the cell was interrupted");
    this.stack = stack ?? "";
  }
}

export interface Interrupts {
  /**
   * Runs what must not be stopped half-way, such as a kernel on memory that threads share. An interrupt waits for its
   * end; one that has been asked for already, or whose cell is cancelled, keeps it from starting.
   */
  protect<T>(run: () => T): T;
  /** The same for the kernel's own work, which an interrupt that was asked for does not keep from starting. */
  shield<T>(run: () => T): T;
  /** Blocks until the front end has given a line. Throws `Interrupted`. */
  waitForInput(): string;
}

export interface InterruptOptions {
  /** Called on the main thread, on a fresh stack; `stack` says where the code that ran was stopped. */
  onInterrupt: (stack: string | undefined) => void;
  /** A line for `process.stdin`. */
  onInput: (line: string) => void;
  /** Whether a cell was interrupted before. */
  isCancelled: (cell: number) => boolean;
}

/** The stack below the inspector's call: what it was made in the middle of. */
function stackBelow(): { frames: string[]; stack: string } {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 200;
  const lines = (new Error().stack ?? "").split("\n");
  Error.stackTraceLimit = limit;
  // The message, this function, its caller, and the expression that the inspector evaluates.
  const frames = lines.slice(4);
  return { frames, stack: ["Interrupted", ...frames].join("\n") };
}

const kernelFolder = join(__dirname, "..");
const isOurs = (frame: string): boolean => frame.includes(kernelFolder) || /[( ]node:/.test(frame);

/** Thrown after code was terminated, on a fresh stack, to make Node forget the callbacks that it was in. */
export const forgetCallbacks = new Error("internal: forget the callbacks that were terminated");

export function startInterrupts({ onInterrupt, onInput, isCancelled }: InterruptOptions): Interrupts {
  const state = createInterruptState();
  const control = new MessageChannel();
  const input = new MessageChannel();
  /** Sections that must not be stopped, one in another. */
  let depth = 0;
  /** Where the main thread was found when it was stopped; it does nothing more until it has obeyed. */
  let stoppedAt: string | undefined;

  const inspector = new Session();
  inspector.connect();
  Object.defineProperty(globalThis, Symbol.for(stopKey), {
    value(force: boolean): StopAnswer {
      const { frames, stack } = stackBelow();
      if (frames.length === 0) return "idle";
      // Neither the kernel nor Node itself may be cut short, only what the notebook runs.
      if ((depth > 0 && !force) || frames.every(isOurs)) return "protected";
      stoppedAt = stack;
      detachContexts();
      // Takes effect when this function has returned, before anything else runs.
      inspector.post("Runtime.terminateExecution");
      return "stopped";
    },
  });

  const workerData: UrgentData = { state, port: control.port2, inputPort: input.port2 };
  const worker = new Worker(join(__dirname, "urgent.js"), {
    workerData,
    transferList: [control.port2, input.port2],
  });
  worker.unref();
  control.port1.on("message", ({ type }: { type: "interrupt" | "input" }) => {
    if (type === "input") return onInput(takeInput());
    // The message is repeated until it is obeyed; the rest of them come too late.
    if (Atomics.exchange(state, word.requested, 0) === 0) return;
    const stack = stoppedAt;
    stoppedAt = undefined;
    depth = 0;
    Atomics.add(state, word.obeyed, 1);
    onInterrupt(stack);
    if (stack !== undefined) throw forgetCallbacks;
  });

  const takeInput = (): string => (receiveMessageOnPort(input.port1) as { message: string }).message;

  function shield<T>(run: () => T): T {
    if (stoppedAt !== undefined) throw new Interrupted(stoppedAt);
    depth++;
    try {
      return run();
    } finally {
      depth--;
    }
  }

  return {
    shield,

    protect(run) {
      const isOutermost = depth === 0;
      if (isOutermost && (Atomics.load(state, word.requested) === 1 || isCancelled(currentCell()))) {
        throw new Interrupted(new Error().stack);
      }
      return shield(run);
    },

    waitForInput() {
      Atomics.store(state, word.input, inputState.waiting);
      Atomics.wait(state, word.input, inputState.waiting);
      const outcome = Atomics.exchange(state, word.input, inputState.none);
      if (outcome === inputState.interrupted) throw new Interrupted(new Error().stack);
      return takeInput();
    },
  };
}
