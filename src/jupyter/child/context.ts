/** Which cell the running code belongs to, through timers, promises and callbacks. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { CellId } from "../child-protocol.js";

const storage = new AsyncLocalStorage<CellId>();

/** The cell that output goes to where nothing else says so: the latest. */
let latest: CellId = 0;

export function runInCell<T>(cell: CellId, run: () => T): T {
  latest = cell;
  return storage.run(cell, run);
}

export const currentCell = (): CellId => storage.getStore() ?? latest;

/**
 * Called just before running code is terminated. Up to Node 22 contexts are kept by hooks around every callback, and
 * Node aborts the process where it finds such a callback entered and never left. The next `runInCell` starts anew.
 */
export const detachContexts = (): void => storage.disable();
