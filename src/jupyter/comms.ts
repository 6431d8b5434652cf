/** Which comms are open, and comm messages of the front end on their way to the process that has them. */
import type { CellId, Event } from "./child-protocol.js";
import type { Publisher } from "./publisher.js";
import type { Supervisor } from "./supervisor.js";
import type { RequestChannel } from "./transport.js";
import type { Message } from "./wire.js";

export interface Comms {
  /** `comm_open`, `comm_msg` or `comm_close` of the front end. */
  forward(channel: RequestChannel, message: Message): void;
  /** Notes what cells open and close. */
  onEvent(event: Extract<Event, { type: "comm" }>): void;
  /** A forwarded message has been dealt with. */
  onHandled(cell: CellId): void;
  info(target: unknown): Record<string, { target_name: string }>;
  /** The process that had them is gone: the front end is told that they are closed. */
  clear(): void;
}

const actions = { comm_open: "open", comm_msg: "message", comm_close: "close" } as const;

export function createComms(publisher: Publisher, supervisor: Supervisor): Comms {
  const open = new Map<string, string>();
  const handling = new Set<CellId>();

  return {
    forward(channel, message) {
      const cell = publisher.register({ channel, request: message, silent: false });
      publisher.status(cell, "busy");
      const { comm_id: id, target_name: name, data } = message.content;
      const action = actions[message.header.msg_type as keyof typeof actions];
      if (typeof id !== "string") return publisher.status(cell, "idle");
      const targetName = typeof name === "string" ? name : (open.get(id) ?? "");
      if (action === "open") open.set(id, targetName);
      if (action === "close") open.delete(id);
      handling.add(cell);
      supervisor.send(
        {
          type: "comm",
          cell,
          action,
          id,
          targetName,
          data: (data ?? {}) as Record<string, unknown>,
          metadata: message.metadata,
        },
        message.buffers,
      );
    },

    onEvent({ action, id, targetName }) {
      if (action === "open") open.set(id, targetName);
      if (action === "close") open.delete(id);
    },

    onHandled(cell) {
      if (handling.delete(cell)) publisher.status(cell, "idle");
    },

    info(target) {
      const wanted = [...open].filter(([, name]) => typeof target !== "string" || name === target);
      return Object.fromEntries(wanted.map(([id, name]) => [id, { target_name: name }]));
    },

    clear() {
      for (const id of open.keys()) publisher.publish(publisher.latest, "comm_close", { comm_id: id, data: {} });
      open.clear();
      for (const cell of handling) publisher.status(cell, "idle");
      handling.clear();
    },
  };
}
