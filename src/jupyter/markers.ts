/**
 * Marks inside the raw output of the process that runs the cells. Its stdout and stderr are plain pipes, so that what
 * native code and child processes print there keeps its place among what JavaScript prints; marks say which cell the
 * bytes that follow belong to, and where the pipes and the event stream stood relative to each other.
 *
 *     ESC _ TOKEN ; c CELL ESC \            what follows belongs to this cell
 *     ESC _ TOKEN ; f NUMBER , MASK ESC \   fence: pass only when every channel of the mask has reached it
 *
 * TOKEN is random for each process, so nothing that is printed can be taken for a mark.
 */

export type Mark = { type: "cell"; cell: number } | { type: "fence"; fence: number; channels: number };

/** Bits of a fence's mask. */
export const channelBit = { stdout: 1, stderr: 2, events: 4 } as const;

const escape = "\u001b";
const start = (token: string) => `${escape}_${token};`;
const end = `${escape}\\`;

export const cellMark = (token: string, cell: number): string => `${start(token)}c${cell}${end}`;
export const fenceMark = (token: string, fence: number, channels: number): string =>
  `${start(token)}f${fence},${channels}${end}`;

/** Splits a byte stream into text bytes and marks; a mark may arrive in pieces. */
export function createMarkReader(
  token: string,
  onBytes: (bytes: Buffer) => void,
  onMark: (mark: Mark) => void,
): { push(bytes: Buffer): void; end(): void } {
  const opening = Buffer.from(start(token));
  const closing = Buffer.from(end);
  let held: Buffer = Buffer.alloc(0);

  /** Bytes at the end of `bytes` that may be the beginning of a mark. */
  function pending(bytes: Buffer): number {
    for (let length = Math.min(opening.length - 1, bytes.length); length > 0; length--) {
      if (bytes.subarray(bytes.length - length).equals(opening.subarray(0, length))) return length;
    }
    return 0;
  }

  return {
    push(bytes) {
      let rest = held.length > 0 ? Buffer.concat([held, bytes]) : bytes;
      for (;;) {
        const at = rest.indexOf(opening);
        if (at < 0) {
          const keep = pending(rest);
          if (rest.length > keep) onBytes(rest.subarray(0, rest.length - keep));
          held = Buffer.from(rest.subarray(rest.length - keep));
          return;
        }
        if (at > 0) onBytes(rest.subarray(0, at));
        const stop = rest.indexOf(closing, at + opening.length);
        if (stop < 0) {
          held = Buffer.from(rest.subarray(at));
          return;
        }
        onMark(parseMark(rest.toString("latin1", at + opening.length, stop)));
        rest = rest.subarray(stop + closing.length);
      }
    },
    end() {
      if (held.length > 0) onBytes(held);
      held = Buffer.alloc(0);
    },
  };
}

function parseMark(text: string): Mark {
  const [first = 0, second = 0] = text.slice(1).split(",").map(Number);
  return text.startsWith("c") ? { type: "cell", cell: first } : { type: "fence", fence: first, channels: second };
}
