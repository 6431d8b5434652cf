/**
 * Runs the compiled test files with Node's own test runner, so that what is tested is what ships: the
 * compiled modules, their worker threads and their child processes.
 *
 *     node dist/test/run.js [WORD ...]      only the files whose path contains one of the words
 *
 * Each file is a process of its own. What was compiled of a file that has gone since is left out. Ends with the line `N passed, N failed`.
 */
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative, sep } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { packageFolder } from "../src/core/version.js";

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    if (!entry.name.endsWith(".test.js")) return [];
    const source = join(packageFolder, "test", relative(__dirname, path)).replace(/\.js$/, ".ts");
    return existsSync(source) ? [path] : [];
  });
}

const words = process.argv.slice(2);
const files = testFiles(__dirname)
  .sort()
  .filter(
    (file) => words.length === 0 || words.some((word) => relative(__dirname, file).split(sep).join("/").includes(word)),
  );

if (files.length === 0) {
  console.error(`test: no test file matches, got ${words.join(" ")}; give part of a path below test/`);
  process.exit(1);
}

const startedAt = Date.now();
let passed = 0;
let failed = 0;
let skipped = 0;
/** Suites and whole files are reported like tests; only the tests inside them count, unless a file itself fails. */
const isContainer = (event: { name: string; details: { type?: string } }): boolean =>
  event.details.type === "suite" || event.name.endsWith(".test.js");

const events = run({ files, concurrency: Math.max(1, Math.min(availableParallelism(), 4)), timeout: 280_000 });
events.on("test:pass", (event) => {
  if (isContainer(event)) return;
  if (event.skip !== undefined && event.skip !== false) skipped++;
  else passed++;
});
const failures: string[] = [];
events.on("test:fail", (event) => {
  if (isContainer(event) && event.details.error.message.includes("subtest")) return;
  failed++;
  failures.push(`${event.file === undefined ? "" : relative(process.cwd(), event.file) + ": "}${event.name}`);
});
const report: NodeJS.ReadWriteStream = new spec();
report.on("end", () => {
  for (const name of failures) console.log(`failed: ${name}`);
  console.log(`${((Date.now() - startedAt) / 1000).toFixed(0)} s, ${files.length} files`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
});
events.pipe(report).pipe(process.stdout);
