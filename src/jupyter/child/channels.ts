/**
 * The writing side of the three channels to the supervisor. Everything is written synchronously, so that it leaves
 * the process while a cell computes and is not lost when the process ends.
 */
import { writeSync } from "node:fs";
import { fds, type CellId, type Event } from "../child-protocol.js";
import { encodeFrame } from "../frames.js";
import { cellMark, channelBit, fenceMark } from "../markers.js";

export type Pipe = "stdout" | "stderr";

export interface Channels {
  /** Prints, as this cell's output. */
  write(pipe: Pipe, cell: CellId, bytes: Uint8Array): void;
  /** Sends an event; it stands after everything that was printed before it. */
  send(event: Event, buffers?: readonly Uint8Array[]): void;
  /** What is printed from now on without saying whose it is belongs to this cell. */
  assign(cell: CellId): void;
}

/** `shield` runs what an interrupt must not stop half-way: a frame that is cut short, a fence on one side only. */
export function createChannels(token: string, shield: <T>(run: () => T) => T): Channels {
  const cells: Record<Pipe, CellId> = { stdout: 0, stderr: 0 };
  const open: Record<Pipe, boolean> = { stdout: true, stderr: true };
  let last: Pipe | null = null;
  let fences = 0;

  /** Writes to a pipe; a pipe that a cell has closed is left alone from then on. */
  function put(pipe: Pipe, bytes: Uint8Array): void {
    if (!open[pipe]) return;
    try {
      writeAll(fds[pipe], bytes);
    } catch {
      open[pipe] = false;
    }
  }
  const mark = (pipe: Pipe, text: string) => put(pipe, Buffer.from(text, "latin1"));

  function assignPipe(pipe: Pipe, cell: CellId): void {
    if (cells[pipe] === cell) return;
    cells[pipe] = cell;
    mark(pipe, cellMark(token, cell));
  }

  const unshielded: Channels = {
    write(pipe, cell, bytes) {
      if (last !== pipe) {
        const other = pipe === "stdout" ? "stderr" : "stdout";
        if (last === other && open.stdout && open.stderr) {
          const fence = fenceMark(token, ++fences, channelBit.stdout | channelBit.stderr);
          mark(other, fence);
          mark(pipe, fence);
        }
        last = pipe;
      }
      assignPipe(pipe, cell);
      put(pipe, bytes);
    },

    send(event, buffers = []) {
      const channels =
        channelBit.events | (open.stdout ? channelBit.stdout : 0) | (open.stderr ? channelBit.stderr : 0);
      const fence = ++fences;
      const text = fenceMark(token, fence, channels);
      mark("stdout", text);
      mark("stderr", text);
      last = null;
      writeAll(fds.events, encodeFrame({ ...event, fence, channels }, buffers));
    },

    assign(cell) {
      assignPipe("stdout", cell);
      assignPipe("stderr", cell);
    },
  };
  return {
    write: (...args) => shield(() => unshielded.write(...args)),
    send: (...args) => shield(() => unshielded.send(...args)),
    assign: (cell) => shield(() => unshielded.assign(cell)),
  };
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes every byte. A descriptor turns non-blocking when a child process of a cell makes it so (they share it), and
 * then has no room now and then.
 */
function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.byteLength;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}
