/**
 * Starts the kernel from a connection file; what the kernelspec runs.
 *
 *     node dist/src/jupyter/main.js CONNECTION_FILE [--check error|warn|off]
 *
 * AXIAL_LAB_MAX_MESSAGE sets the length from which messages are refused, in bytes.
 */
import { ConfigError } from "../core/errors.js";
import { readConnection } from "./connection.js";
import { startKernel } from "./kernel.js";
import { checkings, type Checking } from "./language/directives.js";

const log = (line: string) => console.error(`[axial-lab kernel] ${line}`);

function readArguments([path, flag, value]: string[]): { path: string; checking: Checking } {
  if (path === undefined) throw new ConfigError("kernel: the path of a connection file must be given, got none");
  if (flag === undefined) return { path, checking: "error" };
  const checking = checkings.find((each) => each === value);
  if (flag !== "--check" || checking === undefined) {
    throw new ConfigError(`kernel: --check must be one of ${checkings.join(", ")}, got ${flag} ${value}`);
  }
  return { path, checking };
}

async function main(args: string[]): Promise<void> {
  const { path, checking } = readArguments(args);
  const maxMessageBytes = Number(process.env["AXIAL_LAB_MAX_MESSAGE"]) || undefined;
  const kernel = await startKernel({
    connection: await readConnection(path),
    folder: process.cwd(),
    checking,
    log,
    ...(maxMessageBytes === undefined ? {} : { maxMessageBytes }),
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
