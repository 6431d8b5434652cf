/** Execute requests: one after another, each from `busy` to `idle`, each with a reply. */
import type { CellId, ErrorContent, Event, ExpressionResult } from "./child-protocol.js";
import { readExecuteRequest, readHelpRequest, type ExecuteContent } from "./execute-request.js";
import type { History } from "./history.js";
import type { Language } from "./language/language-thread.js";
import type { Publisher } from "./publisher.js";
import type { Supervisor } from "./supervisor.js";
import type { RequestChannel, Transport } from "./transport.js";
import type { Message } from "./wire.js";

export interface ExecutionOptions {
  transport: Transport;
  publisher: Publisher;
  language: Language;
  supervisor: Supervisor;
  history: History;
  /** Resolves when the process that runs the cells is there. */
  ready: () => Promise<void>;
}

export interface Execution {
  enqueue(channel: RequestChannel, request: Message): void;
  /** The value of the running cell. */
  onResult(event: Extract<Event, { type: "result" }>): void;
  /** The end of the running cell. */
  onDone(event: Extract<Event, { type: "done" }>): void;
  /** Ends the running cell with this error, whatever its process does; false where none runs. */
  fail(error: ErrorContent): boolean;
  /** Stops the running cell; false where the process that runs the cells has to do it. */
  interrupt(): boolean;
  /** Ends the running cell and aborts all that wait. */
  close(error: ErrorContent): Promise<void>;
}

interface Outcome {
  error: ErrorContent | null;
  userExpressions: Record<string, ExpressionResult>;
  payload: Record<string, unknown>[];
}

interface Waiting {
  channel: RequestChannel;
  request: Message;
}

export function createExecution(options: ExecutionOptions): Execution {
  const { transport, publisher, language, supervisor, history, ready } = options;
  const queue: Waiting[] = [];
  let count = 0;
  let working: Promise<void> | null = null;
  /** The cell that is being run; `cell` once its process has it. */
  let running: { cell: CellId | null; isStored: boolean; finish: (outcome: Outcome) => void } | null = null;

  async function work(): Promise<void> {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const aborts = await run(next);
      if (aborts) queue.splice(0).forEach(abort);
    }
    working = null;
  }

  /** True where the requests behind this one are to be aborted. */
  async function run({ channel, request }: Waiting): Promise<boolean> {
    const content = readExecuteRequest(request.content);
    const cell = publisher.register({ channel, request, silent: content?.silent ?? false });
    publisher.latest = cell;
    publisher.status(cell, "busy");
    if (content?.storeHistory) history.add({ line: ++count, input: content.code, output: null });
    const number = count;
    if (content) publisher.publish(cell, "execute_input", { code: content.code, execution_count: number });
    const outcome = await new Promise<Outcome>((finish) => {
      running = { cell: null, isStored: content?.storeHistory ?? false, finish };
      const result = content ? compileAndRun(cell, number, content) : Promise.resolve(failure(noCode));
      result.then(
        (outcome) => outcome && finish(outcome),
        (error: unknown) => finish(failure(internalError(error))),
      );
    });
    running = null;
    if (outcome.error) publisher.publish(cell, "error", { ...outcome.error });
    // A client that has the reply finds the outputs at hand.
    await publisher.flush();
    const { error, payload, userExpressions } = outcome;
    const reply = error ? { status: "error", ...error } : { status: "ok" };
    transport.reply(channel, request, {
      type: "execute_reply",
      content: { ...reply, execution_count: number, payload, user_expressions: userExpressions },
    });
    publisher.status(cell, "idle");
    return error !== null && (content?.stopOnError ?? true);
  }

  /** Null where the outcome comes from the process that runs the cells. */
  async function compileAndRun(cell: CellId, number: number, content: ExecuteContent): Promise<Outcome | null> {
    const { code, silent, allowStdin } = content;
    const help = readHelpRequest(code);
    if (help) return showHelp(help);
    const own = running;
    const label = `cell ${number}`;
    const result = await language.ask("compile", { code, label, userExpressions: content.userExpressions });
    if (result.warnings !== "") publisher.text(cell, "stderr", result.warnings);
    if (!result.code) return failure(result.error!);
    await ready();
    // It was ended while it was compiled.
    if (!own || running !== own) return null;
    own.cell = cell;
    const { code: compiled, userExpressions, localModules } = result;
    supervisor.send({
      type: "execute",
      cell,
      count: number,
      code: compiled,
      localModules,
      silent,
      allowStdin,
      userExpressions,
    });
    return null;
  }

  async function showHelp({ expression, detail }: { expression: string; detail: 0 | 1 }): Promise<Outcome> {
    const data = await language.ask("inspect", { code: expression, cursor: expression.length, detail, above: [] });
    if (!data) {
      const evalue = `nothing is known of ${expression}`;
      return failure({ ename: "ReferenceError", evalue, traceback: [`ReferenceError: ${evalue}`] });
    }
    return { ...success, payload: [{ source: "page", data, start: 0 }] };
  }

  function abort({ channel, request }: Waiting): void {
    const cell = publisher.register({ channel, request, silent: false });
    publisher.status(cell, "busy");
    transport.reply(channel, request, {
      type: "execute_reply",
      content: { status: "aborted", execution_count: count },
    });
    publisher.status(cell, "idle");
  }

  function fail(error: ErrorContent): boolean {
    if (!running) return false;
    running.finish(failure(error));
    return true;
  }

  return {
    enqueue(channel, request) {
      queue.push({ channel, request });
      working ??= work();
    },

    onResult({ cell, count: line, data }) {
      const text = data["text/plain"];
      if (running?.cell === cell && running.isStored && typeof text === "string") history.setOutput(line, text);
    },

    onDone({ cell, error, userExpressions, payload }) {
      if (running?.cell === cell) running.finish({ error, userExpressions, payload });
    },

    fail,

    interrupt() {
      if (!running || running.cell !== null) return false;
      return fail(interrupted);
    },

    async close(error) {
      queue.splice(0).forEach(abort);
      fail(error);
      await working;
    },
  };
}

const success: Outcome = { error: null, userExpressions: {}, payload: [] };
const failure = (error: ErrorContent): Outcome => ({ ...success, error });

const interrupted: ErrorContent = {
  ename: "Interrupted",
  evalue: "the cell was interrupted",
  traceback: ["\u001b[31mInterrupted\u001b[39m: the cell was interrupted before it ran"],
};

const noCode: ErrorContent = {
  ename: "InvalidRequest",
  evalue: "execute_request: code must be a text",
  traceback: ["InvalidRequest: execute_request: code must be a text"],
};

const internalError = (error: unknown): ErrorContent => ({
  ename: "InternalError",
  evalue: error instanceof Error ? error.message : String(error),
  traceback: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
});
