/**
 * A client of one kernel: requests with their replies, what the kernel publishes, what it asks. It knows nothing of
 * cells; messages that belong to no request of this page (another page's, an earlier load's) are told like all others.
 */
import { newMessage, type Channel, type Header, type Json, type Message } from "./messages.js";
import { kernelModel } from "./sessions.js";
import { ServerError } from "./rest.js";
import { openKernelSocket, type Connection } from "./socket.js";

export type KernelState = "starting" | "idle" | "busy" | "restarting" | "dead";

export interface KernelListener {
  /** Messages of iopub and stdin, and the replies to cells, as they come. */
  onMessage(message: Message): void;
  onState(state: KernelState): void;
  onConnection(connection: Connection): void;
}

export interface SendOptions {
  readonly metadata?: Json;
  readonly buffers?: readonly Uint8Array[];
  readonly parent?: Header;
}

export interface KernelClient {
  readonly id: string;
  readonly state: KernelState;
  /** Sends, and does not wait; gives the message's id. */
  send(channel: Channel, type: string, content: Json, options?: SendOptions): string;
  /** Sends, and waits for the reply's content. Rejects after `timeout` milliseconds and when the kernel ends. */
  request(type: string, content: Json, timeout?: number): Promise<Json>;
  /** Connects at once, where it waits to. */
  retry(): void;
  /** To be told before a restart: what is under way will not be answered. */
  forgetRequests(): void;
  close(): void;
}

interface Pending {
  readonly resolve: (content: Json) => void;
  readonly reject: (error: Error) => void;
}

/** Replies that nobody waits for, because what causes them is known by its cell. */
const toCells = new Set(["execute_reply"]);

export interface KernelArgs {
  readonly id: string;
  /** Of the connection; the same after the page was loaded anew. */
  readonly session: string;
  readonly lastMessage: string | null;
  readonly listener: KernelListener;
}

export function connectKernel({ id, session, lastMessage, listener }: KernelArgs): KernelClient {
  const pending = new Map<string, Pending>();
  let state: KernelState = "starting";

  const setState = (next: KernelState): void => {
    if (next === state) return;
    state = next;
    listener.onState(next);
  };

  const receive = (message: Message): void => {
    const { channel, header, parent_header: parent, content } = message;
    // Requests for completion and the like are answered also while a cell runs: their statuses say nothing of it.
    const ofCell = parent.msg_type === undefined || parent.msg_type === "execute_request";
    if (channel === "iopub" && header.msg_type === "status" && ofCell) setState(content.execution_state as KernelState);
    const waiting = pending.get(parent.msg_id ?? "");
    if ((channel === "shell" || channel === "control") && waiting) {
      pending.delete(parent.msg_id);
      waiting.resolve(content);
    }
    if (channel === "iopub" || channel === "stdin" || toCells.has(header.msg_type)) listener.onMessage(message);
  };

  const forgetRequests = (): void => {
    for (const { reject } of pending.values()) reject(new Error("The kernel ended before it answered."));
    pending.clear();
  };

  const socket = openKernelSocket({
    kernel: id,
    session,
    lastMessage,
    onMessage: receive,
    onConnection(connection) {
      if (connection === "ended") {
        forgetRequests();
        setState("dead");
      }
      listener.onConnection(connection);
    },
    exists: () =>
      kernelModel(id).then(
        () => true,
        (error: unknown) => {
          if (error instanceof ServerError && error.status === 404) return false;
          throw error;
        },
      ),
  });

  const client: KernelClient = {
    id,
    get state() {
      return state;
    },
    send(channel, type, content, options = {}) {
      const message = newMessage({ channel, type, session, content, ...options });
      socket.send(message);
      return message.header.msg_id;
    },
    request(type, content, timeout = 10_000) {
      return new Promise((resolve, reject) => {
        const message = newMessage({ channel: "shell", type, session, content });
        const { msg_id: request } = message.header;
        const timer = setTimeout(() => {
          pending.delete(request);
          reject(new Error(`${type}: no answer in ${timeout} ms`));
        }, timeout);
        const settle =
          <T>(next: (value: T) => void) =>
          (value: T) => {
            clearTimeout(timer);
            next(value);
          };
        pending.set(request, { resolve: settle(resolve), reject: settle(reject) });
        socket.send(message);
      });
    },
    retry: () => socket.retry(),
    forgetRequests,
    close: () => socket.close(),
  };
  return client;
}
