/** `axial-lab notebook edit`: opens notebooks in the browser, with nothing but Node. */
import { statSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import type { Command } from "commander";
import { ConfigError } from "../core/errors.js";
import { isWildcard } from "../editor/access.js";
import { openBrowser } from "../editor/open-browser.js";
import { port } from "./arguments.js";

interface EditFlags {
  port?: number;
  host: string;
  browser: boolean;
  token?: string;
}

export function register(notebook: Command): void {
  notebook
    .command("edit [path]")
    .description("Open a notebook, or a folder of them, in the browser: change it, run it.")
    .option("--port <n>", "port of the server (default: one for each folder, or a free one)", port)
    .option("--host <address>", "address that the server listens on", "127.0.0.1")
    .option("--no-browser", "only print the address")
    .option("--token <text>", "what the address is to hold as its secret (default: a new one)")
    .addHelpText(
      "after",
      `
Whoever has the address that is printed can run code as you: it holds a token. The server is reachable from this machine
alone, unless --host says otherwise. It speaks Jupyter's own interface, so that other clients of Jupyter can use it.

Ctrl+C ends the server and its kernels.

Examples:
  npx axial-lab notebook edit                           the files of this folder
  npx axial-lab notebook edit notebooks/01-quick-start.ipynb
  npx axial-lab notebook edit lessons --port 8890 --no-browser`,
    )
    .action(edit);
}

async function edit(path = ".", flags: EditFlags): Promise<void> {
  const { folder, file } = locate(path);
  const { startEditor } = await import("../editor/server.js");
  const editor = await startEditor({
    folder,
    host: flags.host,
    ...(flags.port === undefined ? {} : { port: flags.port }),
    ...(flags.token === undefined ? {} : { token: flags.token }),
    log: (line) => console.error(`axial-lab: ${line}`),
  });
  // Before the address is printed: whoever has read it may end the command.
  const ended = interrupted();
  const query = new URLSearchParams({ token: editor.token, ...(file === null ? {} : { path: file }) });
  const address = `${editor.origin}/?${query}`;
  console.log(`notebook edit: ${address} (Ctrl+C ends it)`);
  if (isWildcard(flags.host)) console.log(`from other machines: ${address.replace("127.0.0.1", hostname())}`);
  if (flags.browser) openBrowser(address);
  await ended;
  await editor.close();
  process.exit(0);
}

/** The folder to serve, and the file in it to open first. */
function locate(path: string): { folder: string; file: string | null } {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats)
    throw new ConfigError(
      `notebook edit: the notebook or folder must exist, got ${path}; npx axial-lab new ${path} starts a notebook`,
    );
  return stats.isDirectory() ? { folder: path, file: null } : { folder: dirname(path), file: basename(path) };
}

/** A second Ctrl+C ends the process at once, whatever is still being ended. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        resolve();
      });
  });
}
