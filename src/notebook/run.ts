/** Executes a notebook without a front end: through the kernel, over the protocol, cell by cell. */
import { hostKey } from "../core/kernel-host.js";
import { ownKernel, startKernelProcess, type KernelCommand, type StartedKernel } from "../jupyter/client.js";
import { execute } from "../jupyter/execute-client.js";
import type { CodeCell, ErrorOutput, Notebook } from "./file.js";
import { languageOf } from "./language.js";
import { createOutputRecorder } from "./output-recorder.js";
import type { NotebookLanguage } from "../jupyter/notebook-language.js";
import type { Message } from "../jupyter/wire.js";

export interface CellProgress {
  /** One-based, of the code cells that are not empty. */
  number: number;
  total: number;
  cell: CodeCell;
  /** `output`: the cell printed or showed something; `raised`: it failed, as it may. */
  state: "started" | "output" | "done" | "raised" | "failed";
  seconds: number;
  /** The latest line that the cell printed. */
  line: string;
}

export interface RunOptions {
  /** The folder that the notebook is in: what it reads and imports is relative to this. */
  folder: string;
  /** Seconds that one cell may take; 0 for any time. Default 600. */
  timeout?: number;
  /** Go on after a cell that fails. Default false; a cell tagged `raises-exception` may always fail. */
  allowErrors?: boolean;
  kernel?: KernelCommand;
  onProgress?: (progress: CellProgress) => void;
  /** Interrupts the running cell and leaves the others unrun. */
  signal?: AbortSignal;
  /** Seconds that the timers, child processes and connections which cells have left at work may go on. Default 5. */
  patience?: number;
}

export interface RunFailure {
  /** One-based among all cells of the notebook. */
  position: number;
  cell: CodeCell;
  error: ErrorOutput;
}

export interface RunResult {
  /** The notebook with its outputs; those of the cells after a failure are empty. */
  notebook: Notebook;
  /** The first cell that failed and was not allowed to. */
  failure: RunFailure | null;
  /** The signal came before the last cell had ended. */
  stopped: boolean;
  /** What was still at work when the patience ended, so that its output is missing: "timers", "connections". */
  unfinished: string[];
}

/** A kernel has this long to obey an interrupt before it is ended, in milliseconds. */
const interruptPatience = 5000;

/** Node's timers end at once where more milliseconds are asked for. */
const longestTimer = 2 ** 31 - 1;

/** A kernel that does not answer the first question of its language is given the cells after this long, in milliseconds. */
const warmUpPatience = 20_000;

export async function runNotebook(notebook: Notebook, options: RunOptions): Promise<RunResult> {
  const { timeout = 600, allowErrors = false, patience = 5, onProgress, signal } = options;
  const cells = notebook.cells.map((cell) =>
    cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell,
  );
  const language = languageOf(notebook) === "javascript" ? "javascript" : "typescript";
  const todo = cells.flatMap((cell, index) =>
    cell.cell_type === "code" && cell.source.trim() !== "" ? [{ cell, position: index + 1 }] : [],
  );
  const kernel = await startKernelProcess(
    options.folder,
    options.kernel ?? ownKernel(language, { documentation: false }),
  );
  const executed: Notebook = { ...notebook, cells };
  const recorder = createOutputRecorder();
  const result: RunResult = { notebook: executed, failure: null, stopped: false, unfinished: [] };
  // Output may come after its cell has ended, from timers and promises; it still belongs to its cell.
  const owners = new Map<string, CodeCell>();
  const stopListening = kernel.client.listen((channel, message) => {
    const owner = owners.get(message.parentHeader.msg_id ?? "");
    if (channel === "iopub" && owner) recorder.add(owner, message);
  });
  try {
    const { content: info } = await kernel.client.request("shell", "kernel_info_request", {});
    // As every front end does: highlighting on GitHub depends on it, and the next one to save writes the same.
    executed.metadata = {
      kernelspec: kernelspecs[language],
      ...notebook.metadata,
      language_info: info["language_info"],
    };
    if (todo.length > 0) await warmUp(kernel);
    for (const [index, { cell, position }] of todo.entries()) {
      if (signal?.aborted) return { ...result, stopped: true };
      const startedAt = Date.now();
      const progress = (state: CellProgress["state"], line = "") =>
        onProgress?.({
          number: index + 1,
          total: todo.length,
          cell,
          state,
          seconds: (Date.now() - startedAt) / 1000,
          line,
        });
      progress("started");
      const onLine = (line: string) => progress("output", line);
      const error = await runCell(kernel, cell, { timeout, owners, onLine, signal });
      const stopped = error !== null && signal?.aborted === true;
      const mayFail = !stopped && (allowErrors || cell.metadata.tags?.includes("raises-exception") === true);
      progress(error === null ? "done" : mayFail ? "raised" : "failed");
      if (error && !mayFail) return { ...result, failure: { position, cell, error }, stopped };
    }
    const isOurs = info["implementation"] === "axial-lab";
    return isOurs ? { ...result, unfinished: await untilWorkDone(kernel, patience, signal) } : result;
  } finally {
    await kernel.stop();
    stopListening();
  }
}

