/**
 * Runs the kernels, native ones where there are and else those in AssemblyScript, on all threads, on the memory where tfjs
 * keeps its tensors.
 *
 * Every kernel is cut into as many static shares as there are threads; the calling thread does share 0 and whatever others
 * have not begun by then, and waits for the rest, so `run` is as synchronous as a function call. What a share computes does
 * not depend on the thread that does it: results are repeatable bit for bit at a given number of threads.
 */
import type { NativeLibrary } from "../native/binding.js";
import { alignedAllocator, bytesPerPage, type Allocator } from "./heap.js";
import { claimShare, doShare, maximumThreads, signal, spinWhile, type Kernel, type WorkerStart } from "./shares.js";
import { signatures, type KernelArguments, type KernelName } from "./signatures.js";

export interface KernelPool {
  /** Threads that share the work, the calling one included. */
  readonly threads: number;
  /** Whether the kernels use fused multiply-add. */
  readonly relaxedSimd: boolean;
  readonly memory: WebAssembly.Memory;
  /** Whether a kernel's native form runs, for plans that differ by it. */
  isNative(name: KernelName): boolean;
  /** Runs all shares of a kernel. */
  run<Name extends KernelName>(name: Name, args: KernelArguments<Name>): void;
  /** Runs a kernel on the calling thread alone, as one share: for work too small to be worth waking others. */
  runAlone<Name extends KernelName>(name: Name, args: KernelArguments<Name>): void;
  /** Pointer to at least `bytes` of scratch, aligned to 64 bytes, valid until the next call of `scratch`. */
  scratch(bytes: number): number;
  stop(): Promise<void>;
}

export interface CompiledKernels {
  readonly module: WebAssembly.Module;
  readonly relaxedSimd: boolean;
}

export interface KernelThreads {
  stop(): Promise<void>;
}

/** What differs between a process of Node and a page. */
export interface ThreadHost {
  /** Starts a thread for each share but the first; resolved once all wait for work. */
  startWorkers(start: Omit<WorkerStart, "thread">): Promise<KernelThreads>;
  /** Whether the calling thread may sleep; a page's may not, and spins. */
  readonly maySleep: boolean;
}

export interface PoolOptions {
  readonly threads: number;
  readonly memory: WebAssembly.Memory;
  readonly allocator: Allocator;
  readonly kernels: CompiledKernels;
  readonly host: ThreadHost;
  /** Kernels that go before the WebAssembly ones of the same name. */
  readonly native: NativeLibrary | null;
}

/** Names of each kernel's arguments, in the order of their slots. */
const slotsOf = new Map(Object.entries(signatures).map(([name, slots]) => [name, Object.keys(slots)]));

/** Float64 slots for the arguments of any kernel. */
const argumentSlots = 64;

export async function startPool(options: PoolOptions): Promise<KernelPool> {
  const { memory, native, host } = options;
  const threads = Math.min(options.threads, maximumThreads);
  const { module, relaxedSimd } = options.kernels;
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const kernels = new Map([...Object.entries(exports as Record<string, Kernel>), ...(native?.kernels ?? [])]);
  const names = [...kernels.keys()];
  const functions = [...kernels.values()];
  const indexOf = new Map(names.map((name, index) => [name, index]));
  // A page that is not isolated has no SharedArrayBuffer, and one thread needs none.
  const signals = new Int32Array(threads === 1 ? new ArrayBuffer(signal.slots * 4) : new SharedArrayBuffer(signal.slots * 4)); // prettier-ignore
  const start = { module, memory, library: native?.file ?? null, names, signals, threads };
  const workers = threads === 1 ? null : await host.startWorkers(start);
  const allShares = threads === 32 ? -1 : (1 << threads) - 1;

  const allocate = alignedAllocator(options.allocator);
  const argsPointer = allocate(argumentSlots * 8);
  let args = new Float64Array(memory.buffer, argsPointer, argumentSlots);
  let scratchPointer = 0;
  let scratchBytes = 0;

  /** Writes the arguments to their slots, those that threads count by being 0; gives the kernel's index. */
  const prepare = (name: string, values: Readonly<Record<string, number | undefined>>): number => {
    const index = indexOf.get(name);
    if (index === undefined) throw new Error(`internal: no kernel is named ${name}`);
    if (args.buffer !== memory.buffer) args = new Float64Array(memory.buffer, argsPointer, argumentSlots);
    const slots = slotsOf.get(name)!;
    for (let slot = 0; slot < slots.length; slot++) args[slot] = values[slots[slot]] ?? 0;
    return index;
  };
  const pages = (): number => memory.buffer.byteLength / bytesPerPage;

  return {
    threads,
    relaxedSimd,
    memory,
    isNative: (name) => native?.kernels.has(name) ?? false,
    run: (name, values) => {
      Atomics.store(signals, signal.kernel, prepare(name, values));
      Atomics.store(signals, signal.args, argsPointer | 0);
      Atomics.store(signals, signal.pages, pages());
      Atomics.store(signals, signal.pending, threads);
      Atomics.store(signals, signal.unclaimed, allShares);
      Atomics.notify(signals, signal.unclaimed);
      for (let share = claimShare(signals, 0); share >= 0; share = claimShare(signals, 0))
        doShare(signals, functions, share, threads);
      waitForOthers(signals, host.maySleep);
      const failed = Atomics.exchange(signals, signal.failed, 0);
      if (failed === 0) return;
      const reason = native?.kernels.has(name) ? `: ${native.fault()}` : "";
      throw new Error(`internal: kernel ${name} failed in share ${failed - 1} of ${threads}${reason}`);
    },
    runAlone: (name, values) => {
      functions[prepare(name, values)](argsPointer, 0, 1, pages());
    },
    scratch: (bytes) => {
      if (bytes > scratchBytes) {
        if (scratchPointer !== 0) allocate.free(scratchPointer);
        scratchPointer = 0;
        scratchBytes = 0;
        scratchPointer = allocate(bytes);
        scratchBytes = bytes;
      }
      return scratchPointer;
    },
    stop: async () => {
      await workers?.stop();
    },
  };
}

function waitForOthers(signals: Int32Array, maySleep: boolean): void {
  let pending = Atomics.load(signals, signal.pending);
  while (pending !== 0) {
    const now = spinWhile(signals, signal.pending, pending);
    if (now === pending && maySleep) Atomics.wait(signals, signal.pending, pending);
    pending = Atomics.load(signals, signal.pending);
  }
}
