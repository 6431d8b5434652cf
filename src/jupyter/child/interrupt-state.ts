/** What the main thread, where cells run, and the thread that listens beside it (`urgent.ts`) agree on. */

/** Words of shared memory. */
export const word = {
  /** 1 from the moment an interrupt is asked for until the main thread has obeyed. */
  requested: 0,
  /** Counts the interrupts that the main thread has obeyed. */
  obeyed: 1,
  /** What the main thread waits for while it is blocked in `prompt()`: see `inputState`. */
  input: 2,
  /** Counts the signs of life that the main thread has given when asked for one. */
  alive: 3,
} as const;

export const inputState = { none: 0, waiting: 1, given: 2, interrupted: 3 } as const;

export const createInterruptState = (): Int32Array =>
  new Int32Array(new SharedArrayBuffer(Object.keys(word).length * Int32Array.BYTES_PER_ELEMENT));

/**
 * A function of the main thread under this global, called by the inspector in the middle of whatever runs there, to
 * stop it. `idle`: nothing runs. `protected`: not here, ask again. `stopped`: it ends when the function returns.
 */
export const stopKey = "axial-lab.stop";
export type StopAnswer = "idle" | "protected" | "stopped";