/** Lets the kernel get its language ready, so that the first cell's time is its own. */
async function warmUp({ client, ended }: StartedKernel): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, warmUpPatience)));
  await Promise.race([client.request("shell", "is_complete_request", { code: "1" }), ended, patience]);
  clearTimeout(timer);
}

/** Waits for what cells have left at work in a kernel of ours; answers with what is not done. */
async function untilWorkDone(
  { client, ended }: StartedKernel,
  patience: number,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const stopped = new Promise<string[]>((resolve) => signal?.addEventListener("abort", () => resolve([])));
  const host = `globalThis[Symbol.for(${JSON.stringify(Symbol.keyFor(hostKey))})]`;
  const left = `(await ${host}.workDone(${patience * 1000})).join()`;
  const asked = execute(client, "", { silent: true, userExpressions: { left } }).then(({ content }) => {
    const { data } = (content["user_expressions"] as { left: { data?: Record<string, unknown> } }).left;
    return asText(data?.["text/plain"], "").replaceAll("'", "").split(",").filter(Boolean);
  });
  return Promise.race([asked, stopped, ended.then(() => [])]);
}

interface CellOptions {
  timeout: number;
  owners: Map<string, CodeCell>;
  onLine: (line: string) => void;
  signal: AbortSignal | undefined;
}

async function runCell(
  kernel: StartedKernel,
  cell: CodeCell,
  { timeout, owners, onLine, signal }: CellOptions,
): Promise<ErrorOutput | null> {
  let timedOut = false;
  let killer: NodeJS.Timeout | undefined;
  const stop = () => {
    kernel.interrupt();
    killer ??= setTimeout(() => kernel.process.kill("SIGKILL"), interruptPatience);
  };
  const onTimeout = () => {
    timedOut = true;
    stop();
  };
  const timer = timeout > 0 ? setTimeout(onTimeout, Math.min(timeout * 1000, longestTimer)) : undefined;
  signal?.addEventListener("abort", stop);
  const record = (message: Message) => {
    // The first message, `busy`, makes the owner known, before any that is an output.
    owners.set(message.parentHeader.msg_id, cell);
    if (message.header.msg_type === "execute_input") cell.execution_count = Number(message.content["execution_count"]);
    if (message.header.msg_type === "stream") onLine(lastLine(String(message.content["text"])));
  };
  const ended = kernel.ended.then((how) => ({ died: how }) as const);
  const done = execute(kernel.client, cell.source, { onOutput: record }).then((reply) => ({ reply }) as const);
  const outcome = await Promise.race([done, ended]);
  clearTimeout(timer);
  clearTimeout(killer);
  signal?.removeEventListener("abort", stop);
  const errors = cell.outputs.filter((output) => output.output_type === "error");
  const add = (ename: string, evalue: string, where: string[] = []): ErrorOutput => {
    const error: ErrorOutput = { output_type: "error", ename, evalue, traceback: [`${ename}: ${evalue}`, ...where] };
    cell.outputs.push(error);
    return error;
  };
  if (timedOut) {
    // The interrupt tells where the cell was; that is part of this error.
    cell.outputs = cell.outputs.filter((output) => output !== errors.at(-1));
    const where = errors.at(-1)?.traceback.slice(1);
    return add("TimeoutError", `the cell ran past its limit of ${timeout} s and was stopped`, where);
  }
  if ("died" in outcome) return add("KernelDied", `the kernel ${outcome.died} while the cell ran\n${kernel.log()}`);
  const { content } = outcome.reply;
  if (content["status"] === "ok") return null;
  return errors[0] ?? add(asText(content["ename"], "Error"), asText(content["evalue"], "the kernel gave no reason"));
}

/** What a notebook that names no kernel is run by. */
const kernelspecs: Record<NotebookLanguage, object> = {
  typescript: { name: "axial-lab", display_name: "TypeScript (axial-lab)", language: "typescript" },
  javascript: { name: "axial-lab-javascript", display_name: "JavaScript (axial-lab)", language: "javascript" },
};

const asText = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise);

const lastLine = (text: string): string =>
  text
    .trimEnd()
    .split(/[\r\n]/)
    .at(-1) ?? "";
