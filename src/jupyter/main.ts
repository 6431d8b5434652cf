/**
 * Starts the kernel from a connection file; what the kernelspec runs.
 *
 *     node dist/src/jupyter/main.js CONNECTION_FILE [--language typescript|javascript] [--check error|warn|off]
 *         [--documentation on|off]
 *
 * AXIAL_LAB_MAX_MESSAGE sets the length from which messages are refused, in bytes.
 */
import "../core/compile-cache.js";
import { ConfigError } from "../core/errors.js";
import { readConnection } from "./connection.js";
import { startKernel } from "./kernel.js";
import { checkings, type Checking } from "./language/directives.js";
import { notebookLanguages, type NotebookLanguage } from "./notebook-language.js";
import { createTransport } from "./transport.js";

const log = (line: string) => console.error(`[axial-lab kernel] ${line}`);

interface Arguments {
  path: string;
  language?: NotebookLanguage;
  checking?: Checking;
  documentation?: boolean;
}

function readArguments([path, ...flags]: string[]): Arguments {
  if (path === undefined)
    throw new ConfigError(
      "kernel: the path of a connection file must be given, got none; start the kernel from Jupyter",
    );
  const read: Arguments = { path };
  for (let at = 0; at < flags.length; at += 2) {
    const [flag, value] = flags.slice(at);
    if (flag === "--check") read.checking = oneOf(flag, checkings, value);
    else if (flag === "--language") read.language = oneOf(flag, notebookLanguages, value);
    else if (flag === "--documentation") read.documentation = oneOf(flag, ["on", "off"], value) === "on";
    else throw new ConfigError(`kernel: a flag must be known, got ${flag}; use --check, --language or --documentation`);
  }
  return read;
}

function oneOf<T extends string>(flag: string, choices: readonly T[], value: string | undefined): T {
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw new ConfigError(
    `kernel: ${flag} must have a value that it knows, got ${value ?? "nothing"}; use ${choices.join(" or ")}`,
  );
}

async function main(args: string[]): Promise<void> {
  const { path, ...settings } = readArguments(args);
  const maxBytes = Number(process.env["AXIAL_LAB_MAX_MESSAGE"]) || undefined;
  const connection = await readConnection(path);
  const limit = maxBytes === undefined ? {} : { maxBytes };
  const kernel = await startKernel({
    connect: (onMessage) => createTransport({ connection, onMessage, log, ...limit }),
    folder: process.cwd(),
    ...settings,
    log,
  });
  process.on("SIGINT", () => kernel.interrupt());
  process.on("SIGTERM", () => void kernel.shutdown());
  watchParent(() => void kernel.shutdown());
  await kernel.ended;
}

/** Jupyter starts kernels with its own process number here; when it dies, so does the kernel. */
function watchParent(onGone: () => void): void {
  if (!process.env["JPY_PARENT_PID"] || process.platform === "win32") return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) onGone();
  }, 1000).unref();
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    log(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
