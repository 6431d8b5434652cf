/**
 * How threads share the work of a kernel, in a process of Node and in a page alike: signals in memory that all see, shares
 * that whoever is free takes.
 */

/**
 * A kernel of the AssemblyScript module (see assembly/arguments.ts) or of the native library, which is told how many pages
 * the memory has.
 */
export type Kernel = (args: number, part: number, parts: number, pages: number) => void;

/** What a worker is started with. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** File of the native kernels, which go before the module's of the same name; null for none. */
  readonly library: string | null;
  /** Kernel names in the order by which they are called. */
  readonly names: readonly string[];
  readonly signals: Int32Array;
  readonly thread: number;
  readonly threads: number;
}

/**
 * Slots of the signals that all threads share; each lies on a cache line of its own.
 *
 * `unclaimed` holds one bit for every share that nobody has begun; it alone hands out the work. A thread takes its own share
 * if it can and then any other, so one that is asleep or out of a processor holds nobody up. Kernel and arguments may
 * be read once a share is claimed: the run cannot end before that share is done.
 */
export const signal = { unclaimed: 0, kernel: 16, args: 17, pages: 18, pending: 32, failed: 48, slots: 64 } as const;

/** One bit a share. */
export const maximumThreads = 32;

/** About 100 microseconds; longer than the gap between two kernels of a training step. */
const spinTurns = 20_000;

/** Reads a slot until it differs from `value`, or it has been read often enough; gives what was read last. */
export function spinWhile(signals: Int32Array, slot: number, value: number): number {
  let read = Atomics.load(signals, slot);
  for (let turn = 0; turn < spinTurns && read === value; turn++) read = Atomics.load(signals, slot);
  return read;
}

/** Takes a share that nobody has begun, `preferred` if it is among them; -1 where none is left. */
export function claimShare(signals: Int32Array, preferred: number): number {
  for (;;) {
    const unclaimed = Atomics.load(signals, signal.unclaimed);
    if (unclaimed === 0) return -1;
    const share = (unclaimed & (1 << preferred)) !== 0 ? preferred : 31 - Math.clz32(unclaimed);
    const rest = unclaimed & ~(1 << share);
    if (Atomics.compareExchange(signals, signal.unclaimed, unclaimed, rest) === unclaimed) return share;
  }
}

/** Does one share of the current run; a trap is noted and reported by the thread that called the kernel. */
export function doShare(signals: Int32Array, kernels: readonly Kernel[], share: number, shares: number): void {
  try {
    const args = Atomics.load(signals, signal.args) >>> 0;
    kernels[Atomics.load(signals, signal.kernel)](args, share, shares, Atomics.load(signals, signal.pages));
  } catch {
    Atomics.store(signals, signal.failed, share + 1);
  }
  if (Atomics.sub(signals, signal.pending, 1) === 1) Atomics.notify(signals, signal.pending);
}

/**
 * What a kernel thread does for ever: waits for the next kernel, does its share of it (and what others left undone).
 *
 * The waiting loop is in JavaScript on purpose: inside WebAssembly it hung on Node 20.20. It spins for a while, because the
 * next kernel of a training step comes within microseconds and waking from sleep takes 30 to 75 of them, and then sleeps.
 */
export function shareForEver({ signals, thread, threads }: WorkerStart, kernels: readonly Kernel[]): never {
  for (;;) {
    const share = claimShare(signals, thread);
    if (share >= 0) doShare(signals, kernels, share, threads);
    else if (spinWhile(signals, signal.unclaimed, 0) === 0) Atomics.wait(signals, signal.unclaimed, 0);
  }
}
