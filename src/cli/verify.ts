/** `axial-lab verify`: compares our layers, blocks and networks with what published implementations computed. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import * as engine from "../engine/index.js";
import { FileError } from "../core/errors.js";
import { isCaseFile, readTrial, type CaseReport } from "../verification/index.js";

interface VerifyOptions {
  readonly json?: boolean;
  readonly backend?: engine.EngineOptions["backend"];
  readonly engine?: engine.EngineChoice;
}

export function register(program: Command): void {
  program
    .command("verify")
    .summary("compare layers with published implementations, number by number")
    .description(
      "Reads reference cases (files that hold the input, the parameters and the results of a published layer or function),\n" +
        "builds the same layer from the stored configuration, loads the weights, and compares forward passes in both modes,\n" +
        "gradients, running statistics and attention weights with the limits stored in the file; functions likewise.",
    )
    .argument("<path...>", "files, or folders whose cases are all read, those of their folders too")
    .option("--backend <name>", "backend to compute on: auto, wasm, cpu, node, node-gpu")
    .option("--engine <name>", "whose kernels compute: auto, native, wasm")
    .option("--json", "print one JSON array with every comparison instead of the table")
    .addHelpText(
      "after",
      "\nExit code: 0 all within their limits, 1 some tensor beyond, 2 a file that cannot be read.\n" +
        "Classes without a counterpart are skipped and named.\n\n" +
        "Examples:\n  npx axial-lab verify test/fixtures\n  npx axial-lab verify test/fixtures/axial-attention\n  npx axial-lab verify block.safetensors --json",
    )
    .action(async (paths: string[], { json = false, backend, engine: choice }: VerifyOptions) => {
      const files = (await Promise.all(paths.map(caseFiles))).flat();
      const trials = await Promise.all(files.map(readTrial));
      const nameWidth = trials.reduce((width, { name }) => Math.max(width, name.length), 0);
      const { reason } = await engine.start({ ...(backend && { backend }), ...(choice && { engine: choice }) });
      if (!json) console.log(reason);
      const reports: CaseReport[] = [];
      for (const trial of trials) {
        const report = await trial.verify();
        reports.push(report);
        if (!json) console.log(row(report, nameWidth));
      }
      if (json) console.log(JSON.stringify(reports, null, 1));
      else console.log(conclusion(reports));
      await engine.stop();
      if (reports.some(({ verdict }) => verdict === "failed")) process.exitCode = 1;
    });
}

async function caseFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw new FileError(`verify: no such file or folder, got ${path}; give reference cases`);
  if (!found.isDirectory()) return [path];
  const files = (await readdir(path, { recursive: true })).filter(isCaseFile).sort();
  if (files.length === 0)
    throw new FileError(
      `verify: a folder must hold reference cases (.safetensors, or .json of metrics), got none in ${path}; name the folder that holds them`,
    );
  return files.map((file) => join(path, file));
}

function row(report: CaseReport, nameWidth: number): string {
  const name = report.case.padEnd(nameWidth);
  if (report.worst === null) return `${name}  ${report.verdict}: ${report.reason ?? "nothing stored"}`;
  const { tensor, error, limit } = report.worst;
  const count = String(report.comparisons.length).padStart(4);
  return `${name}  ${report.verdict}  ${count} tensors, worst ${error.toExponential(1)} of ${limit.toExponential(0)}  ${tensor}`;
}

function conclusion(reports: readonly CaseReport[]): string {
  const count = (verdict: CaseReport["verdict"]) => reports.filter((report) => report.verdict === verdict).length;
  const beyond = reports.flatMap(({ case: name, comparisons }) =>
    comparisons.filter(({ error, limit }) => !(error <= limit)).map((comparison) => ({ name, ...comparison })),
  );
  const shown = beyond.slice(0, 10);
  return [
    ...shown.map(
      ({ name, tensor, error, limit }) => `beyond its limit: ${name} ${tensor}, ${error.toExponential(2)} > ${limit}`,
    ),
    ...(beyond.length > shown.length ? [`and ${beyond.length - shown.length} tensors more (--json lists all)`] : []),
    `${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`,
  ].join("\n");
}
