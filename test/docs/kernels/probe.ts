/** A kernel that is asked over the protocol what it can do, with a time limit on everything: it may never answer. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startKernelProcess, type ClientChannel, type KernelCommand } from "../../../src/jupyter/client.js";
import { execute, type ExecuteOptions } from "../../../src/jupyter/execute-client.js";
import type { Message } from "../../../src/jupyter/wire.js";

type Content = Record<string, unknown>;

export interface Outcome {
  reply: Content;
  messages: Message[];
  /** What it printed, to stdout and stderr together. */
  printed: string;
  /** The bundle of its result or else of its first display. */
  data: Partial<Record<string, string>>;
  error: Content | undefined;
}

export interface Probe {
  /** Everything that came on iopub so far, of whatever request. */
  readonly seen: readonly Message[];
  run(code: string, options?: ExecuteOptions): Promise<Outcome>;
  /** The content of the reply, its type beside it. */
  ask(type: string, content: Content, channel?: ClientChannel): Promise<Content & { type: string }>;
  /** Sends without waiting; gives the id of the message. */
  send(type: string, content: Content, options?: { channel?: ClientChannel; buffers?: Uint8Array[] }): string;
  /** Waits for a message on iopub. */
  until(match: (message: Message) => boolean): Promise<Message>;
  interrupt(): void;
  /** Resolves when the kernel's process is gone. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** No answer within this time is none, in milliseconds. */
const patience = 15_000;

function inTime<T>(promise: Promise<T>, what: string, limit = patience): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer: ${what}`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export async function startProbe(command: KernelCommand, files: Record<string, string> = {}): Promise<Probe> {
  const folder = mkdtempSync(join(tmpdir(), "axial-probe-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const kernel = await inTime(startKernelProcess(folder, command), "start", 4 * patience);
  // What the first cell costs is no part of any answer.
  await inTime(execute(kernel.client, "0"), "the first cell", 4 * patience);
  const seen: Message[] = [];
  const waiting = new Set<(message: Message) => void>();
  kernel.client.listen((channel, message) => {
    if (channel !== "iopub") return;
    seen.push(message);
    for (const listener of waiting) listener(message);
  });
  const until = (match: (message: Message) => boolean): Promise<Message> => {
    const early = seen.find(match);
    if (early) return Promise.resolve(early);
    const found = new Promise<Message>((resolve) => {
      waiting.add((message) => {
        if (match(message)) resolve(message);
      });
    });
    return inTime(found, "iopub");
  };
  return {
    seen,
    until,
    ended: kernel.ended,
    interrupt: () => kernel.interrupt(),
    async run(code, options = {}) {
      const messages: Message[] = [];
      const onOutput = (message: Message): void => {
        messages.push(message);
        options.onOutput?.(message);
      };
      const ran = execute(kernel.client, code, { ...options, onOutput });
      const { content } = await inTime(ran, code);
      const of = (...types: string[]) => messages.filter(({ header }) => types.includes(header.msg_type));
      const data = [...of("execute_result"), ...of("display_data")][0]?.content["data"] as Outcome["data"] | undefined;
      return {
        reply: content,
        messages,
        printed: of("stream")
          .map((message) => String(message.content["text"]))
          .join(""),
        data: data ?? {},
        error: of("error")[0]?.content,
      };
    },
    async ask(type, content, channel = "shell") {
      const reply = await inTime(kernel.client.request(channel, type, content), type);
      return { ...reply.content, type: reply.header.msg_type };
    },
    send: (type, content, { channel = "shell", buffers = [] } = {}) =>
      kernel.client.send(channel, type, content, { buffers }).msg_id,
    async stop() {
      await kernel.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
