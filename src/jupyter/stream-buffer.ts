/**
 * Gathers what is printed into fewer messages: text of one stream of one cell that follows closely becomes one
 * message. Everything else that is published flushes it first, so nothing changes its place.
 */
import type { CellId } from "./child-protocol.js";

export type StreamName = "stdout" | "stderr";

export interface StreamBuffer {
  add(cell: CellId, name: StreamName, text: string): void;
  flush(): void;
}

/** Text waits this long for more, in milliseconds. */
const delay = 10;
/** Longer messages are sent at once, in UTF-16 units. */
const enough = 1 << 18;

export function createStreamBuffer(send: (cell: CellId, name: StreamName, text: string) => void): StreamBuffer {
  let parts: string[] = [];
  let length = 0;
  let cell: CellId = 0;
  let name: StreamName = "stdout";
  let timer: NodeJS.Timeout | null = null;

  function flush(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    if (length === 0) return;
    const text = parts.join("");
    parts = [];
    length = 0;
    send(cell, name, text);
  }

  return {
    flush,
    add(ofCell, ofName, text) {
      if (ofCell !== cell || ofName !== name) flush();
      cell = ofCell;
      name = ofName;
      parts.push(text);
      length += text.length;
      if (length >= enough) flush();
      else timer ??= setTimeout(flush, delay);
    },
  };
}
