/** Publishes what cells put out, each under the message that caused it. */
import type { CellId, Event } from "./child-protocol.js";
import { createStreamBuffer, type StreamName } from "./stream-buffer.js";
import type { RequestChannel, Transport } from "./transport.js";
import type { Message } from "./wire.js";

/** The message that a number stands for, in what the process that runs the cells says. */
export interface Owner {
  request: Message;
  channel: RequestChannel;
  /** Publishes nothing but its statuses. */
  silent: boolean;
}

export interface Publisher {
  /** Gives what this message will cause a number. */
  register(owner: Owner): CellId;
  owner(cell: CellId): Owner | undefined;
  /** The number given last to a cell: what belongs to nobody else belongs to it. */
  latest: CellId;
  status(cell: CellId, state: "busy" | "idle"): void;
  publish(
    cell: CellId,
    type: string,
    content: Record<string, unknown>,
    rest?: { metadata?: Record<string, unknown>; buffers?: Uint8Array[] },
  ): void;
  text(cell: CellId, name: StreamName, text: string): void;
  /** True where the event was something to publish. */
  event(event: Event, buffers: Uint8Array[]): boolean;
  /** Resolves when everything so far has been handed to the socket. */
  flush(): Promise<void>;
}

/** Owners that are remembered, for output that comes late. */
const rememberedOwners = 10_000;

export function createPublisher(transport: Transport): Publisher {
  const owners = new Map<CellId, Owner>();
  let serial: CellId = 0;

  const send: Publisher["publish"] = (cell, type, content, rest = {}) => {
    const owner = owners.get(cell) ?? owners.get(publisher.latest);
    if (owner && !owner.silent) transport.publish({ type, content, parent: owner.request.header, ...rest });
  };
  const streams = createStreamBuffer((cell, name, text) => send(cell, "stream", { name, text }));

  const publisher: Publisher = {
    latest: 0,

    register(owner) {
      owners.set(++serial, owner);
      owners.delete(serial - rememberedOwners);
      return serial;
    },
    owner: (cell) => owners.get(cell),

    status(cell, state) {
      streams.flush();
      const parent = owners.get(cell)?.request.header ?? {};
      transport.publish({ type: "status", content: { execution_state: state }, parent });
    },

    publish(...message) {
      streams.flush();
      send(...message);
    },

    text: (cell, name, text) => streams.add(cell, name, text),

    event(event, buffers) {
      const { cell } = event;
      switch (event.type) {
        case "display": {
          const { data, metadata, displayId, update } = event;
          const transient = displayId === undefined ? {} : { display_id: displayId };
          this.publish(cell, update ? "update_display_data" : "display_data", { data, metadata, transient });
          return true;
        }
        case "result": {
          const { count, data, metadata } = event;
          this.publish(cell, "execute_result", { execution_count: count, data, metadata });
          return true;
        }
        case "clear":
          this.publish(cell, "clear_output", { wait: event.wait });
          return true;
        case "error":
          this.publish(cell, "error", { ...event.error });
          return true;
        case "comm": {
          const { action, id, targetName, data, metadata } = event;
          const type = { open: "comm_open", message: "comm_msg", close: "comm_close" }[action];
          const target = action === "open" ? { target_name: targetName } : {};
          this.publish(cell, type, { comm_id: id, ...target, data }, { metadata, buffers });
          return true;
        }
        default:
          return false;
      }
    },

    flush() {
      streams.flush();
      return transport.flush();
    },
  };
  return publisher;
}
