/** The results of a benchmark as JSON and as a Markdown table. */
import { cpus } from "node:os";
import { writeFileAtomically } from "../core/atomic-file.js";
import { ConfigError } from "../core/errors.js";
import { version } from "../core/version.js";
import type { CaseResult } from "./measure.js";
import type { MemoryResult } from "./memory.js";
import type { CaseProfile } from "./profile.js";

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly platform: string;
  readonly node: string;
}

export interface BenchReport {
  readonly date: string;
  readonly machine: Machine;
  readonly version: string;
  readonly engine: string;
  readonly reference: string | null;
  readonly threads: number;
  readonly results: readonly CaseResult[];
  readonly memory: readonly MemoryResult[];
  readonly profiles: readonly CaseProfile[];
}

export function benchReport(
  parts: Pick<BenchReport, "engine" | "reference" | "threads" | "results" | "memory" | "profiles">,
): BenchReport {
  return { date: new Date().toISOString().slice(0, 10), machine: machine(), version, ...parts };
}

/** What this was measured on. */
export function machine(): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
  };
}

export async function writeReport(path: string, report: BenchReport): Promise<void> {
  await writeFileAtomically(path, [Buffer.from(`${JSON.stringify(report, null, 2)}\n`)]);
}

/**
 * Parts of one measurement, taken one after the other, as one report.
 *
 * @throws ConfigError where machine, kernels, reference or threads differ
 */
export function joinReports(parts: readonly [BenchReport, ...BenchReport[]]): BenchReport {
  const setting = ({ machine, engine, reference, threads }: BenchReport): string =>
    JSON.stringify({ machine, engine, reference, threads });
  const [first] = parts;
  const other = parts.find((part) => setting(part) !== setting(first));
  if (other !== undefined)
    throw new ConfigError(
      `bench: parts of a report must be of one machine, engine and reference, got ${setting(first)} and ${setting(other)}; ` +
        `measure them again`,
    );
  return {
    ...first,
    results: parts.flatMap(({ results }) => results),
    memory: parts.flatMap(({ memory }) => memory),
    profiles: parts.flatMap(({ profiles }) => profiles),
  };
}

/**
 * One row a case and mode: for each report (of one number of threads each, say) our time, the reference's and how many times
 * as fast we are, then the target where there is one; rows of memory follow.
 */
export function markdownTable(...reports: BenchReport[]): string {
  const hasCompiled = reports.some(({ results }) =>
    results.some((result) => result.compiledMilliseconds !== undefined),
  );
  const head = reports.flatMap(({ reference, threads }) => [
    `ours, ${threads} threads`,
    // Without what a version says of its build.
    reference?.replace(/\+.*/, "") ?? "reference",
    ...(hasCompiled ? ["compiled"] : []),
    "ratio",
  ]);
  const rows = [
    ...rowsOf(reports.map(({ results }) => results.map((result) => timeRow(result, hasCompiled)))),
    ...rowsOf(reports.map(({ memory }) => memory.map((result) => memoryRow(result, hasCompiled)))),
  ];
  return [["work", "", ...head, "target"], ["---", "---", ...head.map(() => "--:"), "--:"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

interface Row {
  readonly title: string;
  readonly mode: string;
  readonly target?: number;
  /** Ours, the reference's, its compiled form's where any report has one, how they compare. */
  readonly cells: readonly string[];
}

/** Rows with the same title and mode side by side; empty cells where a report lacks one. */
function rowsOf(reports: readonly (readonly Row[])[]): string[][] {
  const keyOf = ({ title, mode }: Row) => `${title}\n${mode}`;
  const firsts = new Map(reports.flat().map((row) => [keyOf(row), row]));
  return [...firsts].map(([key, { title, mode, target }]) => [
    title,
    mode,
    ...reports.flatMap((rows) => rows.find((row) => keyOf(row) === key)?.cells ?? firsts.get(key)!.cells.map(() => "")),
    target === undefined ? "" : `${target}x`,
  ]);
}

function timeRow(result: CaseResult, hasCompiled: boolean): Row {
  const { title, mode, target, ratio } = result;
  const time = (value: number | undefined): string => (value === undefined ? "" : milliseconds(value));
  return {
    title,
    mode,
    target,
    cells: [
      time(result.milliseconds),
      time(result.referenceMilliseconds),
      ...(hasCompiled ? [time(result.compiledMilliseconds)] : []),
      ratio === undefined ? "" : `${ratio.toFixed(1)}x`,
    ],
  };
}

function memoryRow(
  { title, mode, growthBytes, referenceGrowthBytes: theirs }: MemoryResult,
  hasCompiled: boolean,
): Row {
  return {
    title: `${title}, peak memory`,
    mode,
    cells: [
      mebibytes(growthBytes),
      theirs === undefined ? "" : mebibytes(theirs),
      ...(hasCompiled ? [""] : []),
      theirs === undefined ? "" : `1 / ${(theirs / growthBytes).toFixed(1)}`,
    ],
  };
}

const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
