/**
 * A trap in a thread of TensorFlow.js's module, or in the calling one, ends in an error on the calling thread.
 *
 * A thread that traps never says that its share is done. It does tell Emscripten's runtime, which lives in the same memory; but a
 * calling thread that may sleep waits inside the module, where nothing wakes it. One that may not, as a page's, goes round and
 * asks on every turn what time it is and whether a thread has crashed, and both the clock and what ends the wait are functions
 * that the module imports. So it is told that it may not sleep, the clock lets it sleep for a moment, and the end of the wait
 * is an error. The module stays as it is from then on: whatever needs its threads throws too.
 */
type Functions = Record<string, unknown>;

interface ThreadExports {
  _emscripten_thread_init(thread: number, isMain: number, isRuntime: number, maySleep: number): void;
  _emscripten_tls_init(): void;
}

/** Milliseconds for which the calling thread sleeps between two questions; the module has spun for a while before it asks. */
const nap = 0.02;

/** Replaces what the module imports for its calling thread; `exports` gives its exports once it has been made. */
export function endWaitsOnTraps(imports: Functions, exports: () => WebAssembly.Exports): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  Object.assign(imports, {
    __emscripten_init_main_thread_js: (thread: number) => {
      const runtime = exports() as unknown as ThreadExports;
      runtime._emscripten_thread_init(thread, 1, 1, 0);
      runtime._emscripten_tls_init();
    },
    emscripten_get_now: () => {
      Atomics.wait(sleeper, 0, 0, nap);
      return performance.now();
    },
    emscripten_unwind_to_js_event_loop: () => {
      throw new TrapError("a trap in one of its threads");
    },
  });
}

/** Thrown through the module's own code, and told apart from what its kernels refuse. */
class TrapError extends Error {}

/** Ends what may still wait for a thread that has crashed. */
export function ignoringTraps(end: () => void): void {
  try {
    end();
  } catch (error) {
    if (!(error instanceof TrapError)) throw error;
  }
}

/** What has `__emscripten_thread_crashed`, which the glue code of TensorFlow.js's threaded build sets. */
interface CrashingModule {
  __emscripten_thread_crashed?(): void;
}

/**
 * Runs a kernel of TensorFlow.js's.
 *
 * @throws Error where it traps, in any thread
 */
export function withTraps<T>(kernelName: string, module: object, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const here = error instanceof WebAssembly.RuntimeError;
    if (!here && !(error instanceof TrapError)) throw error;
    // The calling thread holds a lock that it will not give back: the next wait for it is to end as well.
    if (here) (module as CrashingModule).__emscripten_thread_crashed?.();
    throw new Error(
      `internal: TensorFlow.js's kernel ${kernelName} failed: ${error.message}; engine.stop() and engine.start() begin anew`,
    );
  }
}
