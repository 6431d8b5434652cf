/** A kernel under test: started once for a file of tests, asked over the real protocol. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpoint } from "../../src/jupyter/connection.js";
import { startKernelProcess, type StartedKernel } from "../../src/jupyter/client.js";
import { execute, type ExecuteOptions } from "../../src/jupyter/execute-client.js";
import type { Message } from "../../src/jupyter/wire.js";

export type Content = Record<string, unknown>;

export interface Ran {
  reply: Content;
  /** What came on iopub, in order: type and content. */
  messages: { type: string; content: Content }[];
  /** Types alone, without the statuses and `execute_input`. */
  outputs: string[];
  stdout: string;
  stderr: string;
  /** The bundle of the `execute_result`, if there was one. */
  result: Content | undefined;
}

export interface TestKernel extends StartedKernel {
  readonly folder: string;
  run(code: string, options?: ExecuteOptions): Promise<Ran>;
  /** Sends this on the heartbeat channel and gives what comes back. */
  heartbeat(text: string): Promise<string>;
}

/** Starts a kernel in a folder of its own that holds these files. */
export async function startTestKernel(
  files: Record<string, string> = {},
  flags: string[] = [],
  env: Record<string, string> = {},
): Promise<TestKernel> {
  const folder = await mkdtemp(join(tmpdir(), "axial-notebook-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const main = join(__dirname, "..", "..", "src", "jupyter", "main.js");
  const kernel = await startKernelProcess(folder, {
    argv: [process.execPath, main, "{connection_file}", ...flags],
    env,
  });
  return {
    ...kernel,
    folder,
    run: (code, options) => run(kernel, code, options),
    async heartbeat(text) {
      const { Request } = await import("zeromq");
      const socket = new Request({ linger: 0 });
      socket.connect(endpoint(kernel.connection, "hb"));
      await socket.send(text);
      const [answer] = await socket.receive();
      socket.close();
      return answer.toString();
    },
    async stop() {
      await kernel.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function run(kernel: StartedKernel, code: string, options: ExecuteOptions = {}): Promise<Ran> {
  const messages: Ran["messages"] = [];
  const reply = await execute(kernel.client, code, {
    ...options,
    onOutput(message: Message) {
      messages.push({ type: message.header.msg_type, content: message.content });
      options.onOutput?.(message);
    },
  });
  const text = (name: string) =>
    messages
      .filter(({ type, content }) => type === "stream" && content["name"] === name)
      .map(({ content }) => content["text"])
      .join("");
  return {
    reply: reply.content,
    messages,
    outputs: messages.map(({ type }) => type).filter((type) => type !== "status" && type !== "execute_input"),
    stdout: text("stdout"),
    stderr: text("stderr"),
    result: messages.find(({ type }) => type === "execute_result")?.content["data"] as Content | undefined,
  };
}
