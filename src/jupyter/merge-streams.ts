/**
 * Puts what arrives on three channels (stdout, stderr, events) back into the order in which it was made. Each channel
 * is in order by itself; fences (see `markers.ts`) say where they stood relative to each other.
 */
import { StringDecoder } from "node:string_decoder";
import type { CellId, Event, FencedEvent } from "./child-protocol.js";
import { channelBit, createMarkReader, type Mark } from "./markers.js";

export interface OrderedOutput {
  onText: (cell: CellId, name: "stdout" | "stderr", text: string) => void;
  onEvent: (event: Event, buffers: Uint8Array[]) => void;
}

type Item =
  | { type: "text"; text: string; cell: CellId }
  | { type: "fence"; fence: number; channels: number }
  | { type: "event"; event: FencedEvent; buffers: Uint8Array[] };

export interface OutputMerger {
  /** Bytes of one of the two pipes. */
  push(name: "stdout" | "stderr", bytes: Buffer): void;
  event(event: FencedEvent, buffers: Uint8Array[]): void;
  /** The process has ended: nothing more will come, so no fence is waited for any longer. */
  end(): void;
}

export function createOutputMerger(token: string, { onText, onEvent }: OrderedOutput): OutputMerger {
  const queues: Record<"stdout" | "stderr" | "events", Item[]> = { stdout: [], stderr: [], events: [] };
  /** For each fence that some channel has reached: the channels that have. */
  const reached = new Map<number, number>();
  /** A channel has reached a fence since this was last false. */
  let anyReached = false;
  /** The fence of the latest event that was given out. */
  let lastEvent = 0;
  let ended = false;
  let isDue = false;

  const pipes = {
    stdout: createPipe("stdout"),
    stderr: createPipe("stderr"),
  };

  function createPipe(name: "stdout" | "stderr") {
    const decoder = new StringDecoder("utf8");
    let cell: CellId = 0;
    const queue = queues[name];
    const finishCharacter = () => {
      const text = decoder.end();
      if (text !== "") queue.push({ type: "text", text, cell });
    };
    const reader = createMarkReader(
      token,
      (bytes) => {
        const text = decoder.write(bytes);
        if (text !== "") queue.push({ type: "text", text, cell });
      },
      (mark: Mark) => {
        if (mark.type === "fence") return queue.push(mark);
        if (mark.cell !== cell) finishCharacter();
        return (cell = mark.cell);
      },
    );
    return {
      push: (bytes: Buffer) => reader.push(bytes),
      end() {
        reader.end();
        finishCharacter();
      },
    };
  }

  /** True where the channel may go past the fence at its head. */
  function passes(channel: keyof typeof queues, fence: number, channels: number): boolean {
    const before = reached.get(fence) ?? 0;
    const now = before | channelBit[channel];
    if (now !== before) anyReached = true;
    reached.set(fence, now);
    if (ended) return true;
    // What a pipe holds behind the fence of an event comes after the event itself.
    const isBehindEvent = channel !== "events" && (channels & channelBit.events) !== 0;
    return (now & channels) === channels && !(isBehindEvent && fence > lastEvent);
  }

  /** Gives out what may be given out of one channel; true where that was anything. */
  function drain(channel: keyof typeof queues): boolean {
    const queue = queues[channel];
    let done = 0;
    for (; done < queue.length; done++) {
      const item = queue[done];
      if (item.type === "text") onText(item.cell, channel as "stdout" | "stderr", item.text);
      else if (item.type === "fence") {
        if (!passes(channel, item.fence, item.channels)) break;
        // What stdout holds behind a fence that it waited at goes first.
        if (channel === "stderr") {
          done++;
          break;
        }
      } else {
        const { fence, channels, ...event } = item.event;
        if (fence > 0 && !passes(channel, fence, channels)) break;
        lastEvent = Math.max(lastEvent, fence);
        onEvent(event, item.buffers);
      }
    }
    if (done > 0) queue.splice(0, done);
    return done > 0;
  }

  function drainAll(): void {
    for (let progress = true; progress;) {
      anyReached = false;
      progress = drain("events");
      progress = drain("stdout") || progress;
      progress = drain("stderr") || progress || anyReached;
    }
    // A fence that all have reached and nobody waits at is over.
    if (queues.stdout.length + queues.stderr.length + queues.events.length === 0) reached.clear();
  }

  /**
   * Native code sets no fences: what it wrote on stdout and then on stderr lies in two pipes. The event loop reads all
   * that is ready before it comes to immediates, so by then the earlier text is here too, and stdout goes first.
   */
  function drainSoon(): void {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      drainAll();
    });
  }

  return {
    push(name, bytes) {
      pipes[name].push(bytes);
      drainSoon();
    },
    event(event, buffers) {
      queues.events.push({ type: "event", event, buffers });
      drainSoon();
    },
    end() {
      pipes.stdout.end();
      pipes.stderr.end();
      ended = true;
      drainAll();
    },
  };
}
