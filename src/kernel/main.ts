/**
 * Starts the kernel from a connection file; what the kernelspec runs.
 *
 *     node dist/src/kernel/main.js CONNECTION_FILE [--check error|warn|off]
 */
import { readConnection } from "./connection.js";
import { startKernel } from "./kernel.js";

const log = (line: string) => console.error(`[axial-lab kernel] ${line}`);

async function main(path: string | undefined): Promise<void> {
  if (path === undefined) throw new Error("the path of a connection file is missing");
  const kernel = await startKernel({ connection: await readConnection(path), folder: process.cwd(), log });
  // A front end interrupts by message; the terminal that it runs in may send this to the whole process group.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => void kernel.shutdown());
  await kernel.ended;
}

main(process.argv[2]).then(
  () => process.exit(0),
  (error: unknown) => {
    log(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
