/** How promises are printed: without the notes that Node (up to 22) pins to them to know which cell they belong to. */
import { inspect } from "node:util";

const notes = new Set(["async_id_symbol", "trigger_async_id_symbol", "kResourceStore"]);

export function installPromiseDisplay(): void {
  Reflect.defineProperty(Promise.prototype, inspect.custom, {
    configurable: true,
    value(this: object) {
      for (const symbol of Object.getOwnPropertySymbols(this)) {
        if (notes.has(symbol.description ?? "")) Object.defineProperty(this, symbol, { enumerable: false });
      }
      // The promise itself: it is then printed as always.
      return this;
    },
  });
}
