/**
 * The five sockets of a kernel: bind, receive, send in order, heartbeat, and the welcome of new subscribers
 * (specification 5.5, "Welcome message"). Refuses what the wire refuses, logs it, and goes on.
 */
import type * as Zmq from "zeromq";
import type { Connection } from "./connection.js";
import { endpoint } from "./connection.js";
import { createSendQueue } from "./send-queue.js";
import { createHeaderFactory, createWire, type Header, type Message, type Wire, type WireOptions } from "./wire.js";

export type RequestChannel = "shell" | "control" | "stdin";

/** What is sent: the rest of the message follows from it. */
export interface Outgoing {
  type: string;
  content: Record<string, unknown>;
  parent?: Header | Record<string, never>;
  metadata?: Record<string, unknown>;
  buffers?: Uint8Array[];
}

export interface Transport {
  /** Answers on the channel that the request came from. */
  reply(channel: RequestChannel, request: Message, reply: Outgoing): void;
  publish(message: Outgoing): void;
  /** Resolves when everything published so far has been handed to ZeroMQ. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface TransportOptions {
  connection: Connection;
  maxBytes?: number;
  onMessage: (channel: RequestChannel, message: Message) => void;
  log: (line: string) => void;
}

/** After `close`, ZeroMQ goes on sending for this long at most, in milliseconds. */
const linger = 1000;

export async function createTransport({ connection, maxBytes, onMessage, log }: TransportOptions): Promise<Transport> {
  const zmq = await import("zeromq");
  // No limit on what waits for a slow subscriber: at a limit a publisher drops messages, and output must not be lost.
  const unlimited = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger };
  const sockets = {
    shell: new zmq.Router({ ...unlimited, handover: true }),
    control: new zmq.Router({ ...unlimited, handover: true }),
    stdin: new zmq.Router({ ...unlimited, handover: true }),
    iopub: new zmq.XPublisher({ ...unlimited, verbosity: "allSubs" }),
    hb: new zmq.Reply({ linger: 0 }),
  };
  const wireOptions: WireOptions = {
    key: connection.key,
    signatureScheme: connection.signatureScheme,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  };
  const wire: Wire = createWire(wireOptions);
  const header = createHeaderFactory();
  const onSendError = (error: unknown) => log(`a message could not be sent: ${String(error)}`);
  const queues = {
    shell: createSendQueue(sockets.shell, onSendError),
    control: createSendQueue(sockets.control, onSendError),
    stdin: createSendQueue(sockets.stdin, onSendError),
    iopub: createSendQueue(sockets.iopub, onSendError),
  };

  for (const [channel, socket] of Object.entries(sockets)) {
    await socket.bind(endpoint(connection, channel as keyof typeof sockets));
  }

  const encode = (identities: Uint8Array[], { type, content, parent = {}, metadata = {}, buffers = [] }: Outgoing) =>
    wire.encode({ identities, header: header(type), parentHeader: parent, metadata, content, buffers });

  async function receive(channel: RequestChannel, socket: Zmq.Router): Promise<void> {
    for await (const frames of socket) {
      try {
        onMessage(channel, wire.decode(frames));
      } catch (error) {
        log(`refused a message on ${channel}: ${(error as Error).message}`);
      }
    }
  }

  async function welcome(): Promise<void> {
    for await (const [frame] of sockets.iopub) {
      if (frame?.[0] !== 1) continue; // 1 and a topic: a subscription; 0: its end
      const topic = frame.subarray(1);
      const content = { subscription: topic.toString() };
      queues.iopub.send(encode([topic], { type: "iopub_welcome", content }));
    }
  }

  async function heartbeat(): Promise<void> {
    for await (const frames of sockets.hb) await sockets.hb.send(frames);
  }

  const onReceiveError = (error: unknown) => {
    if (!sockets.iopub.closed) log(`a socket failed: ${String(error)}`);
  };
  for (const channel of ["shell", "control", "stdin"] as const)
    receive(channel, sockets[channel]).catch(onReceiveError);
  welcome().catch(onReceiveError);
  heartbeat().catch(onReceiveError);

  return {
    reply: (channel, request, reply) =>
      queues[channel].send(encode(request.identities, { parent: request.header, ...reply })),
    publish: (message) => queues.iopub.send(encode([Buffer.from(`kernel.${message.type}`)], message)),
    flush: () => queues.iopub.flush(),
    async close() {
      await Promise.all(Object.values(queues).map((queue) => queue.flush()));
      for (const socket of Object.values(sockets)) socket.close();
    },
  };
}
