/**
 * Where the time of a case goes, kernel by kernel, beside what this machine can do (a roofline): no kernel is faster than its
 * multiply-adds at the peak of the matrix product, nor than its bytes at the peak of memory.
 */
import * as engine from "../engine/index.js";
import type { BenchCase, Mode } from "./cases.js";

export interface CaseProfile extends engine.StepProfile {
  readonly case: string;
  readonly title: string;
  readonly mode: Mode;
  /** Multiply-adds a second of the matrix product on operands in cache; null where our kernels do not run. */
  readonly peak: number | null;
  /** Bytes a second of a copy that no core's own caches hold; null likewise. */
  readonly memoryPeak: number | null;
}

/** The fastest of `rounds` profiled runs, after one that warms up. */
export function profileCase({ name, title, prepare }: BenchCase, mode: Mode, rounds: number): CaseProfile {
  const prepared = prepare(mode);
  try {
    prepared.run();
    const profiles = Array.from({ length: rounds }, () => engine.profileStep(() => prepared.run()));
    const fastest = profiles.reduce((best, one) => (one.milliseconds < best.milliseconds ? one : best));
    const peaks = { peak: engine.measureMatrixPeak(), memoryPeak: engine.measureMemoryPeak() };
    return { case: name, title, mode, ...peaks, ...fastest };
  } finally {
    prepared.dispose();
  }
}

/** Kernels that take less than this share of the time are summed up in one row. */
const leastShare = 0.01;

/** Milliseconds below which this machine cannot do a kernel's work; null where its peaks are not known. */
export function leastMilliseconds(
  { multiplyAdds, bytes }: Pick<engine.KernelProfile, "multiplyAdds" | "bytes">,
  { peak, memoryPeak }: Pick<CaseProfile, "peak" | "memoryPeak">,
): number | null {
  if (peak === null || memoryPeak === null) return null;
  return 1000 * Math.max((multiplyAdds ?? 0) / peak, bytes / memoryPeak);
}

/** A Markdown table: calls, milliseconds, share of the time, GFLOP/s, GB/s, and the least time on this machine. */
export function profileTable(profile: CaseProfile): string {
  const { title, mode, milliseconds, outsideMilliseconds, kernels, peak, memoryPeak } = profile;
  const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
  const least = (of: readonly engine.KernelProfile[]): string => {
    const times = of.map((kernel) => leastMilliseconds(kernel, profile));
    return times.includes(null) ? "" : sum(times.map(Number)).toFixed(1);
  };
  const rate = (work: number | null, time: number): string => (work === null ? "" : (work / time / 1e6).toFixed(1));
  const row = (name: string, of: readonly engine.KernelProfile[], work: number | null): string[] => {
    const time = sum(of.map((kernel) => kernel.milliseconds));
    const [calls, bytes] = [sum(of.map((kernel) => kernel.calls)), sum(of.map((kernel) => kernel.bytes))];
    const rates = [rate(work === null ? null : 2 * work, time), rate(bytes, time)];
    return [name, String(calls), time.toFixed(1), percent(time / milliseconds), ...rates, least(of)];
  };
  const large = kernels.filter((kernel) => kernel.milliseconds >= leastShare * milliseconds);
  const small = kernels.filter((kernel) => kernel.milliseconds < leastShare * milliseconds);
  const rows = [
    ...large.map((kernel) => row(kernel.name, [kernel], kernel.multiplyAdds)),
    row(`${small.length} others`, small, null),
    ["outside of kernels", "", outsideMilliseconds.toFixed(1), percent(outsideMilliseconds / milliseconds), "", "", ""],
    ["sum", "", milliseconds.toFixed(1), "", "", "", least(kernels)],
  ];
  const peaks =
    peak === null || memoryPeak === null
      ? ""
      : `; peaks: the matrix product ${((2 * peak) / 1e9).toFixed(1)} GFLOP/s, memory ${(memoryPeak / 1e9).toFixed(1)} GB/s`;
  const head = ["kernel", "calls", "ms", "share", "GFLOP/s", "GB/s", "at least, ms"];
  return [
    `${title}, ${mode}: ${milliseconds.toFixed(1)} ms${peaks}`,
    "",
    ...[head, head.map((_, index) => (index === 0 ? "---" : "--:")), ...rows].map(
      (cells) => `| ${cells.join(" | ")} |`,
    ),
  ].join("\n");
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
