/**
 * Runs the compiled test files with Node's own test runner, so that what is tested is what ships: the
 * compiled modules, their worker threads and their child processes.
 *
 *     node dist/test/run.js [--engine NAME] [WORD ...]
 *
 * WORD: only the files whose path contains one of the words; without one all but those of `npm run test:book`. NAME: native or wasm, the kernels that the engine starts with where a
 * test asks for none. Default: AXIAL_LAB_ENGINE, or wasm, which is what runs where nothing was built.
 *
 * The files of a light room run one after the other in one process, each other file in its own; the longest begin first, so that
 * none is left to the end. Engines whose threads are not the subject have one each (AXIAL_LAB_THREADS): the processes keep all
 * cores busy, and a thread that waits for another does so without sleeping. What was compiled of a file that has gone since is left out. Ends with the slowest files and the line
 * `N passed, N failed`.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { packageFolder } from "../src/core/version.js";

/** Rooms of many short files, to load the package for which takes longer than to run most of them; those that take longest first. */
const light = [
  "training",
  "models",
  "engine/ops",
  "", // the files of no room
  "engine/wasm/kernels",
  "widgets",
  "layers",
  "data",
  "panoptic",
  "weights",
  "functions",
  "inspection",
  "core",
  "notebook/editing",
  "notebook/page",
  "jupyter/language",
  "verification",
  "exchange",
  "bench",
  "web",
];

/** Files that take longest, in this order; each has its own process. */
const longest = [
  "notebooks/runs",
  "cli/train",
  "training/train/synchronized-norms",
  "docs/doc-examples",
  "cli/notebook-run",
  "jupyter/kernel/interrupt",
];

/** Files that run where a word asks for them alone: every chapter, each in a kernel of its own, for minutes. */
const asked = ["notebooks/runs"];

/** A hang is an error after this long, in milliseconds; a machine may be busy with other work. */
const timeout = 900_000;

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    if (!entry.name.endsWith(".test.js")) return [];
    const source = join(packageFolder, "test", relative(__dirname, path)).replace(/\.js$/, ".ts");
    return existsSync(source) ? [path] : [];
  });
}

/** As `room/name`, without what it ends with. */
const nameOf = (file: string): string => relative(__dirname, file).split(sep).join("/").replace(".test.js", "");

/** Files as they are started: those of a light room become one, written to `folder`, in which each is a suite. */
function grouped(files: readonly string[], folder: string): string[] {
  const first = longest.flatMap((name) => files.filter((file) => nameOf(file) === name));
  const rest = files.filter((file) => !first.includes(file));
  const isIn = (file: string, room: string): boolean =>
    room === "" ? !nameOf(file).includes("/") : nameOf(file).startsWith(`${room}/`);
  const alone = rest.filter((file) => !light.some((room) => isIn(file, room)));
  const groups = light.flatMap((room) => {
    const own = rest.filter((file) => isIn(file, room));
    if (own.length <= 1) return own;
    const group = join(folder, `${room.replaceAll("/", "-") || "whole"}.test.js`);
    const suites = own.map(
      (file) => `describe(${JSON.stringify(nameOf(file))}, () => void require(${JSON.stringify(file)}));`,
    );
    writeFileSync(group, ['const { describe } = require("node:test");', ...suites, ""].join("\n"));
    return [group];
  });
  return [...first, ...groups, ...alone];
}

const { values, positionals: words } = parseArgs({
  options: { engine: { type: "string" } },
  allowPositionals: true,
});
process.env["AXIAL_LAB_THREADS"] ||= "1";
process.env["AXIAL_LAB_ENGINE"] = values.engine ?? (process.env["AXIAL_LAB_ENGINE"] || "wasm");

const files = testFiles(__dirname)
  .sort()
  .filter((file) =>
    words.length === 0 ? !asked.includes(nameOf(file)) : words.some((word) => `${nameOf(file)}.test.js`.includes(word)),
  );

if (files.length === 0) {
  console.error(`test: no test file matches, got ${words.join(" ")}; give part of a path below test/`);
  process.exit(1);
}

const startedAt = Date.now();
const folder = mkdtempSync(join(tmpdir(), "axial-test-groups-"));
let passed = 0;
let failed = 0;
let skipped = 0;

interface Event {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly details: { readonly type?: string | undefined; readonly duration_ms: number };
}
/** Suites and whole files are reported like tests; only the tests inside them count, unless a file itself fails. */
const isContainer = ({ name, details }: Event): boolean => details.type === "suite" || name.endsWith(".test.js");

/** Milliseconds of each file: of the suites and tests at its top, or of the one suite that it is in a group. */
const times = new Map<string, number>();
const names = new Set(files.map(nameOf));
const noteTime = ({ name, details, nesting, file = "" }: Event): void => {
  if (nesting > 0) return;
  const own = names.has(name) ? name : nameOf(file);
  times.set(own, (times.get(own) ?? 0) + details.duration_ms);
};

/** One more than there are cores: many wait for a process that they have started. */
const concurrency = Math.min(availableParallelism(), 4) + 1;
const events = run({ files: grouped(files, folder), concurrency, timeout });
events.on("test:pass", (event) => {
  noteTime(event);
  if (isContainer(event)) return;
  if (event.skip !== undefined && event.skip !== false) skipped++;
  else passed++;
});
const failures: string[] = [];
events.on("test:fail", (event) => {
  noteTime(event);
  if (isContainer(event) && event.details.error.message.includes("subtest")) return;
  failed++;
  failures.push(`${event.file === undefined ? "" : relative(process.cwd(), event.file) + ": "}${event.name}`);
});
const report: NodeJS.ReadWriteStream = new spec();
report.on("end", () => {
  rmSync(folder, { recursive: true, force: true });
  const slowest = [...times].sort(([, a], [, b]) => b - a).slice(0, 10);
  if (files.length > slowest.length)
    for (const [name, time] of slowest) console.log(`${(time / 1000).toFixed(0).padStart(5)} s  ${name}`);
  for (const name of failures) console.log(`failed: ${name}`);
  console.log(`${((Date.now() - startedAt) / 1000).toFixed(0)} s, ${files.length} files`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
});
events.pipe(report).pipe(process.stdout);
