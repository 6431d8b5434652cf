/**
 * What ties a kernel's messages to the cells of a notebook, kept by the browser while the kernel lives: a page that is
 * loaded anew takes up the cells that run, the displays that change and the widgets where they were.
 */
import type { Cell, CodeCell, Output } from "../../../src/notebook/nbformat.js";
import { withoutLiveForms } from "../../../src/notebook/output-recorder.js";
import type { RunState } from "../cells/cell.js";

export interface Memory {
  readonly kernel: string;
  /** The session id of the connection: with it the server sends again what was missed. */
  readonly session: string;
  /** The last message whose outputs the file or a draft holds: the server goes on behind it. */
  readonly lastMessage: string | null;
  /** Cells whose end is not known, by the message that started them. */
  readonly executions: readonly (readonly [request: string, cell: string, state: RunState])[];
  /** Places of displays that may change, by their id. */
  readonly displays: readonly (readonly [display: string, cell: string, output: number])[];
  /** Forms that files do not hold, by place. */
  readonly liveForms: readonly (readonly [cell: string, output: number, data: Record<string, unknown>])[];
}

const keyOf = (path: string): string => `axial-lab.kernel:${path}`;

export function recallMemory(path: string): Memory | null {
  try {
    return JSON.parse(localStorage.getItem(keyOf(path)) ?? "null") as Memory | null;
  } catch {
    return null;
  }
}

export function keepMemory(path: string, memory: Memory): void {
  try {
    localStorage.setItem(keyOf(path), JSON.stringify(memory));
  } catch {
    // Without storage a reload still finds the notebook and its kernel.
  }
}

const isCode = (cell: Cell): cell is CodeCell => cell.cell_type === "code";

/** The live forms of all outputs. Outputs that are nothing else are in no file, and have no place to come back to. */
export function liveFormsOf(cells: readonly Cell[]): Memory["liveForms"] {
  return cells.filter(isCode).flatMap((cell) => {
    const kept = cell.outputs.filter((output) => withoutLiveForms([output]).length > 0);
    return kept.flatMap((output, i) => {
      const [file] = withoutLiveForms([output]);
      if (file === output || !("data" in output) || !("data" in file)) return [];
      const live = Object.entries(output.data).filter(([type]) => !(type in file.data));
      return [[cell.id, i, Object.fromEntries(live)] as const];
    });
  });
}

/** Puts live forms back to where they were. */
export function restoreLiveForms(cells: readonly Cell[], forms: Memory["liveForms"]): void {
  for (const [id, index, data] of forms) {
    const cell = cells.filter(isCode).find((each) => each.id === id);
    const output: Output | undefined = cell?.outputs[index];
    if (output && "data" in output) output.data = { ...data, ...output.data };
  }
}
