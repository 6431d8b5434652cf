/**
 * The parts of the README that are generated: between `<!-- NAME -->` and `<!-- /NAME -->` stands what the code says.
 *
 *     npm run readme          writes them
 *
 * A test compares.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../src/core/atomic-file.js";
import { benchCases } from "../src/bench/cases.js";
import { joinReports, markdownTable, type BenchReport } from "../src/bench/report.js";
import { catalogueTable } from "../src/catalogue.js";
import { packageFolder } from "../src/core/version.js";
import { imagenette128Table } from "./imagenette-table.js";
import { missingText, plannedRuns, scoreText } from "../src/training/index.js";

/** The reports that `axial-lab bench --json` wrote. */
function benchTable(): string {
  const reports = [4, 2].map((threads) => {
    const path = join(packageFolder, "notebooks", "results", `bench-${threads}-threads.json`);
    return JSON.parse(readFileSync(path, "utf8")) as BenchReport;
  });
  return markdownTable(...reports);
}

/** What `axial-lab bench --engine native --json` wrote into the files of a folder, however the cases were shared out to them. */
function nativeTable(folder: string): string {
  const path = join(packageFolder, "notebooks", "results", folder);
  const files = existsSync(path) ? readdirSync(path).filter((file) => file.endsWith(".json")) : [];
  const [first, ...rest] = files.map((file) => JSON.parse(readFileSync(join(path, file), "utf8")) as BenchReport);
  if (first === undefined) return "Not measured yet.";
  const report = joinReports([first, ...rest]);
  const order = benchCases.map(({ name }) => name);
  const sorted = <Result extends { readonly case: string }>(results: readonly Result[]): Result[] =>
    [...results].sort((a, b) => order.indexOf(a.case) - order.indexOf(b.case));
  const { processor, cores, node } = report.machine;
  const table = markdownTable({ ...report, results: sorted(report.results), memory: sorted(report.memory) });
  return `${processor}, ${cores} cores, Node ${node}; ours: ${report.engine}.\n\n${table}`;
}

/** What is done of the plan of runs on Imagenette, and what is not. */
function imagenette64Table(): string {
  const { rows } = plannedRuns(join(packageFolder, "notebooks", "results", "imagenette-64"));
  const millions = (value: number | null): string => (value === null ? "" : (value / 1e6).toFixed(value < 1e8 ? 1 : 0));
  const lines = rows.flatMap(({ title, row }) =>
    row === null
      ? []
      : [`| ${title} | ${millions(row.parameters)} M | ${millions(row.multiplyAdds)} M | ${scoreText(row)} |`],
  );
  const missing = missingText(rows);
  return [
    "| network of 26 layers | parameters | multiply-adds | top-1 |",
    "| --- | --: | --: | --- |",
    ...lines,
    ...(missing === "" ? [] : ["", `Not run yet: ${missing}.`]),
  ].join("\n");
}

const generators: Readonly<Record<string, () => string>> = {
  catalogue: catalogueTable,
  "imagenette-64": imagenette64Table,
  "imagenette-128": imagenette128Table,
  bench: benchTable,
  native: () => nativeTable("native-beside-pytorch"),
  "native-wasm": () => nativeTable("native-beside-wasm"),
};

export const readmePath = join(packageFolder, "README.md");

/** The README with its generated parts made anew. */
export function regenerate(text: string): string {
  return Object.entries(generators).reduce((result, [name, generate]) => {
    const part = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(\n<!-- /${name} -->)`);
    if (!part.test(result)) throw new Error(`README.md has no part between <!-- ${name} --> and <!-- /${name} -->`);
    return result.replace(part, (_, open: string, close: string) => `${open}${generate()}${close}`);
  }, text);
}

if (require.main === module)
  void writeFileAtomically(readmePath, [Buffer.from(regenerate(readFileSync(readmePath, "utf8")))]);
