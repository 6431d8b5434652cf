/** The comparison as Markdown, which `docs/kernels.md` holds. */
import type { Feature } from "./feature.js";
import { features } from "./features.js";

const testCell = ({ test: [file, title] }: Feature): string => `[${title}](../test/${file})`;

/** `verdicts`: for each feature, whether each kernel has it. */
export function formatComparison(
  kernels: readonly string[],
  verdicts: readonly (readonly boolean[])[],
  machine: string,
): string {
  const counts = kernels.map((_, i) => `${verdicts.filter((row) => row[i]).length} of ${features.length}`);
  const header = ["", ...kernels, "held by the test"];
  const rows = features.map((feature, i) => [
    `${features[i - 1]?.group === feature.group ? "" : `**${feature.group}:** `}${feature.name}`,
    ...verdicts[i].map((has) => (has ? "yes" : "no")),
    testCell(feature),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return `# Kernels for TypeScript

The same questions over the Jupyter protocol to three kernels (${machine}); what is not answered within 15 s is a no. Each
line of ours is held by a test. Written by \`node dist/test/docs/kernels/measure.js DENO\`, which asks them again.

${[line(header), line(header.map(() => "---")), ...rows.map(line), line(["", ...counts, ""])].join("\n")}

Each kernel is interrupted as its kernelspec says: ours by a message, the others by a signal. Deno's \`broadcast\` sends comm
messages but receives none.

Of the public suite [kernel-testbed](https://github.com/runtimed/kernel-testbed) (with jupyter-protocol 1.5.0 and runtimelib
1.6.0) ours passes 27 of 27: \`node dist/test/conformance/kernel-testbed.js PROGRAM\`.
`;
}

export interface Comparison {
  kernels: string[];
  verdicts: boolean[][];
  machine: string;
}

/** What `formatComparison` has written. */
export function parseComparison(text: string): Comparison {
  const cells = text
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.slice(2, -2).split(" | "));
  return {
    kernels: cells[0].slice(1, -1),
    verdicts: cells.slice(2, -1).map((row) => row.slice(1, -1).map((cell) => cell === "yes")),
    machine: /three kernels \((.*?)\)/.exec(text)?.[1] ?? "",
  };
}
