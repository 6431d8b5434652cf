/** `axial-lab notebook`: opens and executes notebooks without Jupyter, and makes pages of them. What does so is loaded when it is asked for. */
import { InvalidArgumentError, type Command } from "commander";
import type { HtmlFlags } from "./notebook-html.js";
import { register as registerEdit } from "./notebook-edit.js";
import type { RunFlags } from "./notebook-run.js";

export function register(program: Command): void {
  const notebook = program.command("notebook").description("Open and execute notebooks without Jupyter.");

  registerEdit(notebook);

  notebook
    .command("run <notebooks...>")
    .description("Execute notebooks through the TypeScript kernel and keep their outputs.")
    .option("--out <folder>", "where the executed notebooks go", "out")
    .option("--set <name=value>", "set a parameter (see below); may be repeated", addSetting, new Map<string, string>())
    .option("--timeout <seconds>", "time limit for each cell, 0 for none", nonNegative, 600)
    .option("--jobs <n>", "notebooks that run at the same time", positiveInteger, 1)
    .option("--html", "also write each executed notebook as a page (see notebook html)")
    .option("--patience <seconds>", "time for timers and processes that cells have left at work", nonNegative, 5)
    .option("--allow-errors", "go on after a cell that fails")
    .option("--kernel <name>", "another kernel, by its installed name or the folder of its kernelspec")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Parameters: the cell tagged "parameters" declares them with their defaults; --set puts a cell behind it that declares
the given ones again. A cell tagged "raises-exception" may fail.

A cell that fails ends its notebook: its traceback is shown, the outputs so far are written. So does Ctrl+C.
The same notebook gives the same bytes each time: no times, no ids of a session.

Exit code: 0 all cells ran, 1 a cell failed, 2 wrong command line or notebook, 130 stopped by Ctrl+C.

Examples:
  npx axial-lab notebook run notebooks/01-quick-start.ipynb --out out --html
  npx axial-lab notebook run notebooks/*.ipynb --jobs 2 --set quick=true --timeout 120`,
    )
    .action(async (paths: string[], flags: RunFlags) => (await import("./notebook-run.js")).run(paths, flags));

  notebook
    .command("html <notebooks...>")
    .description("Make one HTML file of each executed notebook, or a book of a folder of them.")
    .option("--out <folder>", "where the pages go", "out")
    .option("--execute", "of a folder: execute every notebook first, where it lies, and leave the files as they are")
    .option("--timeout <seconds>", "time limit for each cell that is executed, 0 for none", nonNegative, 600)
    .addHelpText(
      "after",
      `
A folder becomes a book: a page for each notebook in it and below, next and previous, and index.html with the contents
and a search through all of them. Links between notebooks lead to their pages; links that lead nowhere are listed.

The page holds everything: it opens from the disk, without network: interactive figures, formulas, pictures that lie beside the notebook. What notebooks
hold is shown; they are executed only with --execute. It adapts to light and dark, to a phone and to paper.

Exit code: 0 all pages written, 1 a cell failed or a link of a book leads nowhere, 2 a notebook cannot be read.

Examples:
  npx axial-lab notebook html out/01-quick-start.ipynb
  npx axial-lab notebook html notebooks --out book
  npx axial-lab notebook html notebooks --execute --out book
  npx axial-lab notebook html lectures/*.ipynb --out site`,
    )
    .action(async (paths: string[], flags: HtmlFlags) => (await import("./notebook-html.js")).html(paths, flags));
}

function addSetting(text: string, settings: Map<string, string>): Map<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("it must read name=value.");
  return settings.set(text.slice(0, at), text.slice(at + 1));
}

function nonNegative(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !(number >= 0)) throw new InvalidArgumentError("it must be a number, 0 or more.");
  return number;
}

function positiveInteger(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError("it must be a whole number, 1 or more.");
  return number;
}
