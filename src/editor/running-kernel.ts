/**
 * One kernel of the server and its clients. The kernel runs in this process, its cells in a process of their own; what it
 * says goes to each client's outbox, replies to the client that asked, the rest to all.
 */
import { randomUUID } from "node:crypto";
import { createDirectTransport, type DirectTransport } from "../jupyter/direct-transport.js";
import { startKernel, type Kernel } from "../jupyter/kernel.js";
import type { CodeMark, DiagnoseRequest } from "../jupyter/language/session.js";
import type { NotebookLanguage } from "../jupyter/notebook-language.js";
import type { RequestChannel } from "../jupyter/transport.js";
import { createHeaderFactory, type Message } from "../jupyter/wire.js";
import { outgoing, type IncomingFrame, type OutgoingMessage } from "./framing.js";
import { createOutbox, type Line, type Outbox, type OutboxLimits } from "./outbox.js";

/** As on the wire. */
export interface KernelModel {
  id: string;
  name: string;
  last_activity: string;
  execution_state: string;
  connections: number;
}

export interface RunningKernelOptions {
  name: string;
  language: NotebookLanguage;
  /** Where its cells run. */
  folder: string;
  limits?: OutboxLimits;
  log: (line: string) => void;
  /** It has ended, asked for or not. */
  onEnd: () => void;
}

/** A connection of a client, as the kernel sees it. */
export interface KernelConnection extends Line {
  close(reason: string): void;
}

export interface Connected {
  receive(frame: IncomingFrame): void;
  /** The answer to a ping. */
  arrived(number: number): void;
  disconnect(): void;
}

export interface RunningKernel {
  readonly id: string;
  readonly name: string;
  model(): KernelModel;
  /**
   * A client comes, or comes back: by the same session it gets what it has missed. `after`: the id of the message that it
   * has taken in last.
   */
  connect(session: string, connection: KernelConnection, after: string | null): Connected;
  interrupt(): Promise<void>;
  /** Ends the kernel and starts another under the same id. */
  restart(): Promise<void>;
  /** Ends the kernel; its clients are told that it is dead. */
  stop(): Promise<void>;
  diagnose(request: DiagnoseRequest): Promise<CodeMark[]>;
}

interface Client {
  outbox: Outbox;
  connection: KernelConnection | null;
}

/** What clients that have gone are to get is kept for so many of them. */
const rememberedClients = 4;

export function createRunningKernel(options: RunningKernelOptions): RunningKernel {
  const { name, language, folder, limits, log, onEnd } = options;
  const id = randomUUID();
  const header = createHeaderFactory("axial-lab");
  /** By session; those that went last are last. */
  const clients = new Map<string, Client>();
  let state = "starting";
  let lastActivity = new Date();
  let toKernel: DirectTransport["send"];
  let kernel: Promise<Kernel>;
  let isEnding = false;
  start(Promise.resolve());

  /** Starts a kernel when `before` is done; what clients send from now on is for it. */
  function start(before: Promise<unknown>): void {
    const { connect, send } = createDirectTransport(onMessage);
    toKernel = send;
    const own = before.then(() =>
      startKernel({ connect, folder, language, log: (line) => log(`kernel ${id}: ${line}`) }),
    );
    kernel = own;
    // A client may ask the kernel itself to shut down.
    kernel.then(
      ({ ended }) => ended.then(() => own === kernel && void stop()),
      (error: unknown) => {
        log(`kernel ${id}: it could not be started: ${String(error)}`);
        void stop();
      },
    );
  }

  function onMessage(channel: RequestChannel | "iopub", message: Message): void {
    lastActivity = new Date();
    if (message.header.msg_type === "status") state = stateAfter(state, message);
    const sent = outgoing(channel, message);
    if (channel === "iopub") for (const { outbox } of clients.values()) outbox.push(sent);
    else clients.get(Buffer.from(message.identities[0] ?? []).toString())?.outbox.push(sent);
  }

  /** Says something in the kernel's place. */
  function say(type: string, content: Record<string, unknown>): void {
    onMessage("iopub", {
      identities: [],
      header: header(type),
      parentHeader: {},
      metadata: {},
      content,
      buffers: [],
    });
  }

  function notice(first: OutgoingMessage, count: number, bytes: number): OutgoingMessage {
    const text =
      `axial-lab: ${count} ${count === 1 ? "output" : "outputs"} (${(bytes / 2 ** 20).toFixed(1)} MiB) were dropped here: ` +
      "they came faster than they were taken in, or while no page was connected\n";
    const [, parent] = first.json;
    return outgoing("iopub", {
      identities: [],
      header: header("stream"),
      parentHeader: JSON.parse(parent.toString()) as Message["parentHeader"],
      metadata: {},
      content: { name: "stderr", text },
      buffers: [],
    });
  }

  function forgetOldClients(): void {
    const gone = [...clients].filter(([, { connection }]) => connection === null);
    for (const [session] of gone.slice(0, Math.max(0, gone.length - rememberedClients))) clients.delete(session);
  }

  async function stop(): Promise<void> {
    if (isEnding) return;
    isEnding = true;
    await kernel.then(
      (running) => running.shutdown(),
      () => undefined,
    );
    say("status", { execution_state: "dead" });
    for (const { connection } of clients.values()) connection?.close("the kernel has ended");
    clients.clear();
    onEnd();
  }

  return {
    id,
    name,

    model: () => ({
      id,
      name,
      last_activity: lastActivity.toISOString(),
      execution_state: state,
      connections: [...clients.values()].filter(({ connection }) => connection !== null).length,
    }),

    connect(session, connection, after) {
      const client = clients.get(session) ?? { outbox: createOutbox(notice, limits), connection: null };
      client.connection?.close("the same session has connected again");
      client.connection = connection;
      clients.set(session, client);
      client.outbox.connect(connection, after);
      const isCurrent = () => client.connection === connection;
      return {
        receive({ channel, message }) {
          const { msg_type: type } = message.header;
          if (type === "shutdown_request" && message.content["restart"] === true) return void restart();
          lastActivity = new Date();
          toKernel(channel, { ...message, identities: [Buffer.from(session)] });
        },
        arrived: (number) => isCurrent() && client.outbox.arrived(number),
        disconnect() {
          if (!isCurrent()) return;
          client.connection = null;
          client.outbox.disconnect();
          // To the end of the order in which they are forgotten.
          if (clients.delete(session)) clients.set(session, client);
          forgetOldClients();
        },
      };
    },

    async interrupt() {
      (await kernel).interrupt();
    },

    restart,
    stop,
    diagnose: async (request) => (await kernel).diagnose(request),
  };

  async function restart(): Promise<void> {
    // The end of the old one is no end of this kernel.
    const ended = kernel.then(
      (running) => running.shutdown(),
      () => undefined,
    );
    start(ended);
    await kernel;
  }
}

/**
 * What the kernel does once it has said this. Questions that it answers while a cell runs make it neither busy nor idle;
 * the first answer shows that it has started.
 */
function stateAfter(state: string, { parentHeader, content }: Message): string {
  const next = String(content["execution_state"]);
  const ofCell = parentHeader.msg_type === undefined || parentHeader.msg_type === "execute_request";
  return ofCell || (state === "starting" && next === "idle") ? next : state;
}
