/** The front end as the code in cells reaches it from this process: `KernelHost` of `core/kernel-host.ts`. */
import { randomUUID } from "node:crypto";
import { hostKey, type Comm, type CommMessage, type KernelHost, type MimeBundle } from "../../core/kernel-host.js";
import type { Request } from "../child-protocol.js";
import type { Channels } from "./channels.js";
import { currentCell } from "./context.js";
import { workDone } from "./pending-work.js";

type CommRequest = Extract<Request, { type: "comm" }>;

/** Without what is asked of the reader, which `input.ts` does. */
export interface FrontEnd extends Omit<KernelHost, "prompt"> {
  /** A message of the front end on a comm. */
  receive(request: CommRequest, buffers: Uint8Array[]): void;
}

interface OpenComm {
  comm: Comm;
  onMessage: ((message: CommMessage) => void)[];
  onClose: ((message: CommMessage) => void)[];
}

export function createFrontEnd(channels: Channels): FrontEnd {
  const comms = new Map<string, OpenComm>();
  const targets = new Map<string, (comm: Comm, message: CommMessage) => void>();

  function register(id: string, targetName: string): OpenComm {
    const send = (
      action: "open" | "message" | "close",
      data: Record<string, unknown>,
      metadata: Record<string, unknown> = {},
      buffers: readonly Uint8Array[] = [],
    ) => channels.send({ type: "comm", cell: currentCell(), action, id, targetName, data, metadata }, buffers);
    const open: OpenComm = {
      onMessage: [],
      onClose: [],
      comm: {
        id,
        targetName,
        send: (data, { metadata, buffers } = {}) => send("message", data, metadata, buffers),
        onMessage: (listener) => void open.onMessage.push(listener),
        onClose: (listener) => void open.onClose.push(listener),
        close(data = {}) {
          if (comms.delete(id)) send("close", data);
        },
      },
    };
    comms.set(id, open);
    return open;
  }

  return {
    display(bundle, { metadata = {}, displayId, update = false } = {}) {
      channels.send({ type: "display", cell: currentCell(), data: encodeBundle(bundle), metadata, displayId, update });
    },

    clearOutput: ({ wait = false } = {}) => channels.send({ type: "clear", cell: currentCell(), wait }),

    openComm(targetName, data, { id = randomUUID(), metadata = {}, buffers = [] } = {}) {
      const { comm } = register(id, targetName);
      channels.send({ type: "comm", cell: currentCell(), action: "open", id, targetName, data, metadata }, buffers);
      return comm;
    },

    onCommOpen: (targetName, listener) => void targets.set(targetName, listener),

    workDone,

    receive({ action, id, targetName, data, metadata, cell }, buffers) {
      const message = { data, metadata, buffers };
      if (action === "open") {
        const listener = targets.get(targetName);
        if (listener) return listener(register(id, targetName).comm, message);
        // The specification: an unknown target is answered with comm_close.
        return channels.send({ type: "comm", cell, action: "close", id, targetName, data: {}, metadata: {} });
      }
      const open = comms.get(id);
      if (action === "close") comms.delete(id);
      for (const listener of (action === "message" ? open?.onMessage : open?.onClose) ?? []) listener(message);
    },
  };
}

export function publishHost(host: KernelHost): void {
  Object.defineProperty(globalThis, hostKey, { value: host, configurable: true });
}

/** Bytes become base64, as notebooks keep them. */
export function encodeBundle(bundle: MimeBundle): MimeBundle {
  return Object.fromEntries(
    Object.entries(bundle)
      .filter(([, value]) => value !== undefined)
      .map(([type, value]) => [type, value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value]),
  );
}
