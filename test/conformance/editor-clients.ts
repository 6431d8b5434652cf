/**
 * Optional: public clients of Jupyter against the server of `notebook edit`. Needs the network: it installs
 * `@jupyterlab/services` (npm) and `jupyter_server`, `jupyter_client` (pip) in a folder that it removes again.
 *
 *     node dist/test/conformance/editor-clients.js [PYTHON]
 *
 * - `@jupyterlab/services`: a kernel and a session, run, interrupt, restart, completion, a comm, contents with a hash,
 *   a reconnect while a cell prints.
 * - `jupyter_server --gateway-url`: it speaks the older framing only, to its own clients as to us (its
 *   `kernel_ws_protocol` is empty); `@jupyterlab/services` speaks the newer one.
 *
 * Prints a line for each step; the exit code is 1 where one failed.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { startEditor, type Editor } from "../../src/editor/server.js";
import { connect } from "../editor/served.js";

const servicesVersion = "7.6.6";
const serverVersion = "2.21.1";

async function step(title: string, work: () => Promise<void>): Promise<void> {
  const limit = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error("no answer in 60 s")), 60_000).unref(),
  );
  try {
    await Promise.race([work(), limit]);
    console.log(`ok      ${title}`);
  } catch (error) {
    console.log(`failed  ${title}: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`got ${a.slice(0, 300)}, expected ${b.slice(0, 300)}`);
}

/** What is used of `@jupyterlab/services`, whose own types would have to be installed to be compiled. */
interface Future {
  onIOPub: (message: { header: { msg_type: string }; content: Record<string, unknown> }) => void;
  readonly done: Promise<{ content: Record<string, unknown> }>;
}
interface KernelConnection {
  readonly id: string;
  readonly status: string;
  readonly connectionStatus: string;
  requestExecute(content: { code: string }, disposeOnDone?: boolean): Future;
  requestComplete(content: { code: string; cursor_pos: number }): Promise<{ content: Record<string, unknown> }>;
  readonly info: Promise<Record<string, unknown>>;
  interrupt(): Promise<void>;
  restart(): Promise<void>;
  reconnect(): Promise<void>;
  shutdown(): Promise<void>;
  createComm(target: string): {
    onMsg: (message: { content: Record<string, unknown>; buffers: (ArrayBuffer | DataView)[] }) => void;
    open(data: object, metadata: object, buffers: ArrayBuffer[]): Future;
  };
  readonly statusChanged: { connect(slot: (sender: unknown, status: string) => void): void };
}
interface Managed {
  dispose(): void;
}
interface Services {
  ServerConnection: { makeSettings(options: object): object };
  KernelManager: new (options: object) => Managed & { startNew(options: object): Promise<KernelConnection> };
  SessionManager: new (options: object) => Managed & {
    startNew(options: object): Promise<{
      kernel: KernelConnection;
      setPath(path: string): Promise<void>;
      path: string;
      shutdown(): Promise<void>;
    }>;
  };
  ContentsManager: new (options: object) => Managed & {
    save(path: string, options: object): Promise<Record<string, unknown>>;
    get(path: string, options?: object): Promise<Record<string, unknown>>;
    newUntitled(options: object): Promise<Record<string, unknown>>;
    rename(from: string, to: string): Promise<Record<string, unknown>>;
    delete(path: string): Promise<void>;
    createCheckpoint(path: string): Promise<Record<string, unknown>>;
  };
}

/** Runs a cell; what it printed and how it ended. */
async function printed(kernel: KernelConnection, code: string): Promise<{ text: string; status: unknown }> {
  const future = kernel.requestExecute({ code });
  const parts: string[] = [];
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream") parts.push(String(content["text"]));
  };
  const { content } = await future.done;
  return { text: parts.join(""), status: content["status"] };
}

/** The bytes of a buffer, which the client gives as a view or whole. */
const bytesOf = (buffer: ArrayBuffer | DataView): number[] =>
  ArrayBuffer.isView(buffer)
    ? [...new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)]
    : [...new Uint8Array(buffer)];

