/** The main thread's side of interrupts; the other side is `urgent.ts`. */
import { Session } from "node:inspector";
import { join } from "node:path";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { currentCell, detachContexts } from "./context.js";
import { createInterruptState, inputState, stopKey, word, type StopAnswer } from "./interrupt-state.js";
import type { UrgentData, WakeUp } from "./urgent.js";

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
  /** Asks the front end and blocks until it has given a line. Throws `Interrupted`, and what `ask` throws. */
  waitForInput(ask: () => void): string;
}

export interface InterruptOptions {
  /** Called on the main thread, on a fresh stack; `stack` says where the code that ran was stopped. */
  onInterrupt: (stack: string | undefined) => void;
  /** A line for `process.stdin`. */
  onInput: (line: string) => void;
  /** Whether a cell was interrupted before. */
  isCancelled: (cell: number) => boolean;
}

/** The frames of the stack from the caller on. */
function currentFrames(): string[] {
  const { stackTraceLimit } = Error;
  const prepareStackTrace: unknown = Reflect.get(Error, "prepareStackTrace");
  // All frames as they are, those of the kernel too.
  Object.assign(Error, { stackTraceLimit: 200, prepareStackTrace: undefined });
  const lines = (new Error().stack ?? "").split("\n");
  Object.assign(Error, { stackTraceLimit, prepareStackTrace });
  // Without the message and this function.
  return lines.slice(2);
}

const kernelFolder = join(__dirname, "..");
const isOurs = (frame: string): boolean => frame.includes(kernelFolder) || /[( ]node:/.test(frame);

const isTensorFlow = (frame: string): boolean => /[\\/]@tensorflow[\\/]/.test(frame);

/** While Node calls hooks of callbacks, contexts cannot be detached; that takes only a few instructions. */
const isHook = (frame: string): boolean =>
  /at emit(Init|Before|After|Destroy|PromiseResolve)Native\b|at emitHook\b/.test(frame);

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
  /** Code of a cell that had been interrupted before was stopped. */
  let wasCutShort = false;
  /** A stop was asked for inside a section; the end of the section has to see to it. */
  let isDue = false;

  const inspector = new Session();
  inspector.connect();
  function stop(frames: readonly string[], force: boolean): StopAnswer {
    // An interrupt that has been obeyed stops what its cell goes on with after an await, and no other cell.
    const isAsked = Atomics.load(state, word.requested) === 1;
    if (frames.length === 0 || !(isAsked || isCancelled(currentCell()))) {
      isDue = false;
      return "idle";
    }
    // Neither the kernel nor Node itself may be cut short, only what the notebook runs.
    isDue = depth > 0 && !force;
    if (isDue || frames.every(isOurs) || frames.some(isHook)) return "protected";
    // Cut short, TensorFlow.js would never close the scopes that it has opened: its next kernel throws instead.
    if (!force && frames.some(isTensorFlow)) return "protected";
    if (isAsked) stoppedAt = ["Interrupted", ...frames].join("\n");
    else wasCutShort = true;
    detachContexts();
    // Takes effect when this function has returned, before anything else runs.
    inspector.post("Runtime.terminateExecution");
    return "stopped";
  }
  Object.defineProperty(globalThis, Symbol.for(stopKey), {
    // Above what it was called in the middle of stand this function and the expression that the inspector evaluates.
    value: (force: boolean) => stop(currentFrames().slice(2), force),
  });

  const workerData: UrgentData = { state, port: control.port2, inputPort: input.port2 };
  const worker = new Worker(join(__dirname, "urgent.js"), {
    workerData,
    transferList: [control.port2, input.port2],
  });
  worker.unref();
  control.port1.on("message", ({ type }: WakeUp) => {
    if (type === "input") return onInput(takeInput());
    if (type === "alive") {
      Atomics.add(state, word.alive, 1);
      if (!wasCutShort) return;
      wasCutShort = false;
      throw forgetCallbacks;
    }
    // The message is repeated until it is obeyed; the rest of them come too late.
    if (Atomics.exchange(state, word.requested, 0) === 0) return;
    const stack = stoppedAt;
    stoppedAt = undefined;
    depth = 0;
    isDue = false;
    Atomics.add(state, word.obeyed, 1);
    onInterrupt(stack);
    if (stack !== undefined) throw forgetCallbacks;
  });

  const takeInput = (): string => (receiveMessageOnPort(input.port1) as { message: string }).message;

  function section<T>(run: () => T): T {
    if (stoppedAt !== undefined) throw new Interrupted(stoppedAt);
    depth++;
    try {
      return run();
    } finally {
      depth--;
    }
  }

  return {
    shield(run) {
      const value = section(run);
      // A loop that does little but print would never be found outside a section.
      if (isDue && depth === 0) stop(currentFrames(), false);
      return value;
    },

    protect(run) {
      const isOutermost = depth === 0;
      if (isOutermost && (Atomics.load(state, word.requested) === 1 || isCancelled(currentCell()))) {
        throw new Interrupted(new Error().stack);
      }
      return section(run);
    },

    waitForInput(ask) {
      // Before the question goes out: the answer may be there before this thread waits for it.
      Atomics.store(state, word.input, inputState.waiting);
      try {
        ask();
      } catch (error) {
        Atomics.store(state, word.input, inputState.none);
        throw error;
      }
      Atomics.wait(state, word.input, inputState.waiting);
      const outcome = Atomics.exchange(state, word.input, inputState.none);
      if (outcome === inputState.interrupted) throw new Interrupted(new Error().stack);
      return takeInput();
    },
  };
}
