/**
 * Errors that nothing in the notebook has caught. Node ends a process in which a handler of such errors throws, and
 * libraries hang up handlers that do (every program of Emscripten throws again what is not its own) or take those of
 * others down. So the kernel is told before any handler and without being one, and what handlers throw ends nothing.
 */
import { forgetCallbacks } from "./interrupts.js";
import { ProcessExit } from "./process-exit.js";

/** No errors of the notebook: thrown to leave what runs, and told already. */
const isLeaving = (error: unknown): boolean => error === forgetCallbacks || error instanceof ProcessExit;

const kinds = new Set<unknown>(["uncaughtException", "unhandledRejection", "uncaughtExceptionMonitor"]);

export function catchStrayErrors(onStray: (error: unknown) => void): void {
  /** Calls a handler of the notebook's own, which may throw again the error that the kernel knows (`told`). */
  function call(handler: (...args: never[]) => unknown, args: readonly unknown[], told?: unknown): void {
    try {
      Reflect.apply(handler, process, args);
    } catch (thrown) {
      if (thrown !== told && !isLeaving(thrown)) onStray(thrown);
    }
  }

  const emit = process.emit.bind(process) as (event: unknown, ...args: unknown[]) => boolean;
  process.emit = ((event: unknown, ...args: unknown[]): boolean => {
    if (!kinds.has(event)) return emit(event, ...args);
    const [error] = args;
    if (isLeaving(error)) return true;
    if (event !== "uncaughtExceptionMonitor") onStray(error);
    for (const handler of process.rawListeners(event as "uncaughtException"))
      call(handler as NodeJS.UncaughtExceptionListener, args, error);
    return true;
  }) as typeof process.emit;

  // A handler of this kind takes the place of all others; that is what the notebook has asked for.
  const capture = process.setUncaughtExceptionCaptureCallback.bind(process);
  process.setUncaughtExceptionCaptureCallback = (handler) =>
    capture(typeof handler === "function" ? (error) => void (isLeaving(error) || call(handler, [error])) : handler);
}
