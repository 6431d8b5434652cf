/**
 * Waiting for ranks that are not as far. A library's own calls turn in circles on a core meanwhile, which the rank that is
 * waited for may need, or the threads that decode images: here looks without a pause and pauses take turns, once the wait
 * is longer than sums take by themselves.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { Operation } from "./library.js";

/**
 * Looks without a pause at first: 20 MB are summed in 5 to 20 ms within a machine. The libraries move data while they are
 * looked at and not else, so pauses in the middle of a sum make it many times as long.
 */
const eagerMilliseconds = 10;
/** Then in turn so long a pause, and so long looks without one, within which a sum that has begun gets on. */
const pauseMilliseconds = 1;

const never = new Int32Array(new SharedArrayBuffer(4));

/** A function that is called between two looks, and sleeps where it is time for it; says whether it has. */
function pauses(): () => boolean {
  let next = performance.now() + eagerMilliseconds;
  return () => {
    if (performance.now() < next) return false;
    Atomics.wait(never, 0, 0, pauseMilliseconds);
    next = performance.now() + pauseMilliseconds;
    return true;
  };
}

/** Comes back when the operation has ended; signals, timers and messages come in meanwhile. */
export async function ended(operation: Operation): Promise<void> {
  const pause = pauses();
  while (!operation.poll()) if (pause()) await turn();
}

/** The same within a pass, where nothing else can come in. */
export function endNow(operation: Operation): void {
  const pause = pauses();
  while (!operation.poll()) pause();
}
