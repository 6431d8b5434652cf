/** Runs cells from request to `done`. */
import type { CellId, ErrorContent, ExpressionResult, Request } from "../child-protocol.js";
import type { Cells } from "./cells.js";
import type { Channels } from "./channels.js";
import { currentCell } from "./context.js";
import { showValue } from "./display/index.js";
import { Interrupted } from "./interrupts.js";
import { runScript } from "./run-cell.js";
import type { Tracebacks } from "./traceback.js";

/** Node's own: the timers of cells are stopped by an interrupt, this one is not. */
const soon = setImmediate;

type Execute = Extract<Request, { type: "execute" }>;

export interface ExecutorOptions {
  channels: Channels;
  tracebacks: Tracebacks;
  cells: Cells;
  /** Resolves when output that is already on its way from child processes has come. */
  settled: () => Promise<void>;
}

export interface Executor {
  execute(request: Execute): void;
  /** An error that no cell has caught: of a timer, a promise, an emitter. */
  onStray(error: unknown): void;
}

export function createExecutor({ channels, tracebacks, cells, settled }: ExecutorOptions): Executor {
  async function run({ cell, count, code, silent, allowStdin, userExpressions }: Execute): Promise<void> {
    let failed = false;
    const end = (error: ErrorContent | null, results: Record<string, ExpressionResult> = {}): void => {
      if (!cells.running.has(cell)) return;
      cells.end(cell);
      channels.send({ type: "done", cell, error, userExpressions: results, payload: [] });
    };
    cells.begin(cell, {
      allowStdin,
      fail(error) {
        failed = true;
        end(tracebacks.describe(error));
      },
    });
    try {
      const { value } = await runScript(code, tracebacks.register(code, `cell ${count}`));
      // Rejections that nobody handles are reported after the microtasks; they are still this cell's.
      await new Promise((resolve) => soon(resolve));
      await settled();
      if (failed) return;
      const shown = silent ? null : await showValue(value);
      if (shown) channels.send({ type: "result", cell, count, ...shown });
      const results: Record<string, ExpressionResult> = {};
      for (const [name, expression] of Object.entries(userExpressions)) results[name] = await evaluate(expression);
      end(null, results);
    } catch (thrown) {
      await settled();
      end(tracebacks.describe(thrown));
    }
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

  return {
    execute(request) {
      channels.assign(request.cell);
      void run(request);
    },

    onStray(error) {
      const cell: CellId = currentCell();
      // What an interrupted cell has left behind ends by this, and its end has been told already.
      if (error instanceof Interrupted && cells.isCancelled(cell) && !cells.running.has(cell)) return;
      const running = cells.running.get(cell);
      if (running) running.fail(error);
      else channels.send({ type: "error", cell, error: tracebacks.describe(error) });
    },
  };
}
