/**
 * Timers of cells, remembered by cell, so that an interrupt can stop what a cell has set going: `setTimeout` and its
 * siblings as globals, of `node:timers`, and of `node:timers/promises` (whose promises are rejected).
 */
import { createRequire, syncBuiltinESMExports } from "node:module";
import { promisify } from "node:util";
import type { CellId } from "../child-protocol.js";
import { currentCell } from "./context.js";

export interface Timers {
  /** Stops the timers of these cells. */
  clear(cells: Iterable<CellId>): void;
  /** Cells that have timers. */
  cells(): CellId[];
}

type Schedule = (callback: (...args: unknown[]) => void, ...rest: unknown[]) => object;
type Handle = { stop: () => void };

export function installTimers(interruption: () => Error): Timers {
  const active = new Map<CellId, Set<Handle>>();

  function add(cell: CellId, handle: Handle): void {
    let handles = active.get(cell);
    if (!handles) active.set(cell, (handles = new Set()));
    handles.add(handle);
  }
  function remove(cell: CellId, handle: Handle): void {
    const handles = active.get(cell);
    if (handles?.delete(handle) && handles.size === 0) active.delete(cell);
  }

  const require = createRequire(__filename);
  const timers = require("node:timers") as Record<string, unknown>;
  const promises = require("node:timers/promises") as Record<string, unknown>;
  const native = {
    clearTimeout: globalThis.clearTimeout as (timer: object) => void,
    clearInterval: globalThis.clearInterval as (timer: object) => void,
    clearImmediate: globalThis.clearImmediate as unknown as (timer: object) => void,
  };

  function replace(name: "setTimeout" | "setInterval" | "setImmediate", clearName: keyof typeof native): void {
    const schedule = globalThis[name] as unknown as Schedule;
    const clear = native[clearName];
    const handles = new WeakMap<object, () => void>();
    const ours = (callback: (...args: unknown[]) => void, ...rest: unknown[]): object => {
      const cell = currentCell();
      // Not a function: Node's own error says so.
      if (typeof callback !== "function") return schedule(callback, ...rest);
      const handle: Handle = { stop: () => clear(timer) };
      const forget = () => remove(cell, handle);
      const timer = schedule(
        function (this: unknown, ...args: unknown[]) {
          if (name !== "setInterval") forget();
          callback.apply(this, args);
        },
        ...rest,
      );
      handles.set(timer, forget);
      add(cell, handle);
      return timer;
    };
    const oursClear = (timer: unknown): void => {
      if (typeof timer === "object" && timer !== null) handles.get(timer)?.();
      clear(timer as object);
    };
    publish(name, ours, promises[name]);
    publish(clearName, oursClear);
  }

  function publish(name: string, value: (...args: never[]) => unknown, promise?: unknown): void {
    Object.defineProperty(value, "name", { value: name });
    if (promise !== undefined) Object.defineProperty(value, promisify.custom, { get: () => promises[name] });
    timers[name] = value;
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true });
  }

  /** The promises of timers are rejected on an interrupt, as by their own `signal`. */
  function replacePromise(name: "setTimeout" | "setImmediate"): void {
    const wait = promises[name] as (...args: unknown[]) => Promise<unknown>;
    promises[name] = (...args: unknown[]): Promise<unknown> => {
      const cell = currentCell();
      return new Promise((resolve, reject) => {
        const handle: Handle = { stop: () => reject(interruption()) };
        add(cell, handle);
        void wait(...args)
          .then(resolve, reject)
          .finally(() => remove(cell, handle));
      });
    };
  }

  replace("setTimeout", "clearTimeout");
  replace("setInterval", "clearInterval");
  replace("setImmediate", "clearImmediate");
  replacePromise("setTimeout");
  replacePromise("setImmediate");
  syncBuiltinESMExports();

  return {
    cells: () => [...active.keys()],
    clear(cells) {
      for (const cell of cells) {
        for (const handle of [...(active.get(cell) ?? [])]) handle.stop();
        active.delete(cell);
      }
    },
  };
}
