/**
 * The parts of the README that are generated: between `<!-- NAME -->` and `<!-- /NAME -->` stands what the code says.
 *
 *     npm run readme          writes them
 *
 * A test compares.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../src/core/atomic-file.js";
import { markdownTable, type BenchReport } from "../src/bench/report.js";
import { catalogueTable } from "../src/catalogue.js";
import { packageFolder } from "../src/core/version.js";

/** The reports that `axial-lab bench --json` wrote. */
function benchTable(): string {
  const reports = [4, 2].map((threads) => {
    const path = join(packageFolder, "notebooks", "results", `bench-${threads}-threads.json`);
    return JSON.parse(readFileSync(path, "utf8")) as BenchReport;
  });
  return markdownTable(...reports);
}

const generators: Readonly<Record<string, () => string>> = { catalogue: catalogueTable, bench: benchTable };

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
