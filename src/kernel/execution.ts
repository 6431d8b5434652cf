/** Execute requests: one after another, each from `busy` to `idle`. */
import type { CellId, CompiledCell, ErrorContent, Event, ExpressionResult } from "./child-protocol.js";
import type { Header, Message } from "./wire.js";
import type { Checking } from "./language/session.js";
import type { Language } from "./language/client.js";
import type { RequestChannel, Transport } from "./transport.js";
import type { Supervisor } from "./supervisor.js";
import { createStreamBuffer } from "./stream-buffer.js";

export interface ExecutionOptions {
  transport: Transport;
  language: Language;
  supervisor: Supervisor;
  /** Resolves when the process that runs the cells is there; renewed when it is started again. */
  ready: () => Promise<void>;
  checking: Checking;
}

export interface Execution {
  readonly count: number;
  enqueue(channel: RequestChannel, request: Message): void;
  /** Output and events of the process that runs the cells. */
  onText(cell: CellId, name: "stdout" | "stderr", text: string): void;
  onEvent(event: Event, buffers: Uint8Array[]): void;
  /** Gives output that is caused by this message a number, and that number to what causes it. */
  register(parent: Header, silent?: boolean): CellId;
  /** Ends the running cell with this error, whatever the process does; false where none runs. */
  fail(error: ErrorContent): boolean;
  /** The latest cell: what no other cell can be blamed for. */
  readonly latest: CellId;
}

interface Owner {
  header: Header;
  silent: boolean;
}

interface Outcome {
  error: ErrorContent | null;
  userExpressions: Record<string, ExpressionResult>;
  payload: Record<string, unknown>[];
}

/** Owners of output that are remembered, for output that comes late. */
const rememberedOwners = 10_000;

export function createExecution(options: ExecutionOptions): Execution {
  const { transport, language, supervisor, ready, checking } = options;
  const owners = new Map<CellId, Owner>();
  const queue: { channel: RequestChannel; request: Message }[] = [];
  let serial: CellId = 0;
  let latest: CellId = 0;
  let count = 0;
  let working = false;
  let running: { cell: CellId; finish: (outcome: Outcome) => void } | null = null;

  const publish = (cell: CellId, type: string, content: Record<string, unknown>, always = false) => {
    const owner = owners.get(cell) ?? owners.get(latest);
    if (!owner || (owner.silent && !always)) return;
    transport.publish({ type, content, parent: owner.header });
  };
  const streams = createStreamBuffer((cell, name, text) => publish(cell, "stream", { name, text }));

  function register(header: Header, silent = false): CellId {
    owners.set(++serial, { header, silent });
    owners.delete(serial - rememberedOwners);
    return serial;
  }

  async function work(): Promise<void> {
    if (working) return;
    working = true;
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { error, stopOnError } = await run(next.channel, next.request);
      if (error && stopOnError) for (const { channel, request } of queue.splice(0)) abort(channel, request);
    }
    working = false;
  }

  async function run(channel: RequestChannel, request: Message): Promise<{ error: boolean; stopOnError: boolean }> {
    const content = readRequest(request.content);
    const cell = register(request.header, content.silent);
    latest = cell;
    publish(cell, "status", { execution_state: "busy" }, true);
    if (content.storeHistory) count++;
    const number = count;
    publish(cell, "execute_input", { code: content.code, execution_count: number });
    let outcome: Outcome;
    try {
      outcome = await compileAndRun(cell, number, content);
    } catch (error) {
      outcome = failure({ ename: "InternalError", evalue: String(error), traceback: [String((error as Error).stack)] });
    }
    streams.flush();
    if (outcome.error) publish(cell, "error", { ...outcome.error });
    await transport.flush();
    transport.reply(channel, request, {
      type: "execute_reply",
      content: {
        status: outcome.error ? "error" : "ok",
        execution_count: number,
        payload: outcome.payload,
        user_expressions: outcome.userExpressions,
        ...outcome.error,
      },
    });
    publish(cell, "status", { execution_state: "idle" }, true);
    return { error: outcome.error !== null, stopOnError: content.stopOnError };
  }

  async function compileAndRun(cell: CellId, number: number, content: ExecuteContent): Promise<Outcome> {
    const { code, silent, allowStdin } = content;
    const result = await language.ask("compile", {
      code,
      label: `cell ${number}`,
      checking,
      userExpressions: content.userExpressions,
    });
    if (result.warnings !== "") streams.add(cell, "stderr", result.warnings);
    if (!result.code) return failure(result.error!);
    await ready();
    return send(cell, number, result.code, result.userExpressions, silent, allowStdin);
  }

  function send(
    cell: CellId,
    number: number,
    code: CompiledCell,
    userExpressions: Record<string, CompiledCell | ErrorContent>,
    silent: boolean,
    allowStdin: boolean,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      running = {
        cell,
        finish(outcome) {
          running = null;
          resolve(outcome);
        },
      };
      supervisor.send({ type: "execute", cell, count: number, code, silent, allowStdin, userExpressions });
    });
  }

  function abort(channel: RequestChannel, request: Message): void {
    const cell = register(request.header);
    publish(cell, "status", { execution_state: "busy" });
    transport.reply(channel, request, {
      type: "execute_reply",
      content: { status: "aborted", execution_count: count },
    });
    publish(cell, "status", { execution_state: "idle" });
  }

  function onEvent(event: Event): void {
    streams.flush();
    const { cell } = event;
    switch (event.type) {
      case "display": {
        const transient = event.displayId === undefined ? {} : { display_id: event.displayId };
        const { data, metadata } = event;
        return publish(cell, event.update ? "update_display_data" : "display_data", { data, metadata, transient });
      }
      case "result":
        return publish(cell, "execute_result", {
          execution_count: event.count,
          data: event.data,
          metadata: event.metadata,
        });
      case "clear":
        return publish(cell, "clear_output", { wait: event.wait });
      case "error":
        return publish(cell, "error", { ...event.error });
      case "done":
        if (running?.cell === cell) running.finish(event);
        return;
      default:
        return; // the rest is the kernel's
    }
  }

  return {
    get count() {
      return count;
    },
    get latest() {
      return latest;
    },
    enqueue(channel, request) {
      queue.push({ channel, request });
      void work();
    },
    onText: (cell, name, text) => streams.add(cell, name, text),
    onEvent,
    register,
    fail(error) {
      if (!running) return false;
      running.finish(failure(error));
      return true;
    },
  };
}

const failure = (error: ErrorContent): Outcome => ({ error, userExpressions: {}, payload: [] });

interface ExecuteContent {
  code: string;
  silent: boolean;
  storeHistory: boolean;
  stopOnError: boolean;
  allowStdin: boolean;
  userExpressions: Record<string, string>;
}

/** The defaults of the specification. */
function readRequest(content: Record<string, unknown>): ExecuteContent {
  const silent = content["silent"] === true;
  const expressions = content["user_expressions"];
  return {
    code: typeof content["code"] === "string" ? content["code"] : "",
    silent,
    storeHistory: !silent && content["store_history"] !== false,
    stopOnError: content["stop_on_error"] !== false,
    allowStdin: content["allow_stdin"] === true,
    userExpressions:
      typeof expressions === "object" && expressions !== null
        ? Object.fromEntries(Object.entries(expressions).map(([name, text]) => [name, String(text)]))
        : {},
  };
}