async function services(editor: Editor, folder: string): Promise<void> {
  writeFileSync(join(folder, "package.json"), "{}");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  execFileSync(npm, ["install", "--silent", "--ignore-scripts", `@jupyterlab/services@${servicesVersion}`], {
    cwd: folder,
  });
  const jupyter = createRequire(join(folder, "x.js"))("@jupyterlab/services") as Services;
  const serverSettings = jupyter.ServerConnection.makeSettings({
    ...{ baseUrl: editor.origin, wsUrl: editor.origin.replace(/^http/, "ws"), token: editor.token, appendToken: true },
    WebSocket,
  });
  const kernelManager = new jupyter.KernelManager({ serverSettings });
  const sessionManager = new jupyter.SessionManager({ serverSettings, kernelManager });
  const contents = new jupyter.ContentsManager({ serverSettings });
  let kernel: KernelConnection;

  await step("services: a kernel starts and says what it is", async () => {
    kernel = await kernelManager.startNew({ name: "axial-lab" });
    equal((await kernel.info)["implementation"], "axial-lab");
  });
  await step("services: a cell runs and prints", async () => {
    const { text, status } = await printed(kernel, "console.log('größer 🦊')");
    equal([text, status], ["größer 🦊\n", "ok"]);
  });
  await step("services: completion", async () => {
    const { content } = await kernel.requestComplete({ code: "process.pla", cursor_pos: 11 });
    equal(content["matches"], ["platform"]);
  });
  await step("services: a comm with buffers, there and back", async () => {
    await printed(
      kernel,
      'import { notebook } from "axial-lab"; notebook.onCommOpen("echo", (comm, { buffers }) => comm.send({ n: buffers.length }, { buffers }))',
    );
    const comm = kernel.createComm("echo");
    const back = new Promise((resolve) => {
      comm.onMsg = ({ content, buffers }) => resolve([content["data"], buffers.map(bytesOf)]);
    });
    await comm.open({}, {}, [new Uint8Array([2, 3, 5]).buffer]).done;
    equal(await back, [{ n: 1 }, [[2, 3, 5]]]);
  });
  await step("services: interrupt", async () => {
    const running = printed(kernel, "while (true) {}");
    await new Promise((resolve) => setTimeout(resolve, 500));
    await kernel.interrupt();
    equal((await running).status, "error");
  });
  await step("services: a reconnect while a cell prints loses nothing", async () => {
    const running = printed(
      kernel,
      "for (let i = 0; i < 2000; i++) { console.log(i); if (i % 10 === 0) await new Promise((r) => setTimeout(r, 5)); }",
    );
    for (let number = 0; number < 5; number++) {
      await new Promise((resolve) => setTimeout(resolve, 120));
      await kernel.reconnect();
    }
    equal((await running).text, Array.from({ length: 2000 }, (_, i) => `${i}\n`).join(""));
  });
  await step("services: restart", async () => {
    await printed(kernel, "const kept = 1");
    await kernel.restart();
    equal((await printed(kernel, "kept")).status, "error");
  });
  await step("services: a kernel that is ended behind its back is dead", async () => {
    const dead = new Promise<void>((resolve) =>
      kernel.statusChanged.connect((_, status) => status === "dead" && resolve()),
    );
    await fetch(`${editor.origin}/api/kernels/${kernel.id}`, {
      method: "DELETE",
      headers: { authorization: `token ${editor.token}` },
    });
    await dead;
  });
  await step("services: a session, renamed and ended", async () => {
    const session = await sessionManager.startNew({
      ...{ path: "x.ipynb", name: "x.ipynb", type: "notebook", kernel: { name: "axial-lab" } },
    });
    await session.setPath("y.ipynb");
    equal(session.path, "y.ipynb");
    equal((await printed(session.kernel, "console.log(1)")).text, "1\n");
    await session.shutdown();
  });
  await step("services: contents: new, save, read with a hash, rename, checkpoint, delete", async () => {
    const { path } = await contents.newUntitled({ type: "notebook" });
    equal(path, "Untitled.ipynb");
    const { content, hash } = await contents.get("Untitled.ipynb", { content: true, hash: true });
    equal([typeof hash, (content as { nbformat: number }).nbformat], ["string", 4]);
    await contents.save("Untitled.ipynb", { type: "notebook", format: "json", content });
    await contents.createCheckpoint("Untitled.ipynb");
    equal((await contents.rename("Untitled.ipynb", "z.ipynb"))["path"], "z.ipynb");
    await contents.delete("z.ipynb");
  });
  for (const manager of [sessionManager, kernelManager, contents]) manager.dispose();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function gateway(editor: Editor, folder: string, python: string): Promise<void> {
  const venv = join(folder, "venv");
  const inVenv = (name: string) => join(venv, process.platform === "win32" ? "Scripts" : "bin", name);
  execFileSync(python, ["-m", "venv", venv]);
  execFileSync(inVenv("python"), ["-m", "pip", "install", "--quiet", `jupyter_server==${serverVersion}`]);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const args = ["--no-browser", `--port=${port}`, "--ServerApp.port_retries=0", "--IdentityProvider.token=t"];
  const child: ChildProcess = spawn(
    inVenv("python"),
    [
      ...["-m", "jupyter_server", ...args, "--allow-root", `--ServerApp.root_dir=${folder}`],
      ...[`--gateway-url=${editor.origin}`, `--GatewayClient.auth_token=${editor.token}`],
    ],
    { stdio: "ignore", env: { ...process.env, JUPYTER_CONFIG_DIR: join(folder, "config") } },
  );
  const headers = { authorization: "token t" };
  try {
    await step("gateway: jupyter_server starts and tells our kernels", async () => {
      for (;;) {
        const answer = await fetch(`${origin}/api/kernelspecs`, { headers }).catch(() => null);
        if (answer?.ok) {
          const { kernelspecs } = (await answer.json()) as { kernelspecs: object };
          return equal(Object.keys(kernelspecs), ["axial-lab", "axial-lab-javascript"]);
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    });
    await step("gateway: a cell runs through it", async () => {
      const made = await fetch(`${origin}/api/kernels`, { method: "POST", headers, body: '{"name":"axial-lab"}' });
      const { id } = (await made.json()) as { id: string };
      const socket = connect(`${origin}/api/kernels/${id}/channels?token=t&session_id=s`);
      await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
      const text = new Promise<unknown>((resolve, reject) => {
        socket.on("close", (code) => reject(new Error(`closed with ${code}`)));
        socket.on("message", (data: Buffer) => {
          const { header, content } = JSON.parse(data.toString()) as { header: { msg_type: string }; content: object };
          if (header.msg_type === "stream") resolve(content);
        });
      });
      const header = { msg_id: "m", msg_type: "execute_request", session: "s", username: "", date: "", version: "5.4" };
      const content = { code: 'console.log("through", 6 * 7)', silent: false, allow_stdin: false };
      socket.send(JSON.stringify({ channel: "shell", header, parent_header: {}, metadata: {}, content, buffers: [] }));
      equal(await text, { name: "stdout", text: "through 42\n" });
      equal((await fetch(`${origin}/api/kernels/${id}`, { method: "DELETE", headers })).status, 204);
      socket.terminate();
    });
  } finally {
    child.kill();
  }
}

async function main([python = "python3"]: string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "axial-clients-"));
  const served = mkdtempSync(join(tmpdir(), "axial-served-"));
  const editor = await startEditor({ folder: served, log: (line) => console.log(`        ${line}`) });
  try {
    await services(editor, folder);
    await gateway(editor, folder, python);
  } finally {
    await editor.close();
    for (const each of [folder, served]) rmSync(each, { recursive: true, force: true });
  }
}

main(process.argv.slice(2)).then(
  () => process.exit(),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(2);
  },
);
