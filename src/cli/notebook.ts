/** `axial-lab notebook`: executes notebooks without Jupyter, and makes pages of them. */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve, sep } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { ConfigError } from "../errors.js";
import { findKernel } from "../kernel/install.js";
import { thisSystem } from "../kernel/jupyter-paths.js";
import { writeFileAtomically } from "../atomic-file.js";
import { parseNotebook, readNotebook, writeNotebook, type Notebook } from "../kernel/notebook-file.js";
import { notebookHtml } from "../kernel/notebook-html.js";
import { setParameters } from "../kernel/parameters.js";
import { runNotebook, type RunFailure } from "../kernel/run-notebook.js";
import { version } from "../version.js";
import { createProgressPrinter } from "./notebook-progress.js";

interface RunFlags {
  out: string;
  set: Map<string, string>;
  timeout: number;
  jobs: number;
  json?: boolean;
  kernel?: string;
  allowErrors?: boolean;
  html?: boolean;
}

export function register(program: Command): void {
  const notebook = program.command("notebook").description("Execute notebooks without Jupyter.");

  notebook
    .command("run <notebooks...>")
    .description("Execute notebooks through the TypeScript kernel and keep their outputs.")
    .option("--out <folder>", "where the executed notebooks go", "out")
    .option("--set <name=value>", "set a parameter (see below); may be repeated", addSetting, new Map<string, string>())
    .option("--timeout <seconds>", "time limit for each cell, 0 for none", nonNegative, 600)
    .option("--jobs <n>", "notebooks that run at the same time", positiveInteger, 1)
    .option("--html", "also write each executed notebook as a page (see notebook html)")
    .option("--allow-errors", "go on after a cell that fails")
    .option("--kernel <name>", "another kernel, by its installed name or the folder of its kernelspec")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Parameters: the cell tagged "parameters" declares them with their defaults; --set puts a cell behind it that declares
the given ones again. A cell tagged "raises-exception" may fail.

Exit code: 0 all cells ran, 1 a cell failed (its traceback is shown), 2 wrong command line or notebook.

Examples:
  axial-lab notebook run notebooks/01-quick-start.ipynb --out out --html
  axial-lab notebook run notebooks/*.ipynb --jobs 2 --set quick=true --timeout 120`,
    )
    .action(run);

  notebook
    .command("html <notebooks...>")
    .description("Make one HTML file of each executed notebook: it opens from the disk, without network.")
    .option("--out <folder>", "where the pages go", "out")
    .addHelpText(
      "after",
      `
The page holds everything: interactive figures, formulas, pictures that lie beside the notebook. Notebooks are not
executed; what they hold is shown. It adapts to light and dark, to a phone and to paper.

Exit code: 0 all pages written, 2 a notebook cannot be read.

Examples:
  axial-lab notebook html out/01-quick-start.ipynb
  axial-lab notebook html lectures/*.ipynb --out site`,
    )
    .action(html);
}

async function html(paths: string[], { out }: { out: string }): Promise<void> {
  const notebooks = await Promise.all(paths.map(async (path) => ({ path, notebook: await readNotebook(path) })));
  await mkdir(out, { recursive: true });
  for (const { path, notebook } of notebooks) console.log(`wrote ${await writePage(notebook, path, out)}`);
}

const pictureTypes: Record<string, string> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".svg": "image/svg+xml",
};

/** Writes the page of a notebook; pictures in its Markdown are read from the notebook's own folder and below. */
async function writePage(notebook: Notebook, path: string, out: string): Promise<string> {
  const name = basename(path);
  const folder = dirname(resolve(path));
  const picture = (address: string): string | null => {
    const type = pictureTypes[extname(address).toLowerCase()];
    const file = resolve(folder, decodeURIComponent(address));
    if (type === undefined || !file.startsWith(folder + sep) || !existsSync(file)) return null;
    return `data:${type};base64,${readFileSync(file).toString("base64")}`;
  };
  const page = await notebookHtml(notebook, { picture, footer: `Made by axial-lab ${version} from ${name}.` });
  const file = join(out, `${basename(name, extname(name))}.html`);
  await writeFileAtomically(file, [Buffer.from(page)]);
  return file;
}

interface Report {
  notebook: string;
  ok: boolean;
  written: string[];
  failure: RunFailure | null;
}

async function run(paths: string[], flags: RunFlags): Promise<void> {
  const duplicate = paths.find(
    (path, index) => paths.findIndex((other) => basename(other) === basename(path)) !== index,
  );
  if (duplicate !== undefined) {
    throw new ConfigError(
      `notebook run: names must differ as they go into one folder, got ${basename(duplicate)} twice`,
    );
  }
  const command = flags.kernel === undefined ? undefined : (await findKernel(thisSystem(), flags.kernel)).command;
  // All are read before any runs, so that a wrong name or parameter costs nothing.
  const notebooks = await Promise.all(
    paths.map(async (path) => {
      const read = parseNotebook(await readFile(path, "utf8").catch(notReadable(path)), path);
      return { path, notebook: setParameters(read, flags.set, path) };
    }),
  );
  await mkdir(flags.out, { recursive: true });
  const printer = createProgressPrinter({ quiet: flags.json === true, names: paths.length > 1 });
  const reports: Report[] = [];
  const waiting = [...notebooks];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { path, notebook } = next;
      const name = basename(path);
      const { notebook: executed, failure } = await runNotebook(notebook, {
        folder: dirname(resolve(path)),
        timeout: flags.timeout,
        allowErrors: flags.allowErrors === true,
        onProgress: (progress) => printer.progress(name, progress),
        ...(command ? { kernel: command } : {}),
      });
      const written = [join(flags.out, name)];
      await writeNotebook(written[0], executed);
      if (flags.html) written.push(await writePage(executed, path, flags.out));
      if (failure) printer.failure(name, failure);
      reports.push({ notebook: path, ok: failure === null, written, failure });
    }
  };
  await Promise.all(Array.from({ length: Math.min(flags.jobs, paths.length) }, worker));
  if (flags.json) console.log(JSON.stringify(reports.map(summary), null, 2));
  else for (const { written } of reports) for (const file of written) console.log(`wrote ${file}`);
  const failed = reports.filter(({ ok }) => !ok).length;
  if (failed > 0) {
    if (!flags.json) console.error(`${failed} of ${reports.length} notebooks failed`);
    process.exitCode = 1;
  } else if (!flags.json) printer.nextSteps();
}

const summary = ({ failure, ...report }: Report) => ({
  ...report,
  failure: failure && {
    position: failure.position,
    id: failure.cell.id,
    ename: failure.error.ename,
    evalue: failure.error.evalue,
    traceback: failure.error.traceback,
  },
});

const notReadable =
  (path: string) =>
  (error: NodeJS.ErrnoException): never => {
    throw new ConfigError(`notebook run: the notebook must be readable, got ${path} (${error.code})`);
  };

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
