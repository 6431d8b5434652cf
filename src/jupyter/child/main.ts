/** The process that runs the cells. Started by `../supervisor.ts`; see `../child-protocol.ts` for its descriptors. */
import "../../core/compile-cache.js";
import { Socket } from "node:net";
import { fds, type Request } from "../child-protocol.js";
import { createFrameReader } from "../frames.js";
import { createCells } from "./cells.js";
import { createChannels } from "./channels.js";
import { installChildProcesses } from "./child-processes.js";
import { runInCell } from "./context.js";
import { installDeno } from "./deno.js";
import { createExecutor } from "./executor.js";
import { createFrontEnd, publishHost } from "./front-end.js";
import { installInput } from "./input.js";
import { Interrupted, startInterrupts } from "./interrupts.js";
import { installModules } from "./modules.js";
import { installProcessExit } from "./process-exit.js";
import { installPromiseDisplay } from "./promises.js";
import { catchStrayErrors } from "./stray-errors.js";
import { installStreams } from "./streams.js";
import { protectKernels } from "./tfjs-kernels.js";
import { installTimers } from "./timers.js";
import { createTracebacks } from "./traceback.js";
import { connectTslab } from "./tslab.js";

type Start = Extract<Request, { type: "start" }>;
type Handler = (request: Exclude<Request, Start>, buffers: Uint8Array[]) => void;

function start({ token, folder, packageFolder }: Start): Handler {
  const cells = createCells();
  const channels = createChannels(token, (run) => interrupts.shield(run));
  const frontEnd = createFrontEnd(channels);
  const tracebacks = createTracebacks(folder);
  const streams = installStreams(channels);
  const childProcesses = installChildProcesses(channels);
  const executor = createExecutor({ channels, tracebacks, cells, settled: () => childProcesses.settled() });
  const onStray = (error: unknown) => executor.onStray(error);
  const timers = installTimers(() => new Interrupted());
  const interrupts = startInterrupts({
    isCancelled: (cell) => cells.isCancelled(cell),
    onInput: (line) => input.give(line),
    onInterrupt(stack) {
      // With no cell running, what earlier cells have left behind is stopped.
      const stopped = cells.running.size > 0 ? [...cells.running.keys()] : timers.cells();
      cells.cancel(stopped);
      timers.clear(stopped);
      for (const { fail } of [...cells.running.values()]) fail(new Interrupted(stack));
    },
  });
  const input = installInput({
    channels,
    cells,
    onStray,
    question: () => streams.question(),
    waitForInput: (ask) => interrupts.waitForInput(ask),
  });
  protectKernels((run) => interrupts.protect(run));
  const host = { ...frontEnd, prompt: input.prompt };
  publishHost(host);
  installDeno(host);
  installPromiseDisplay();
  const onTslab = (entry: string) => connectTslab(entry, host);
  const modules = installModules({ folder, packageFolder, tracebacks, onTslab });
  exit = installProcessExit(onStray);
  catchStrayErrors(onStray);
  // The terminal's interrupt reaches the whole process group; ours comes by message.
  process.on("SIGINT", () => undefined);

  channels.send({ type: "ready", cell: 0 });

  return (request, buffers) => {
    switch (request.type) {
      case "execute":
        modules.update(request.localModules);
        return runInCell(request.cell, () => executor.execute(request));
      case "comm":
        runInCell(request.cell, () => {
          try {
            frontEnd.receive(request, buffers);
          } catch (error) {
            onStray(error);
          }
        });
        return channels.send({ type: "comm-handled", cell: request.cell });
      case "exit":
        return exit(0);
    }
  };
}

// Node warns once that the option of `vm` by which cells import is experimental; it works from Node 20.12 on.
const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void;
process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
  if (!String(warning).startsWith("vm.USE_MAIN_CONTEXT_DEFAULT_LOADER")) emitWarning(warning, ...rest);
};

let exit = process.exit.bind(process);
let handle: Handler | null = null;
const requests = new Socket({ fd: fds.requests, readable: true, writable: false });
requests.on(
  "data",
  createFrameReader<Request>((request, buffers) => {
    if (request.type === "start") handle = start(request);
    else handle?.(request, buffers);
  }),
);
// The supervisor is gone.
requests.on("close", () => exit(0));
