/**
 * Optional: runs the tests on every line of Node that is supported, one after another. The binaries come from the npm
 * package `node`, each into a folder of its own below `node_modules/.cache`.
 *
 *     node dist/test/node-versions.js [--versions 22,24] [WORD ...]      words as for `dist/test/run.js`
 *
 * Ends with one line for each version; the exit code is 0 where all passed.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "../src/core/version.js";

const supported = ["20", "22", "24", "26"];

/** The path of this version's binary; it is installed where it is missing. */
function nodeBinary(version: string): string {
  const folder = join(packageFolder, "node_modules", ".cache", "node-versions", version);
  const binary = join(folder, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  // The package's script is what puts the binary of this system in its place.
  const args = ["install", "--prefix", folder, "--no-save", "--ignore-scripts=false", `node@${version}`];
  execFileSync("npm", args, { stdio: "inherit", shell: process.platform === "win32" });
  return binary;
}

const args = process.argv.slice(2);
const at = args.indexOf("--versions");
const versions = at < 0 ? supported : args.splice(at, 2)[1].split(",");
const outcomes = versions.map((version) => {
  const binary = nodeBinary(version);
  const exact = execFileSync(binary, ["--version"], { encoding: "utf8" }).trim();
  console.log(`\nNode ${exact}`);
  const { status, stdout } = spawnSync(binary, [join(__dirname, "run.js"), ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "inherit"],
  });
  console.log(stdout);
  return { exact, ok: status === 0, last: stdout.trimEnd().split("\n").at(-1) };
});
for (const { exact, last } of outcomes) console.log(`${exact.padEnd(10)} ${last}`);
process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1;
