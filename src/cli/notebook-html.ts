/** `axial-lab notebook html`: makes pages of notebooks, and a book of a folder of them. */
import { statSync } from "node:fs";
import { ConfigError } from "../core/errors.js";
import { readNotebook } from "../notebook/file.js";
import { asItIs, executed, writeBook } from "./notebook-book.js";
import { assertDifferentNames, makeFolder } from "./notebook-output.js";
import { writePage } from "./notebook-page.js";

export interface HtmlFlags {
  out: string;
  execute?: boolean;
  timeout: number;
}

export async function html(paths: string[], { out, execute = false, timeout }: HtmlFlags): Promise<void> {
  const folder = paths.find((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
  if (folder !== undefined) return book(folder, paths, { out, execute, timeout });
  if (execute)
    throw new ConfigError(
      `notebook html: --execute goes with a folder, got ${paths.join(", ")}; use notebook run --html for single notebooks`,
    );
  assertDifferentNames("notebook html", paths);
  const notebooks = await Promise.all(paths.map(async (path) => ({ path, notebook: await readNotebook(path) })));
  await makeFolder("notebook html", out);
  for (const { path, notebook } of notebooks) console.log(`wrote ${await writePage(notebook, path, out)}`);
}

async function book(
  folder: string,
  paths: readonly string[],
  { out, execute = false, timeout }: HtmlFlags,
): Promise<void> {
  if (paths.length > 1)
    throw new ConfigError(
      `notebook html: a book is made of one folder, got ${paths.join(", ")}; name the folder or the notebooks`,
    );
  await makeFolder("notebook html", out);
  const { files, broken, failed } = await writeBook(folder, out, execute ? executed(timeout) : asItIs);
  for (const file of files) console.log(`wrote ${file}`);
  for (const line of failed) console.error(`failed: ${line}`);
  for (const line of broken) console.error(`broken link: ${line}`);
  if (broken.length + failed.length > 0) process.exitCode = 1;
}
