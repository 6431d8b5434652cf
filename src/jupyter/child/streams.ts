/** `process.stdout` and `process.stderr` of the cells, and with them `console`. */
import { Writable } from "node:stream";
import type { CellId } from "../child-protocol.js";
import type { Channels, Pipe } from "./channels.js";
import { currentCell } from "./context.js";

export interface Streams {
  /** What the running cell has printed to stdout last, after a line break if there is one. */
  question(): string;
}

function toBytes(chunk: unknown, encoding: BufferEncoding): Uint8Array {
  if (typeof chunk === "string") return Buffer.from(chunk, encoding);
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError(`write: the chunk must be a text or bytes, got ${typeof chunk}`);
}

export function installStreams(channels: Channels): Streams {
  /** The latest chunk on stdout; a question is printed as one. */
  let last: { cell: CellId; chunk: Uint8Array } | null = null;

  function install(pipe: Pipe, fd: number): void {
    const stream = new Writable();
    type Callback = (error?: Error | null) => void;
    // In place of the class's own, whose bookkeeping would be left half-done where an interrupt cuts it short.
    stream.write = (chunk: unknown, encoding?: BufferEncoding | Callback, callback?: Callback): boolean => {
      const bytes = toBytes(chunk, typeof encoding === "string" ? encoding : "utf8");
      const cell = currentCell();
      channels.write(pipe, cell, bytes);
      if (pipe === "stdout") last = { cell, chunk: bytes };
      const done = typeof encoding === "function" ? encoding : callback;
      if (done) process.nextTick(done);
      return true;
    };
    // Like Node's own, they cannot be ended: a library that tries would silence every later cell.
    stream.end = (chunk?: unknown) => {
      if (typeof chunk === "string" || chunk instanceof Uint8Array) stream.write(chunk);
      return stream;
    };
    stream.destroy = () => stream;
    Object.assign(stream, { fd, isTTY: false, _type: "pipe" });
    Object.defineProperty(process, pipe, { configurable: true, enumerable: true, get: () => stream });
  }

  install("stdout", 1);
  install("stderr", 2);
  return {
    question() {
      if (last?.cell !== currentCell()) return "";
      const text = Buffer.from(last.chunk.subarray(-1000)).toString();
      return text.slice(text.lastIndexOf("\n") + 1);
    },
  };
}
