/** The kernel: its parts put together, and each message given to the part that deals with it. */
import { packageFolder } from "../core/version.js";
import type { ErrorContent, Event } from "./child-protocol.js";
import { createComms } from "./comms.js";
import { createExecution } from "./execution.js";
import { createHistory } from "./history.js";
import { kernelInfo } from "./kernel-info.js";
import { startLanguage } from "./language/language-thread.js";
import type { Checking } from "./language/directives.js";
import type { CodeMark, DiagnoseRequest } from "./language/session.js";
import type { NotebookLanguage } from "./notebook-language.js";
import { createPublisher } from "./publisher.js";
import { createHandlers, type Handler } from "./requests.js";
import { createSupervisor } from "./supervisor.js";
import type { RequestChannel, Transport } from "./transport.js";
import type { Message } from "./wire.js";

export interface KernelOptions {
  /** Opens the way to the clients: sockets from a connection file, or calls within this process. */
  connect: (onMessage: (channel: RequestChannel, message: Message) => void) => Promise<Transport>;
  /** The notebook's folder: where cells run and where they import from. */
  folder: string;
  /** What the cells are in. Default: TypeScript. */
  language?: NotebookLanguage;
  /** What type errors do, unless a cell says otherwise. Default: a cell in TypeScript does not run; JavaScript is not checked. */
  checking?: Checking;
  /** Whether what is looked up shows documentation; without, the first cell runs sooner. Default true. */
  documentation?: boolean;
  log: (line: string) => void;
}

export interface Kernel {
  /** Resolves when the kernel has been shut down. */
  readonly ended: Promise<void>;
  interrupt(): void;
  shutdown(): Promise<void>;
  /** What the compiler says of a cell that is being written. */
  diagnose(request: DiagnoseRequest): Promise<CodeMark[]>;
}

export async function startKernel(options: KernelOptions): Promise<Kernel> {
  const { connect, folder, language: notebookLanguage = "typescript", documentation = true, log } = options;
  const checking = options.checking ?? (notebookLanguage === "typescript" ? "error" : "off");
  let end: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));

  const language = startLanguage({ folder, packageFolder, checking, language: notebookLanguage, documentation });
  const supervisor = createSupervisor({
    folder,
    packageFolder,
    onText: (cell, name, text) => publisher.text(cell, name, text),
    onEvent,
    onDeath: (reason) => void (starting = restart(reason)),
  });
  let starting = supervisor.start();
  // Where it fails to start, the first cell says so, and the next one tries again.
  const ready = () => starting.catch(() => (starting = supervisor.start()));
  starting.catch(() => undefined);
  // Answered when the compiler has taken in Node's types. Where that or the process fails, the first cell says so.
  const warm = Promise.allSettled([language.ask("isComplete", { code: "" }), starting]).then(() => undefined);

  const transport = await connect(onMessage);
  const publisher = createPublisher(transport);
  const history = createHistory();
  const comms = createComms(publisher, supervisor);
  const execution = createExecution({ transport, publisher, language, supervisor, history, ready });
  const handlers = createHandlers({ info: kernelInfo(notebookLanguage), language, history, comms, warm, interrupt });
  transport.publish({ type: "status", content: { execution_state: "starting" } });

  function onEvent(event: Event, buffers: Uint8Array[]): void {
    if (event.type === "comm") comms.onEvent(event);
    if (event.type === "result") execution.onResult(event);
    if (publisher.event(event, buffers)) return;
    if (event.type === "done") execution.onDone(event);
    else if (event.type === "comm-handled") comms.onHandled(event.cell);
    else if (event.type === "input") askForInput(event);
  }

  function askForInput({ cell, prompt, password }: Extract<Event, { type: "input" }>): void {
    const owner = publisher.owner(cell);
    if (owner) transport.reply("stdin", owner.request, { type: "input_request", content: { prompt, password } });
  }

  async function restart(reason: string): Promise<void> {
    log(`the process that runs the cells ${reason}; starting another`);
    comms.clear();
    const evalue = `the process that runs the cells ${reason}; it was started again, and the notebook's variables are gone`;
    const error: ErrorContent = {
      ename: "KernelDied",
      evalue,
      traceback: [`\u001b[31mKernelDied\u001b[39m: ${evalue}`],
    };
    try {
      await Promise.all([language.ask("reset", null), supervisor.start()]);
    } finally {
      if (!execution.fail(error)) publisher.publish(publisher.latest, "error", { ...error });
    }
  }

  function interrupt(): void {
    if (!execution.interrupt()) supervisor.interrupt();
  }

  let shutting: Promise<void> | null = null;
  const shutdown = (): Promise<void> => (shutting ??= shutdownOnce());
  async function shutdownOnce(request?: { channel: RequestChannel; message: Message }): Promise<void> {
    await supervisor.stop();
    const evalue = "the kernel was shut down while the cell ran";
    await execution.close({ ename: "KernelShutdown", evalue, traceback: [`KernelShutdown: ${evalue}`] });
    if (request) {
      const { channel, message } = request;
      const cell = publisher.register({ channel, request: message, silent: false });
      const content = { status: "ok", restart: message.content["restart"] === true };
      publisher.status(cell, "busy");
      transport.reply(channel, message, { type: "shutdown_reply", content });
      publisher.publish(cell, "shutdown_reply", content);
      publisher.status(cell, "idle");
    }
    await publisher.flush();
    await language.close();
    await transport.close();
    end();
  }

  function onMessage(channel: RequestChannel, message: Message): void {
    const { msg_type: type } = message.header;
    const handler = handlers[type];
    if (handler) return void answer(channel, message, handler);
    switch (type) {
      case "execute_request":
        return execution.enqueue(channel, message);
      case "comm_open":
      case "comm_msg":
      case "comm_close":
        return void ready().then(() => comms.forward(channel, message));
      case "input_reply":
        return supervisor.input(String(message.content["value"]));
      case "shutdown_request":
        return void (shutting ??= shutdownOnce({ channel, message }));
    }
    log(`refused a message on ${channel}: no such type, got ${JSON.stringify(type)}`);
    if (type.endsWith("_request")) return void answer(channel, message, () => Promise.reject(new UnknownRequest(type)));
  }

  async function answer(channel: RequestChannel, message: Message, handler: Handler): Promise<void> {
    const cell = publisher.register({ channel, request: message, silent: false });
    publisher.status(cell, "busy");
    const type = message.header.msg_type.replace(/_request$/, "_reply");
    let content: Record<string, unknown>;
    try {
      content = { status: "ok", ...(await handler(message.content)) };
    } catch (error) {
      const { name, message: evalue, stack = "" } = error as Error;
      content = { status: "error", ename: name, evalue, traceback: stack.split("\n") };
    }
    transport.reply(channel, message, { type, content });
    publisher.status(cell, "idle");
  }

  return { ended, interrupt, shutdown, diagnose: (request) => language.ask("diagnose", request) };
}

class UnknownRequest extends Error {
  override readonly name = "UnknownRequest";
  constructor(type: string) {
    super(`the kernel knows no such request, got ${type}`);
  }
}
