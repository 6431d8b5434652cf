/** The process that runs the cells. Started by `../supervisor.ts`; see `../child-protocol.ts` for its descriptors. */
import { Socket } from "node:net";
import { fds, type ErrorContent, type ExpressionResult, type Request } from "../child-protocol.js";
import { createFrameReader } from "../frames.js";
import { createChannels } from "./channels.js";
import { runInCell, currentCell } from "./context.js";
import { showValue } from "./display.js";
import { createHost, publishHost } from "./host.js";
import { installModules } from "./modules.js";
import { runScript } from "./run-cell.js";
import { installStreams } from "./streams.js";
import { createTracebacks } from "./traceback.js";
import { connectTslab } from "./tslab.js";

type Start = Extract<Request, { type: "start" }>;
type Execute = Extract<Request, { type: "execute" }>;
type Handler = (request: Exclude<Request, Start>, buffers: Uint8Array[]) => void;

function start({ token, folder, packageFolder }: Start): Handler {
  const channels = createChannels(token);
  const host = createHost(channels);
  const tracebacks = createTracebacks(folder);
  installStreams(channels);
  publishHost(host);
  installModules({ folder, packageFolder, onTslab: (entry) => connectTslab(entry, host) });

  /** Cells that run now, and how to end each with an error that came from outside its own promise. */
  const running = new Map<number, (error: unknown) => void>();

  const onStray = (error: unknown) => {
    const cell = currentCell();
    const fail = running.get(cell);
    if (fail) fail(error);
    else channels.send({ type: "error", cell, error: tracebacks.describe(error) });
  };
  process.on("uncaughtException", onStray);
  process.on("unhandledRejection", onStray);

  async function execute({ cell, count, code, silent, userExpressions }: Execute): Promise<void> {
    let error: ErrorContent | null = null;
    const results: Record<string, ExpressionResult> = {};
    try {
      const strayed = new Promise<never>((_, reject) => running.set(cell, reject));
      const finished = runScript(code, tracebacks.register(code, `cell ${count}`));
      const { value } = await Promise.race([finished, strayed]);
      // Rejections that nobody handles are told after the microtasks; the cell waits for them.
      await Promise.race([new Promise((resolve) => setImmediate(resolve)), strayed]);
      const shown = silent ? null : await showValue(value);
      if (shown) channels.send({ type: "result", cell, count, ...shown });
      for (const [name, expression] of Object.entries(userExpressions)) {
        results[name] = await evaluate(expression);
      }
    } catch (thrown) {
      error = tracebacks.describe(thrown);
    }
    running.delete(cell);
    channels.send({ type: "done", cell, error, userExpressions: results, payload: [] });
  }

  async function evaluate(expression: Execute["userExpressions"][string]): Promise<ExpressionResult> {
    try {
      if ("ename" in expression) return { status: "error", ...expression };
      const { value } = await runScript(expression, tracebacks.register(expression, "the expression"));
      const shown = (await showValue(value)) ?? { data: { "text/plain": "undefined" }, metadata: {} };
      return { status: "ok", ...shown };
    } catch (thrown) {
      return { status: "error", ...tracebacks.describe(thrown) };
    }
  }

  channels.send({ type: "ready", cell: 0 });

  return (request, buffers) => {
    switch (request.type) {
      case "execute":
        channels.assign(request.cell);
        void runInCell(request.cell, () => execute(request));
        return;
      case "comm":
        runInCell(request.cell, () => {
          try {
            host.receive(request, buffers);
          } catch (error) {
            onStray(error);
          }
        });
        channels.send({ type: "comm-handled", cell: request.cell });
        return;
      case "exit":
        process.exit(0);
    }
  };
}

// Node warns once that the option of `vm` by which cells import is experimental; it works from Node 20.12 on.
const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void;
process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
  if (!String(warning).startsWith("vm.USE_MAIN_CONTEXT_DEFAULT_LOADER")) emitWarning(warning, ...rest);
};

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
requests.on("close", () => process.exit(0));
