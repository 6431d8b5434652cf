/**
 * Asks three kernels the same questions and writes the answers: ours, stock tslab, and Deno's.
 *
 *     npm i --no-save deno && node dist/test/docs/kernels/measure.js node_modules/.bin/deno
 *
 * With words behind it, only the lines that contain one are asked again. Takes some minutes, for what does not
 * answer is waited for. Writes docs/kernels.md, and prints what each kernel does not do and why.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ownKernel, type KernelCommand } from "../../../src/jupyter/client.js";
import { packageFolder, version } from "../../../src/core/version.js";
import type { Feature } from "./feature.js";
import { features } from "./features.js";
import { startProbe } from "./probe.js";
import { formatComparison, parseComparison } from "./table.js";

async function has(feature: Feature, command: KernelCommand, name: string): Promise<boolean> {
  // A kernel that does not start has no answer, which is none of the answers.
  const kernel = await startProbe(command, feature.files);
  try {
    const verdict = await feature.probe(kernel);
    if (!verdict) console.log(`${name}: ${feature.group}, ${feature.name}: no`);
    return verdict;
  } catch (error) {
    console.log(`${name}: ${feature.group}, ${feature.name}: no (${(error as Error).message.slice(0, 200)})`);
    return false;
  } finally {
    await kernel.stop();
  }
}

async function main(given: string, words: readonly string[]): Promise<void> {
  const tslabMain = require.resolve("tslab/bin/tslab");
  const tslabPackage = JSON.parse(readFileSync(join(dirname(tslabMain), "..", "package.json"), "utf8")) as {
    version: string;
  };
  // npm installs a script that starts Deno: signals must go to Deno itself.
  const deno = execFileSync(given, ["eval", "console.log(Deno.execPath())"], { encoding: "utf8" }).trim();
  const denoVersion = /deno (\S+)/.exec(execFileSync(deno, ["--version"], { encoding: "utf8" }))?.[1] ?? "";
  const kernels: [name: string, command: KernelCommand][] = [
    [`axial-lab ${version}`, ownKernel()],
    [
      `tslab ${tslabPackage.version}`,
      { argv: [process.execPath, tslabMain, "kernel", "--config-path", "{connection_file}"], interruptMode: "signal" },
    ],
    [
      `Deno ${denoVersion}`,
      { argv: [deno, "jupyter", "--kernel", "--conn", "{connection_file}"], interruptMode: "signal" },
    ],
  ];
  const file = join(packageFolder, "docs", "kernels.md");
  const before = words.length === 0 ? [] : parseComparison(readFileSync(file, "utf8")).verdicts;
  const verdicts: boolean[][] = [];
  for (const [index, feature] of features.entries()) {
    const row: boolean[] = [];
    if (words.length > 0 && !words.some((word) => feature.name.includes(word))) {
      verdicts.push(before[index]);
      continue;
    }
    for (const [name, command] of kernels) row.push(await has(feature, command, name));
    verdicts.push(row);
  }
  mkdirSync(dirname(file), { recursive: true });
  const names = kernels.map(([name]) => name);
  writeFileSync(file, formatComparison(names, verdicts, `Node ${process.versions.node}, ${process.platform}`));
}

const [deno, ...words] = process.argv.slice(2);
if (deno === undefined) {
  console.error("measure: the path of Deno must be given");
  process.exit(2);
}
void main(deno, words);
