/** Folds the messages of iopub into the outputs that a notebook keeps, as a front end does. */
import type { CodeCell, DisplayOutput, Output, ResultOutput } from "./nbformat.js";

/** A message of iopub, as far as outputs depend on it. */
export interface OutputMessage {
  readonly header: { readonly msg_type: string };
  readonly content: Readonly<Record<string, unknown>>;
}

export interface OutputRecorder {
  /** Adds what this message shows to the cell. */
  add(cell: CodeCell, message: OutputMessage): void;
  /** The outputs that later messages may change, by the id of their display. */
  readonly displays: ReadonlyMap<string, readonly (DisplayOutput | ResultOutput)[]>;
  /** Takes an output for one of a display that was recorded elsewhere. */
  remember(display: string, output: DisplayOutput | ResultOutput): void;
}

export interface OutputRecorderOptions {
  /** Keeps the forms too that only the session can show which they come from. Default: no, a file does not hold them. */
  keepLiveForms?: boolean;
}

/** Types that mean something only beside the live objects of one session, which a file does not hold. */
const liveTypes = ["application/vnd.jupyter.widget-view+json"];

/** The outputs as a file holds them: without live forms, and without outputs that are nothing else. */
export const withoutLiveForms = (outputs: readonly Output[]): Output[] =>
  outputs.flatMap((output) => {
    if (!("data" in output) || !liveTypes.some((type) => type in output.data)) return [output];
    const data = keptData(output.data);
    return Object.keys(data).length === 0 ? [] : [{ ...output, data }];
  });

export function createOutputRecorder({ keepLiveForms = false }: OutputRecorderOptions = {}): OutputRecorder {
  const dataOf = (data: unknown): Bundle => (keepLiveForms ? { ...(data as Bundle | undefined) } : keptData(data));
  const displays = new Map<string, (DisplayOutput | ResultOutput)[]>();
  const clearNext = new WeakSet<CodeCell>();

  function append(cell: CodeCell, output: Output): void {
    if (clearNext.delete(cell)) cell.outputs = [];
    const last = cell.outputs.at(-1);
    if (output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name) {
      last.text = overwriteLines(last.text + output.text);
    } else
      cell.outputs.push(output.output_type === "stream" ? { ...output, text: overwriteLines(output.text) } : output);
  }

  const remember = (id: string, output: DisplayOutput | ResultOutput): void =>
    void displays.set(id, [...(displays.get(id) ?? []), output]);

  return {
    displays,
    remember,
    add(cell, { header, content }) {
      const bundle = () => ({ data: dataOf(content["data"]), metadata: (content["metadata"] ?? {}) as Bundle });
      switch (header.msg_type) {
        case "stream":
          return append(cell, {
            output_type: "stream",
            name: content["name"] === "stderr" ? "stderr" : "stdout",
            text: String(content["text"]),
          });
        case "display_data":
        case "execute_result": {
          const output: DisplayOutput | ResultOutput =
            header.msg_type === "display_data"
              ? { output_type: "display_data", ...bundle() }
              : {
                  output_type: "execute_result",
                  execution_count: typeof content["execution_count"] === "number" ? content["execution_count"] : null,
                  ...bundle(),
                };
          if (Object.keys(output.data).length === 0) return;
          const id = (content["transient"] as { display_id?: string } | undefined)?.display_id;
          if (id !== undefined) remember(id, output);
          return append(cell, output);
        }
        case "update_display_data": {
          const id = (content["transient"] as { display_id?: string } | undefined)?.display_id;
          for (const output of displays.get(id ?? "") ?? []) Object.assign(output, bundle());
          return;
        }
        case "error":
          return append(cell, {
            output_type: "error",
            ename: String(content["ename"]),
            evalue: String(content["evalue"]),
            traceback: (content["traceback"] as unknown[]).map(String),
          });
        case "clear_output":
          if (content["wait"] === true) clearNext.add(cell);
          else cell.outputs = [];
      }
    },
  };
}

type Bundle = Record<string, unknown>;

const keptData = (data: unknown): Bundle =>
  Object.fromEntries(Object.entries((data ?? {}) as Bundle).filter(([type]) => !liveTypes.includes(type)));

/** A carriage return goes back to the start of the line: of a progress bar, its last state stays. */
function overwriteLines(text: string): string {
  if (!text.includes("\r")) return text;
  return text
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => {
      const states = line.split("\r");
      // A return at the very end has not been written over yet.
      const last = states.at(-1) === "" && states.length > 1 ? `${states.at(-2)}\r` : states.at(-1)!;
      return last;
    })
    .join("\n");
}
