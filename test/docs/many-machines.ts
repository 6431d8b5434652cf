/**
 * What data-parallel training has to send, on paper: the table of docs/many-machines.md. `node dist/test/docs/many-machines.js`
 * prints it; a test holds it.
 */
import { configuration, summarize } from "../../src/models/index.js";

/** Bits a second. */
const networks = { "1 Gbit/s": 1e9, "10 Gbit/s": 1e10, "100 Gbit/s": 1e11 };

/** Seconds that a ring takes to sum `bytes` over n machines: each sends and receives 2 (n - 1) / n of them. */
export const ringSeconds = (bytes: number, machines: number, bitsPerSecond: number): number =>
  (8 * bytes * 2 * (machines - 1)) / machines / bitsPerSecond;

export function costTable(): string {
  const rows = ["axial-resnet-26-s", "axial-resnet-50-l"].flatMap((name) => {
    const { parameters } = summarize(configuration(name), { classes: 1000, size: 224 });
    const bytes = 4 * parameters;
    return [2, 8, 64].map((machines) => {
      const times = Object.values(networks).map(
        (rate) => `${(1000 * ringSeconds(bytes, machines, rate)).toFixed(1)} ms`,
      );
      return `| ${name} | ${(bytes / 1e6).toFixed(1)} MB | ${machines} | ${times.join(" | ")} |`;
    });
  });
  return [
    `| model | bytes a step | machines | ${Object.keys(networks).join(" | ")} |`,
    "| --- | --: | --: | --: | --: | --: |",
    ...rows,
  ].join("\n");
}

if (require.main === module) console.log(costTable());
