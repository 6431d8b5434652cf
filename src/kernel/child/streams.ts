/** `process.stdout` and `process.stderr` of the cells, and with them `console`. */
import { Writable } from "node:stream";
import type { Channels, Pipe } from "./channels.js";
import { currentCell } from "./context.js";

export function installStreams(channels: Channels): void {
  for (const [pipe, fd] of [
    ["stdout", 1],
    ["stderr", 2],
  ] as const) {
    const stream = Object.assign(createStream(channels, pipe), { fd, isTTY: false });
    Object.defineProperty(process, pipe, { configurable: true, enumerable: true, get: () => stream });
  }
}

function createStream(channels: Channels, pipe: Pipe): Writable {
  return new Writable({
    decodeStrings: true,
    write(chunk: Uint8Array, _encoding, callback) {
      channels.write(pipe, currentCell(), chunk);
      callback();
    },
    // Like the streams of Node, these cannot be ended: a library that tries would silence every later cell.
    final: (callback) => callback(),
  });
}
