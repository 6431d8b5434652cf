/** The results of a benchmark as JSON and as a Markdown table. */
import { cpus } from "node:os";
import { writeFileAtomically } from "../atomic-file.js";
import { version } from "../version.js";
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

/** One row a case and mode: ours, the reference, how many times as fast, and the target where there is one. */
export function markdownTable({ results, memory, reference, threads }: BenchReport): string {
  const referenceName = reference ?? "reference";
  const rows = results.map((result) => [
    result.title,
    result.mode,
    milliseconds(result.milliseconds),
    result.referenceMilliseconds === undefined ? "" : milliseconds(result.referenceMilliseconds),
    result.ratio === undefined ? "" : `${result.ratio.toFixed(1)}x`,
    result.target === undefined ? "" : `${result.target}x`,
  ]);
  const memoryRows = memory.map(({ title, mode, growthBytes, referenceGrowthBytes }) => [
    `${title}, peak memory`,
    mode,
    mebibytes(growthBytes),
    referenceGrowthBytes === undefined ? "" : mebibytes(referenceGrowthBytes),
    referenceGrowthBytes === undefined ? "" : `1 / ${(referenceGrowthBytes / growthBytes).toFixed(1)}`,
    "",
  ]);
  const head = ["work", "", `ours, ${threads} threads`, referenceName, "ratio", "target"];
  return [head, ["---", "---", "--:", "--:", "--:", "--:"], ...rows, ...memoryRows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

const milliseconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
