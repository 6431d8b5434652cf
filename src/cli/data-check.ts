/** `axial-lab data check`: looks for what is wrong in a panoptic set before anything is trained on it. */
import type { Command } from "commander";
import { checkPanoptic, type SplitReport } from "../data/panoptic-check.js";

export function register(data: Command): void {
  data
    .command("check <folder>")
    .summary("check panoptic annotations: files, sizes, segments, categories, areas")
    .description(
      "Reads every photograph and every PNG of a panoptic set in COCO's format (panoptic_SPLIT.json beside a folder of PNGs;\n" +
        "Cityscapes' createPanopticImgs writes the same), and says what is wrong: each finding once, with its count and first example.",
    )
    .option("--json", "print the findings as JSON")
    .addHelpText("after", "\nExit code: 0 nothing wrong, 1 errors were found, 2 no such set.")
    .action(check);
}

async function check(folder: string, { json = false }: { json?: boolean }): Promise<void> {
  const reports = await checkPanoptic(folder);
  if (json) console.log(JSON.stringify(reports, null, 1));
  else console.log(reports.flatMap(lines).join("\n"));
  if (reports.some(({ findings }) => findings.some(({ level }) => level === "error"))) process.exitCode = 1;
}

function lines({ split, images, segments, usable, findings }: SplitReport): string[] {
  const head = `${split}: ${images} images, ${segments} segments, ${usable} images can be trained on`;
  if (findings.length === 0) return [head, "  nothing to report"];
  return [
    head,
    ...findings.map(({ level, what, count, example }) => `  ${level.padEnd(7)}  ${count} x ${what}; first: ${example}`),
  ];
}
