/** The websockets: the channels of a kernel in either framing, and the events that clients subscribe to. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type RawData, type WebSocket } from "ws";
import { MessageRefused } from "../jupyter/wire.js";
import { jsonFraming, v1Framing, v1Protocol } from "./framing.js";
import { RequestRefused } from "./http.js";
import type { Kernels } from "./kernels.js";

export interface Channels {
  /** Takes a connection that has asked for a websocket and may have one. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, path: string, query: URLSearchParams): void;
  close(): void;
}

export interface ChannelsOptions {
  kernels: Kernels;
  /** Longer messages end their connection, in bytes. */
  maxBytes: number;
  log: (line: string) => void;
}

/** A client that answers no ping for two of these is gone, in milliseconds. */
const pingInterval = 30_000;

export function createChannels({ kernels, maxBytes, log }: ChannelsOptions): Channels {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: maxBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(v1Protocol) ? v1Protocol : false),
  });

  const alive = new WeakSet<WebSocket>();
  const timer = setInterval(() => {
    for (const socket of server.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, pingInterval);
  timer.unref();

  /** What both kinds of connection have: they are pinged, and an error of theirs is one line. */
  function watch(socket: WebSocket): void {
    alive.add(socket);
    socket.on("pong", () => alive.add(socket));
    socket.on("error", (error) => log(`refused a websocket's frame: ${error.message}`));
  }

  function serveKernel(socket: WebSocket, id: string, query: URLSearchParams): void {
    const framing = socket.protocol === v1Protocol ? v1Framing : jsonFraming;
    // A client that names no session gets nothing back after a lost connection.
    const session = query.get("session_id") || randomUUID();
    const connected = kernels.get(id).connect(
      session,
      {
        send: (message) => socket.send(framing.encode(message)),
        ping: (number) => socket.readyState === socket.OPEN && socket.ping(String(number)),
        close: (reason) => socket.close(1000, reason),
      },
      query.get("last_msg_id"),
    );
    socket.on("pong", (number) => number.length > 0 && connected.arrived(Number(number.toString())));
    socket.on("close", () => connected.disconnect());
    socket.on("message", (data: RawData, isBinary) => {
      try {
        connected.receive(framing.decode(asBuffer(data), isBinary));
      } catch (error) {
        if (!(error instanceof MessageRefused)) throw error;
        log(`refused a message to kernel ${id}: ${error.message}`);
        socket.close(1007, error.message.slice(0, 120));
      }
    });
  }

  return {
    upgrade(request, socket, head, path, query) {
      const id = /^\/api\/kernels\/([\w-]+)\/channels$/.exec(path)?.[1];
      if (id === undefined && path !== "/api/events/subscribe")
        throw new RequestRefused(404, `websocket: there is no such address, got ${path}`);
      if (id !== undefined) kernels.get(id);
      server.handleUpgrade(request, socket, head, (connection) => {
        watch(connection);
        // Of events there are none; a refusal would be an unhandled error in clients on Node.
        if (id !== undefined) serveKernel(connection, id, query);
      });
    },

    close() {
      clearInterval(timer);
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

const asBuffer = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
