/** The front end's side of the protocol: start a kernel, send requests, read what comes back. */
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpoint, localConnection, writeConnection, type Connection } from "./connection.js";
import type { NotebookLanguage } from "./notebook-language.js";
import { createSendQueue } from "./send-queue.js";
import { createHeaderFactory, createWire, type Header, type Message } from "./wire.js";

export type ClientChannel = "shell" | "control" | "stdin";

export interface KernelClient {
  /** Sends a message and returns its header, by which what comes back is known. */
  send(
    channel: ClientChannel,
    type: string,
    content: Record<string, unknown>,
    options?: { metadata?: Record<string, unknown>; buffers?: Uint8Array[]; parent?: Header },
  ): Header;
  /** Sends a request and resolves with its reply. */
  request(channel: ClientChannel, type: string, content: Record<string, unknown>): Promise<Message>;
  /** Calls back with every message that comes on any channel; the function returned ends that. */
  listen(listener: (channel: ClientChannel | "iopub", message: Message) => void): () => void;
  close(): void;
}

export async function connectClient(connection: Connection): Promise<KernelClient> {
  const zmq = await import("zeromq");
  const wire = createWire({ ...connection, maxBytes: Number.MAX_SAFE_INTEGER });
  const header = createHeaderFactory("axial-lab");
  const routingId = randomUUID();
  const unlimited = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: 0 };
  // One identity for all: the kernel asks for input on the stdin channel under the identity of the shell's request.
  const dealer = () => new zmq.Dealer({ ...unlimited, routingId });
  const sockets = { shell: dealer(), control: dealer(), stdin: dealer() };
  const iopub = new zmq.Subscriber({ receiveHighWaterMark: 0, linger: 0 });
  const listeners = new Set<(channel: ClientChannel | "iopub", message: Message) => void>();
  const ignore = () => undefined;

  for (const channel of ["shell", "control", "stdin"] as const) sockets[channel].connect(endpoint(connection, channel));
  iopub.connect(endpoint(connection, "iopub"));
  iopub.subscribe();

  async function receive(channel: ClientChannel | "iopub", socket: AsyncIterable<Uint8Array[]>): Promise<void> {
    for await (const frames of socket) {
      const message = wire.decode(frames);
      for (const listener of [...listeners]) listener(channel, message);
    }
  }
  for (const channel of ["shell", "control", "stdin"] as const) receive(channel, sockets[channel]).catch(ignore);
  receive("iopub", iopub).catch(ignore);
  const queues = {
    shell: createSendQueue(sockets.shell, ignore),
    control: createSendQueue(sockets.control, ignore),
    stdin: createSendQueue(sockets.stdin, ignore),
  };

  const client: KernelClient = {
    send(channel, type, content, { metadata = {}, buffers = [], parent } = {}) {
      const own = header(type);
      const frames = wire.encode({
        identities: [],
        header: own,
        parentHeader: parent ?? {},
        metadata,
        content,
        buffers,
      });
      queues[channel].send(frames);
      return own;
    },
    request(channel, type, content) {
      return new Promise((resolve) => {
        const stop = client.listen((from, message) => {
          if (from !== channel || message.parentHeader.msg_id !== sent.msg_id) return;
          stop();
          resolve(message);
        });
        const sent = client.send(channel, type, content);
      });
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      for (const socket of [...Object.values(sockets), iopub]) socket.close();
    },
  };
  return client;
}

/** How a kernel is started, as kernelspecs say it. */
export interface KernelCommand {
  /** `{connection_file}` stands for the path of the connection file. */
  argv: readonly string[];
  env?: Record<string, string>;
  /** How the kernel wants to be interrupted. Default: by a message. */
  interruptMode?: "message" | "signal";
}

/** Our own kernel, from this installation; `documentation`: see `KernelOptions`. */
export const ownKernel = (language: NotebookLanguage = "typescript", { documentation = true } = {}): KernelCommand => ({
  argv: [
    ...[process.execPath, join(__dirname, "main.js"), "{connection_file}"],
    ...(language === "typescript" ? [] : ["--language", language]),
    ...(documentation ? [] : ["--documentation", "off"]),
  ],
});

export interface StartedKernel {
  readonly client: KernelClient;
  readonly connection: Connection;
  readonly process: ChildProcess;
  /** What the kernel itself wrote to its own stdout and stderr: its log. */
  log(): string;
  /** Resolves with how the kernel's process ended. */
  readonly ended: Promise<string>;
  interrupt(): void;
  /** Asks it to shut down, then insists. */
  stop(): Promise<void>;
}

/** A kernel that does not end by itself is killed after this long, in milliseconds. */
const patience = 5000;

/** How often a kernel is started on other ports where one was taken. */
const portTrials = 3;

/**
 * Starts a kernel in a folder, on addresses of its own, and waits until it answers. Its ports are free when they are
 * chosen; until the kernel has bound them another program may have taken one, and then others are tried.
 */
export async function startKernelProcess(folder: string, command: KernelCommand = ownKernel()): Promise<StartedKernel> {
  for (let trial = 1; ; trial++) {
    try {
      return await startOnFreePorts(folder, command);
    } catch (error) {
      const isTaken = /address already in use|EADDRINUSE/i.test(String(error));
      if (!isTaken || trial === portTrials) throw error;
    }
  }
}

async function startOnFreePorts(folder: string, command: KernelCommand): Promise<StartedKernel> {
  const runtime = await mkdtemp(join(tmpdir(), "axial-lab-"));
  const connectionFile = join(runtime, "connection.json");
  const connection = await localConnection("axial-lab");
  await writeConnection(connectionFile, connection);
  const [program, ...args] = command.argv.map((word) => word.replace("{connection_file}", connectionFile));
  const child = spawn(program, args, {
    cwd: folder,
    // By the number of its parent a kernel knows that nobody is left to use it.
    env: { ...process.env, JPY_PARENT_PID: String(process.pid), ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  let log = "";
  const keep = (bytes: Buffer) => (log = (log + bytes.toString()).slice(-100_000));
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => resolve(signal ? `was killed by ${signal}` : `exited with code ${code}`));
  });
  const client = await connectClient(connection);
  const cleanUp = async () => {
    client.close();
    await rm(runtime, { recursive: true, force: true });
  };
  try {
    await Promise.race([
      untilReady(client),
      ended.then((how) => Promise.reject(new Error(`kernel: it ${how} before it was ready\n${log}`))),
    ]);
  } catch (error) {
    await cleanUp();
    throw error;
  }
  return {
    client,
    connection,
    process: child,
    ended,
    log: () => log,
    interrupt() {
      if (command.interruptMode === "signal") child.kill("SIGINT");
      else client.send("control", "interrupt_request", {});
    },
    async stop() {
      client.send("control", "shutdown_request", { restart: false });
      const timer = setTimeout(() => child.kill("SIGKILL"), patience);
      await ended;
      clearTimeout(timer);
      await cleanUp();
    },
  };
}

/** Until a request is answered and its status arrives too: only then is the subscription known to work. */
async function untilReady(client: KernelClient): Promise<void> {
  for (;;) {
    const idle = new Promise<void>((resolve) => {
      const stop = client.listen((channel, { content }) => {
        if (channel !== "iopub" || content["execution_state"] !== "idle") return;
        stop();
        resolve();
      });
    });
    await client.request("shell", "kernel_info_request", {});
    const seen = await Promise.race([idle.then(() => true), new Promise<false>((r) => setTimeout(r, 300, false))]);
    if (seen) return;
  }
}
