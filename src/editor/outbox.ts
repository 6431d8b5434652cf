/**
 * What a kernel has to say to one client, in order and once, over connections that break.
 *
 * A message is kept until the client's answer to a ping behind it shows that it has arrived; what has not when a
 * connection breaks is sent again over the next one of the same session. A little of what has arrived is kept too, for a
 * client that says itself what it has taken in last. While nobody is connected the outputs beyond a limit are dropped,
 * the oldest first, and a line in their place says how many; statuses and replies are always kept.
 */
import type { OutgoingMessage } from "./framing.js";

export interface OutboxLimits {
  /** What waits for the client may have so many bytes. Default: 64 MiB. */
  waiting?: number;
  /** So many bytes may be on their way before the client has answered a ping. Default: 16 MiB. */
  underWay?: number;
  /** What has arrived is kept up to so many bytes. Default: 8 MiB. */
  arrived?: number;
}

/** One connection of the client. */
export interface Line {
  send(message: OutgoingMessage): void;
  /** Asks for an answer that brings the same number. */
  ping(number: number): void;
}

export interface Outbox {
  push(message: OutgoingMessage): void;
  /**
   * Goes on over this connection. `after`: the id of the message that the client has taken in last. Default: goes on
   * behind what is known to have arrived.
   */
  connect(line: Line, after?: string | null): void;
  disconnect(): void;
  readonly isConnected: boolean;
  /** The answer to a ping. */
  arrived(number: number): void;
}

/** What a reader can do without, where memory would not do. */
const outputs = ["stream", "display_data", "update_display_data", "execute_result"];

/** `notice` makes the message that stands for outputs that were dropped. */
export function createOutbox(
  notice: (first: OutgoingMessage, count: number, bytes: number) => OutgoingMessage,
  limits: OutboxLimits = {},
): Outbox {
  const { waiting = 2 ** 26, underWay = 2 ** 24, arrived = 2 ** 23 } = limits;
  /** Null: dropped, or forgotten as it has arrived. The number of an entry is its place here and `first`. */
  let entries: (OutgoingMessage | null)[] = [];
  let first = 0;
  /** Numbers: from here on it is kept, up to here the client has it, up to here it was sent, from here on outputs may go. */
  let kept = 0;
  let known = 0;
  let sent = 0;
  let droppable = 0;
  const bytes = { arrived: 0, underWay: 0, waiting: 0 };
  /** What was dropped, by the number of the first entry in whose place the notice stands. */
  const dropped = new Map<number, { message: OutgoingMessage; count: number; bytes: number }>();
  const noticeOf = new Map<string | null, number>();
  let line: Line | null = null;
  let isPinged = false;

  const at = (number: number): OutgoingMessage | null => entries[number - first];
  const end = () => first + entries.length;

  function drop(): void {
    droppable = Math.max(droppable, sent);
    for (; bytes.waiting > waiting && droppable < end(); droppable++) {
      const message = at(droppable);
      if (!message || !outputs.includes(message.type)) continue;
      const place = noticeOf.get(message.parentId) ?? droppable;
      noticeOf.set(message.parentId, place);
      const entry = dropped.get(place) ?? { message, count: 0, bytes: 0 };
      dropped.set(place, { ...entry, count: entry.count + 1, bytes: entry.bytes + message.bytes });
      entries[droppable - first] = null;
      bytes.waiting -= message.bytes;
    }
  }

  function forget(): void {
    for (; kept < known && bytes.arrived > arrived; kept++) {
      bytes.arrived -= at(kept)?.bytes ?? 0;
      entries[kept - first] = null;
    }
    // In large steps, as each moves the rest.
    if (kept - first < 1000) return;
    entries = entries.slice(kept - first);
    first = kept;
  }

  function pump(): void {
    for (; line && sent < end() && bytes.underWay < underWay; sent++) {
      const gone = dropped.get(sent);
      if (gone) {
        dropped.delete(sent);
        noticeOf.delete(gone.message.parentId);
        const message = notice(gone.message, gone.count, gone.bytes);
        entries[sent - first] = message;
        bytes.waiting += message.bytes;
      }
      const message = at(sent);
      if (!message) continue;
      line.send(message);
      bytes.waiting -= message.bytes;
      bytes.underWay += message.bytes;
    }
    if (line && !isPinged && known < sent) {
      isPinged = true;
      line.ping(sent);
    }
  }

  /** The number behind the message with this id, the latest first; null where it is not kept. */
  function behind(id: string): number | null {
    for (let number = sent - 1; number >= kept; number--) if (at(number)?.id === id) return number + 1;
    return null;
  }

  /** Everything from this number on counts as not sent, everything before it as arrived. */
  function rewind(to: number): void {
    known = sent = Math.max(kept, Math.min(to, sent));
    bytes.arrived = bytes.underWay = bytes.waiting = 0;
    for (let number = kept; number < end(); number++)
      bytes[number < sent ? "arrived" : "waiting"] += at(number)?.bytes ?? 0;
  }

  return {
    push(message) {
      entries.push(message);
      bytes.waiting += message.bytes;
      pump();
      if (bytes.waiting > waiting) drop();
    },

    connect(next, after = null) {
      line = next;
      isPinged = false;
      rewind(after === null ? known : (behind(after) ?? known));
      pump();
    },

    disconnect() {
      line = null;
      isPinged = false;
    },

    get isConnected() {
      return line !== null;
    },

    arrived(number) {
      isPinged = false;
      for (; known < Math.min(number, sent); known++) {
        const size = at(known)?.bytes ?? 0;
        bytes.underWay -= size;
        bytes.arrived += size;
      }
      forget();
      pump();
    },
  };
}
