/**
 * Cells that run: which message belongs to which cell, what it puts out, when it has ended. Cells are found by their id,
 * so that outputs reach them also after they were moved, split or brought back.
 */
import type { CodeCell, Output } from "../../../src/notebook/nbformat.js";
import type { EditedNotebook } from "../../../src/notebook/editing/document.js";
import { createOutputRecorder } from "../../../src/notebook/output-recorder.js";
import type { RunState } from "../cells/cell.js";
import type { KernelClient } from "../protocol/kernel.js";
import type { Message } from "../protocol/messages.js";
import type { Memory } from "./memory.js";

export interface ExecutionListener {
  onState(cell: CodeCell, state: RunState): void;
  /** Did it end well? Null where it was not run to its end, for one before it failed or the kernel is gone. */
  onEnd(cell: CodeCell, ok: boolean | null, milliseconds: number): void;
  onQuestion(cell: CodeCell, message: Message): void;
}

interface Execution {
  readonly cell: string;
  state: RunState;
  startedAt: number;
  /** The reply came. */
  status: string | null;
  /** The kernel has published all of it. */
  published: boolean;
}

/** Ended cells whose late output still finds them: what a timer prints. */
const remembered = 1000;

export class Executions {
  private readonly running = new Map<string, Execution>();
  private readonly ended = new Map<string, string>();
  private readonly recorder = createOutputRecorder({ keepLiveForms: true });
  /** The last cell object of an id, for a cell that was taken out while it runs. */
  private readonly lastSeen = new Map<string, CodeCell>();

  constructor(
    private readonly notebook: EditedNotebook,
    private readonly listener: ExecutionListener,
  ) {}

  /** Cells that wait or run. */
  get count(): number {
    return this.running.size;
  }

  stateOf(cell: CodeCell): RunState {
    return [...this.running.values()].find((execution) => execution.cell === cell.id)?.state ?? "idle";
  }

  run(cell: CodeCell, kernel: KernelClient): void {
    const content = {
      code: cell.source,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: true,
      stop_on_error: true,
    };
    const request = kernel.send("shell", "execute_request", content, { metadata: { cellId: cell.id } });
    cell.outputs = [];
    cell.execution_count = null;
    this.add(request, cell);
    this.notebook.outputsChanged(cell);
  }

  /** Takes up what an earlier load of the page had started. */
  restore({ executions, displays }: Memory): void {
    for (const [request, id, state] of executions) {
      const cell = this.cellOf(id);
      if (cell) this.add(request, cell, state);
    }
    for (const [display, id, index] of displays) {
      const output = this.cellOf(id)?.outputs[index];
      if (output && "data" in output) this.recorder.remember(display, output);
    }
  }

  /** For a page that is loaded anew. */
  memory(): Pick<Memory, "executions" | "displays"> {
    const places = new Map<Output, [string, number]>();
    for (const cell of this.notebook.cells)
      if (cell.cell_type === "code") cell.outputs.forEach((output, i) => places.set(output, [cell.id, i]));
    const displays = [...this.recorder.displays].flatMap(([display, outputs]) =>
      outputs.flatMap((output) => {
        const place = places.get(output);
        return place ? [[display, ...place] as const] : [];
      }),
    );
    return {
      executions: [...this.running].map(([request, { cell, state }]) => [request, cell, state] as const),
      displays,
    };
  }

  /** What is under way, by the messages that started it. */
  get requests(): string[] {
    return [...this.running.keys()];
  }

  /** Nothing more of these will come: the kernel is gone or another, or has nothing to do. */
  abandon(requests = this.requests): void {
    for (const request of requests) if (this.running.has(request)) this.end(request, null);
  }

  onMessage(message: Message): void {
    const request = message.parent_header.msg_id ?? "";
    const execution = this.running.get(request);
    const cell = this.cellOf(execution?.cell ?? this.ended.get(request) ?? "");
    const { msg_type: type } = message.header;
    if (type === "update_display_data") return this.updateDisplays(message);
    if (!cell) return;
    if (type === "execute_reply" && execution) execution.status = String(message.content.status);
    else if (type === "status") this.onStatus(execution, cell, String(message.content.execution_state));
    else if (type === "execute_input") {
      cell.execution_count = Number(message.content.execution_count);
      this.notebook.outputsChanged(cell);
    } else if (type === "input_request") this.listener.onQuestion(cell, message);
    else if (type in shows) {
      this.recorder.add(cell, message);
      this.notebook.outputsChanged(cell);
    }
    if (execution && execution.status !== null && (execution.published || execution.status === "aborted"))
      this.end(request, execution.status === "aborted" ? null : execution.status === "ok");
  }

  private onStatus(execution: Execution | undefined, cell: CodeCell, state: string): void {
    if (!execution) return;
    if (state === "idle") execution.published = true;
    if (state !== "busy" || execution.state === "running") return;
    execution.state = "running";
    execution.startedAt = performance.now();
    this.listener.onState(cell, "running");
  }

  /** A display may be in any cell. */
  private updateDisplays(message: Message): void {
    const displays = (message.content.transient as { display_id?: string } | undefined)?.display_id ?? "";
    const changed = new Set<Output>(this.recorder.displays.get(displays) ?? []);
    const cells = this.notebook.cells.filter(
      (cell): cell is CodeCell => cell.cell_type === "code" && cell.outputs.some((output) => changed.has(output)),
    );
    if (cells.length === 0) return;
    this.recorder.add(cells[0], message);
    for (const cell of cells) this.notebook.outputsChanged(cell);
  }

  private add(request: string, cell: CodeCell, state: RunState = "queued"): void {
    this.running.set(request, { cell: cell.id, state, startedAt: 0, status: null, published: false });
    this.lastSeen.set(cell.id, cell);
    this.listener.onState(cell, state);
  }

  private end(request: string, ok: boolean | null): void {
    const { cell: id, startedAt } = this.running.get(request)!;
    this.running.delete(request);
    this.ended.set(request, id);
    if (this.ended.size > remembered) this.ended.delete(this.ended.keys().next().value!);
    const cell = this.cellOf(id);
    if (!cell) return;
    this.listener.onState(cell, this.stateOf(cell));
    this.listener.onEnd(cell, ok, startedAt === 0 ? 0 : performance.now() - startedAt);
  }

  private cellOf(id: string): CodeCell | undefined {
    const cell = this.notebook.cells.find((each) => each.id === id);
    return cell?.cell_type === "code" ? cell : this.lastSeen.get(id);
  }
}

/** Messages that put something out. */
const shows: Readonly<Record<string, true>> = {
  stream: true,
  display_data: true,
  execute_result: true,
  error: true,
  clear_output: true,
};
