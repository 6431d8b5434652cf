/** What `notebook run` shows while it works: a line for each cell, and on a terminal what the running cell prints. */
import type { CellProgress, RunFailure } from "../notebook/run.js";

export interface ProgressPrinter {
  progress(notebook: string, progress: CellProgress): void;
  failure(notebook: string, failure: RunFailure): void;
  nextSteps(): void;
}

export interface PrinterOptions {
  quiet: boolean;
  /** Say which notebook each line is about. */
  names: boolean;
}

const verdicts = { done: "", raised: "(raised, as it may)  ", failed: "FAILED  " };

const clearLine = "\r\u001b[2K";

export function createProgressPrinter({ quiet, names }: PrinterOptions): ProgressPrinter {
  const { stdout } = process;
  const live = stdout.isTTY && !quiet;

  /** A line that the next one replaces. */
  const showLive = (text: string) => {
    if (live) stdout.write(clearLine + text.slice(0, (stdout.columns || 80) - 1));
  };
  const showLine = (text: string) => {
    if (!quiet) stdout.write(`${live ? clearLine : ""}${text}\n`);
  };

  return {
    progress(notebook, { number, total, cell, state, seconds, line }) {
      const digits = String(total).length;
      const head = `${names ? `${notebook} ` : ""}[${String(number).padStart(digits)}/${total}]`;
      const title = firstLine(cell.source);
      if (state === "started") showLive(`${head} ${title}`);
      else if (state === "output") showLive(`${head} ${seconds.toFixed(0)} s  ${line.trim()}`);
      else showLine(`${head} ${seconds.toFixed(1).padStart(6)} s  ${verdicts[state]}${title}`);
    },

    failure(notebook, { position, cell, error }) {
      if (quiet) return;
      const lines = error.traceback.join("\n");
      // Tracebacks name cells by the order in which they ran, which Markdown cells do not count in.
      const { execution_count: count, id } = cell;
      const which = `cell ${position} (${count === null || count === position ? "" : `run as cell ${count}, `}id ${id})`;
      console.error(`\n${notebook}, ${which} failed:\n${process.stderr.isTTY ? lines : plain(lines)}\n`);
    },

    nextSteps() {
      showLine(
        [
          "",
          "next:",
          "  npx axial-lab notebook edit notebooks/01-quick-start.ipynb   the same in the browser: change it, run it",
          "  npx axial-lab data --help         real images: Imagenette, downloaded or from a local archive",
          "  npx axial-lab kernel install      the kernel for JupyterLab and VS Code: open notebooks/, choose",
          '                                    "TypeScript (axial-lab)"',
        ].join("\n"),
      );
    },
  };
}

const firstLine = (source: string): string => {
  const lines = source.split("\n").filter((line) => line.trim() !== "");
  const text = lines[0] ?? "";
  return text.length > 72 ? `${text.slice(0, 71)}…` : text;
};

const plain = (text: string): string => text.replace(/\u001b\[[\d;]*m/g, "");
