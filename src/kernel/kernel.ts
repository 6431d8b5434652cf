/** The kernel: which request is answered how. Everything that takes time is done elsewhere, so this always answers. */
import { packageFolder } from "../version.js";
import type { Connection } from "./connection.js";
import { createExecution } from "./execution.js";
import { kernelInfo } from "./kernel-info.js";
import { startLanguage } from "./language/client.js";
import type { Checking } from "./language/session.js";
import { createSupervisor } from "./supervisor.js";
import { createTransport, type RequestChannel } from "./transport.js";
import type { Header, Message } from "./wire.js";

export interface KernelOptions {
  connection: Connection;
  /** The notebook's folder: where cells run and where they import from. */
  folder: string;
  checking?: Checking;
  log: (line: string) => void;
}

export interface Kernel {
  /** Resolves when the kernel has been shut down. */
  readonly ended: Promise<void>;
  shutdown(): Promise<void>;
}

type Content = Record<string, unknown>;

export async function startKernel({ connection, folder, checking = "error", log }: KernelOptions): Promise<Kernel> {
  let end: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const comms = new Map<string, { targetName: string }>();

  const language = startLanguage({ folder, packageFolder });
  const supervisor = createSupervisor({
    folder,
    packageFolder,
    onText: (cell, name, text) => execution.onText(cell, name, text),
    onEvent(event, buffers) {
      if (event.type !== "comm") return execution.onEvent(event, buffers);
      if (event.action === "open") comms.set(event.id, { targetName: event.targetName });
      if (event.action === "close") comms.delete(event.id);
    },
    onDeath(reason) {
      ready = restart(reason);
    },
  });
  let ready = supervisor.start();

  const transport = await createTransport({ connection, onMessage, log });
  const execution = createExecution({ transport, language, supervisor, ready: () => ready, checking });
  transport.publish({ type: "status", content: { execution_state: "starting" } });

  async function restart(reason: string): Promise<void> {
    log(`the process that runs the cells ${reason}; starting another`);
    comms.clear();
    const evalue = `the process that runs the cells ${reason}; it was started again, and the notebook's variables are gone`;
    const error = { ename: "KernelDied", evalue, traceback: [`\u001b[31mKernelDied\u001b[39m: ${evalue}`] };
    await Promise.all([language.ask("reset", null), supervisor.start()]);
    if (!execution.fail(error)) execution.onEvent({ type: "error", cell: execution.latest, error }, []);
  }

  async function shutdown(): Promise<void> {
    await supervisor.stop();
    await language.close();
    await transport.close();
    end();
  }

  const handlers: Record<string, (content: Content, message: Message) => Content | Promise<Content>> = {
    kernel_info_request: () => kernelInfo(),
    comm_info_request({ target_name: target }) {
      const open = [...comms].filter(([, { targetName }]) => target === undefined || target === targetName);
      return { comms: Object.fromEntries(open.map(([id, { targetName }]) => [id, { target_name: targetName }])) };
    },
  };

  function onMessage(channel: RequestChannel, message: Message): void {
    const { msg_type: type } = message.header;
    if (type === "execute_request") return execution.enqueue(channel, message);
    if (type === "shutdown_request") return void answerShutdown(channel, message);
    const handler = handlers[type];
    if (handler) return void answer(channel, message, handler);
    log(`no such request: ${JSON.stringify(type)} on ${channel}`);
  }

  const status = (state: "busy" | "idle", parent: Header) =>
    transport.publish({ type: "status", content: { execution_state: state }, parent });

  async function answer(channel: RequestChannel, message: Message, handler: (typeof handlers)[string]): Promise<void> {
    status("busy", message.header);
    const type = message.header.msg_type.replace(/_request$/, "_reply");
    let content: Content;
    try {
      content = { status: "ok", ...(await handler(message.content, message)) };
    } catch (error) {
      const { name, message: evalue, stack = "" } = error as Error;
      content = { status: "error", ename: name, evalue, traceback: stack.split("\n") };
    }
    transport.reply(channel, message, { type, content });
    status("idle", message.header);
  }

  async function answerShutdown(channel: RequestChannel, message: Message): Promise<void> {
    status("busy", message.header);
    await supervisor.stop();
    const content = { status: "ok", restart: message.content["restart"] === true };
    transport.reply(channel, message, { type: "shutdown_reply", content });
    transport.publish({ type: "shutdown_reply", content, parent: message.header });
    status("idle", message.header);
    await shutdown();
  }

  return { ended, shutdown };
}
