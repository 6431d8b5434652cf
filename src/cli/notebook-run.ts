/** `axial-lab notebook run`: reads all notebooks, executes them, some at a time, and writes what came out of each. */
import { basename, dirname, join, resolve, sep } from "node:path";
import type { KernelCommand } from "../jupyter/client.js";
import { findKernel } from "../jupyter/install.js";
import { thisSystem } from "../jupyter/jupyter-paths.js";
import { readNotebook, writeNotebook, type Notebook } from "../notebook/file.js";
import { assertOurLanguage } from "../notebook/language.js";
import { runNotebook, type RunFailure } from "../notebook/run.js";
import { packageFolder } from "../core/version.js";
import { assertDifferentNames, makeFolder } from "./notebook-output.js";
import { createProgressPrinter, type ProgressPrinter } from "./notebook-progress.js";

export interface RunFlags {
  out: string;
  set: Map<string, string>;
  timeout: number;
  jobs: number;
  json?: boolean;
  kernel?: string;
  allowErrors?: boolean;
  patience: number;
  html?: boolean;
}

interface Job {
  path: string;
  notebook: Notebook;
}

interface Report {
  notebook: string;
  ok: boolean;
  written: string[];
  failure: RunFailure | null;
  unfinished: string[];
  /** What went wrong beside the cells: the kernel did not start, a file could not be written. */
  error: string | null;
}

export async function run(paths: string[], flags: RunFlags): Promise<void> {
  assertDifferentNames("notebook run", paths);
  const kernel = flags.kernel === undefined ? undefined : (await findKernel(thisSystem(), flags.kernel)).command;
  // All are read before any runs, so that a wrong name or parameter costs nothing.
  const withParameters = await parameterSetter(flags.set);
  const jobs = await Promise.all(
    paths.map(async (path): Promise<Job> => {
      const notebook = await readNotebook(path);
      if (!kernel) assertOurLanguage(notebook, path);
      return { path, notebook: withParameters(notebook, path) };
    }),
  );
  await makeFolder("notebook run", flags.out);

  const printer = createProgressPrinter({ quiet: flags.json === true, names: paths.length > 1 });
  const stop = stopOnCtrlC();
  const reports = new Map<Job, Report>();
  const waiting = [...jobs];
  const worker = async () => {
    for (let job = waiting.shift(); job && !stop.signal.aborted; job = waiting.shift())
      reports.set(job, await execute(job, flags, { kernel, printer, signal: stop.signal }));
  };
  await Promise.all(Array.from({ length: Math.min(flags.jobs, jobs.length) }, worker));
  stop.end();

  const inOrder = jobs.flatMap((job) => reports.get(job) ?? []);
  if (flags.json) console.log(JSON.stringify(inOrder.map(summary), null, 2));
  else for (const file of inOrder.flatMap(({ written }) => written)) console.log(`wrote ${file}`);
  const failed = inOrder.filter(({ ok }) => !ok).length;
  if (failed > 0 && !flags.json)
    console.error(`${failed} of ${jobs.length} ${jobs.length === 1 ? "notebook" : "notebooks"} failed`);
  if (stop.signal.aborted) process.exitCode = 130;
  else if (failed > 0) process.exitCode = 1;
  else if (jobs.every(({ path }) => resolve(path).startsWith(packageFolder + sep))) printer.nextSteps();
}

/** Loads TypeScript, which reads the parameters, only where there are any. */
async function parameterSetter(
  values: ReadonlyMap<string, string>,
): Promise<(notebook: Notebook, name: string) => Notebook> {
  if (values.size === 0) return (notebook) => notebook;
  const { setParameters } = await import("../notebook/parameters.js");
  return (notebook, name) => setParameters(notebook, values, name);
}

interface Surroundings {
  kernel: KernelCommand | undefined;
  printer: ProgressPrinter;
  signal: AbortSignal;
}

/** Runs one notebook. Whatever goes wrong is in its report, so that the others go on. */
async function execute({ path, notebook }: Job, flags: RunFlags, { kernel, printer, signal }: Surroundings) {
  const name = basename(path);
  const report: Report = { notebook: path, ok: false, written: [], failure: null, unfinished: [], error: null };
  try {
    const {
      notebook: executed,
      failure,
      unfinished,
    } = await runNotebook(notebook, {
      folder: dirname(resolve(path)),
      timeout: flags.timeout,
      allowErrors: flags.allowErrors === true,
      patience: flags.patience,
      onProgress: (progress) => printer.progress(name, progress),
      signal,
      ...(kernel ? { kernel } : {}),
    });
    if (failure) printer.failure(name, failure);
    report.failure = failure;
    report.unfinished = unfinished;
    if (unfinished.length > 0 && !flags.json)
      console.error(
        `${path}: ${unfinished.join(" and ")} were still at work ${flags.patience} s after the last cell; ` +
          "what they print later is not in the file (--patience SECONDS waits longer)",
      );
    const file = join(flags.out, name);
    await writeNotebook(file, executed);
    report.written.push(file);
    if (flags.html) {
      const { writePage } = await import("./notebook-page.js");
      report.written.push(await writePage(executed, path, flags.out));
    }
    report.ok = failure === null && !signal.aborted;
  } catch (error) {
    report.error = (error as Error).message;
    if (!flags.json) console.error(`${path}: ${report.error}`);
  }
  return report;
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

/** The first Ctrl+C interrupts the running cells and keeps what they gave, the second ends at once. */
function stopOnCtrlC(): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    console.error("\nstopping; outputs so far are kept (Ctrl+C again: at once)");
    controller.abort();
  };
  process.on("SIGINT", onInterrupt);
  return { signal: controller.signal, end: () => process.off("SIGINT", onInterrupt) };
}
