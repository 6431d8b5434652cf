/** Peak memory of a case, in a process of its own: the growth of the resident set over what it was when the model stood. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import type { BenchCase, Mode } from "./cases.js";
import type { Reference } from "./reference.js";

export interface MemoryUse {
  /** The largest resident set of the whole process. */
  readonly peakBytes: number;
  /** How much of it came after the model and its inputs were there. */
  readonly growthBytes: number;
}

export interface MemoryResult extends MemoryUse {
  readonly case: string;
  readonly title: string;
  readonly mode: Mode;
  readonly referencePeakBytes?: number;
  readonly referenceGrowthBytes?: number;
}

/** Runs the case twice in this process, which must be a fresh one where the engine has just started. */
export function memoryInThisProcess({ prepare }: BenchCase, mode: Mode): MemoryUse {
  const prepared = prepare(mode);
  const before = peakResidentBytes();
  prepared.run();
  prepared.run();
  const peakBytes = peakResidentBytes();
  return { peakBytes, growthBytes: peakBytes - before };
}

/** Runs the case in a fresh process of ours and in one of the reference's. */
export async function measureMemory(
  { name, title }: BenchCase,
  mode: Mode,
  { threads, reference, command }: { threads: number; reference: Reference | null; command: readonly string[] },
): Promise<MemoryResult> {
  const [program, ...args] = command;
  const { stdout } = await promisify(execFile)(program, [...args, name, mode, String(threads)]);
  const ours = JSON.parse(stdout) as MemoryUse;
  const theirs = await reference?.ask({ case: name, mode, threads, memory: true });
  return {
    case: name,
    title,
    mode,
    ...ours,
    ...(theirs?.growthBytes !== undefined && {
      referencePeakBytes: theirs.peakBytes,
      referenceGrowthBytes: theirs.growthBytes,
    }),
  };
}

/** On Linux not `maxRSS`, which a process inherits from the one that started it. */
function peakResidentBytes(): number {
  try {
    const kilobytes = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
