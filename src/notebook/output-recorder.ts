/** Folds the messages of iopub into the outputs that a notebook keeps, as a front end does. */
import type { CodeCell, DisplayOutput, Output, ResultOutput } from "./file.js";
import type { Message } from "../jupyter/wire.js";

export interface OutputRecorder {
  /** Adds what this message shows to the cell. */
  add(cell: CodeCell, message: Message): void;
}

/** Types that mean something only beside the live objects of one session, which a file does not hold. */
const liveTypes = ["application/vnd.jupyter.widget-view+json"];

export function createOutputRecorder(): OutputRecorder {
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

  return {
    add(cell, { header, content }) {
      const bundle = () => ({ data: keptData(content["data"]), metadata: (content["metadata"] ?? {}) as Bundle });
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
          if (id !== undefined) displays.set(id, [...(displays.get(id) ?? []), output]);
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
