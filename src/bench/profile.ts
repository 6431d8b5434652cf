/** Where the time of a case goes, kernel by kernel, beside the peak of the matrix product on this machine. */
import * as engine from "../engine/index.js";
import type { BenchCase, Mode } from "./cases.js";

export interface CaseProfile extends engine.StepProfile {
  readonly case: string;
  readonly title: string;
  readonly mode: Mode;
  /** Multiply-adds a second of the matrix product on operands in cache; null where our kernels do not run. */
  readonly peak: number | null;
}

/** The fastest of `rounds` profiled runs, after one that warms up. */
export function profileCase({ name, title, prepare }: BenchCase, mode: Mode, rounds: number): CaseProfile {
  const prepared = prepare(mode);
  try {
    prepared.run();
    const profiles = Array.from({ length: rounds }, () => engine.profileStep(() => prepared.run()));
    const fastest = profiles.reduce((best, one) => (one.milliseconds < best.milliseconds ? one : best));
    return { case: name, title, mode, peak: engine.measureMatrixPeak(), ...fastest };
  } finally {
    prepared.dispose();
  }
}

/** Kernels that take less than this share of the time are summed up in one row. */
const leastShare = 0.01;

/** A Markdown table: calls, milliseconds, share of the time, GFLOP/s and share of the peak. */
export function profileTable({ title, mode, milliseconds, outsideMilliseconds, kernels, peak }: CaseProfile): string {
  const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
  const row = (name: string, calls: number | null, time: number, multiplyAdds: number | null): string[] => {
    const rate = multiplyAdds === null ? null : (multiplyAdds * 1000) / time;
    return [
      name,
      calls === null ? "" : String(calls),
      time.toFixed(1),
      percent(time / milliseconds),
      rate === null ? "" : ((2 * rate) / 1e9).toFixed(1),
      rate === null || peak === null ? "" : percent(rate / peak),
    ];
  };
  const large = kernels.filter((kernel) => kernel.milliseconds >= leastShare * milliseconds);
  const small = kernels.filter((kernel) => kernel.milliseconds < leastShare * milliseconds);
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  const smallTime = sum(small.map((kernel) => kernel.milliseconds));
  const rows = [
    ...large.map((kernel) => row(kernel.name, kernel.calls, kernel.milliseconds, kernel.multiplyAdds)),
    row(`${small.length} others`, sum(small.map((kernel) => kernel.calls)), smallTime, null),
    row("outside of kernels", null, outsideMilliseconds, null),
  ];
  const peakText = peak === null ? "" : `; peak of the matrix product ${((2 * peak) / 1e9).toFixed(1)} GFLOP/s`;
  const head = ["kernel", "calls", "ms", "share", "GFLOP/s", "of peak"];
  return [
    `${title}, ${mode}: ${milliseconds.toFixed(1)} ms${peakText}`,
    "",
    ...[head, ["---", "--:", "--:", "--:", "--:", "--:"], ...rows].map((cells) => `| ${cells.join(" | ")} |`),
  ].join("\n");
}
