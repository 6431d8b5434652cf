/** `axial-lab notebook html FOLDER`: a folder of notebooks as a book, its links checked. */
import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { writeFileAtomically } from "../core/atomic-file.js";
import { ConfigError } from "../core/errors.js";
import { version } from "../core/version.js";
import { bookPages, type Chapter } from "../notebook/book.js";
import { readNotebook, type Notebook } from "../notebook/file.js";
import { brokenLinks } from "../notebook/links.js";
import { runNotebook } from "../notebook/run.js";
import { createProgressPrinter } from "./notebook-progress.js";
import { pictureReader } from "./notebook-page.js";

const withSlashes = (path: string): string => path.split(sep).join("/");

/** The notebooks of a folder and below, in the order of their paths, those of the folder itself first. */
export async function notebooksIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const named = entries.filter(({ name }) => !name.startsWith(".") && name !== "node_modules");
  const order = (names: string[]): string[] => names.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const files = named.filter((entry) => entry.isFile() && entry.name.endsWith(".ipynb")).map(({ name }) => name);
  const folders = named.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const below = await Promise.all(order(folders).map((name) => notebooksIn(join(folder, name))));
  return [...order(files).map((name) => join(folder, name)), ...below.flat()];
}

/** A link to a file beside the notebook, from where the page will lie; others as they are written. */
function linkFrom(notebook: string, page: string): (address: string) => string {
  return (address) => {
    const [, path, rest] = /^([^?#]*)(.*)$/.exec(address)!;
    if (path === "" || path.startsWith("/") || /^[a-z][a-z0-9+.-]*:/i.test(path)) return address;
    const file = resolve(dirname(notebook), decodeURIComponent(path));
    return existsSync(file) ? encodeURI(withSlashes(relative(dirname(resolve(page)), file))) + rest : address;
  };
}

/** A notebook as a page shows it, and what failed in it; null: nothing. */
interface Read {
  readonly notebook: Notebook;
  readonly failure: string | null;
}

/** With the outputs that the file holds. */
export const asItIs = async (path: string): Promise<Read> => ({ notebook: await readNotebook(path), failure: null });

/** With new outputs: run where it lies, the file left as it is. A cell has `timeout` seconds. */
export function executed(timeout: number): (path: string) => Promise<Read> {
  const printer = createProgressPrinter({ quiet: false, names: true });
  return async (path) => {
    const name = basename(path);
    const { notebook, failure } = await runNotebook(await readNotebook(path), {
      folder: dirname(resolve(path)),
      timeout,
      onProgress: (progress) => printer.progress(name, progress),
    });
    if (failure) printer.failure(name, failure);
    return { notebook, failure: failure && `${failure.error.ename}: ${failure.error.evalue}` };
  };
}

/**
 * Writes the pages of a folder's notebooks into another, with a contents page. Returns the paths of the files, a line
 * for each notebook in which a cell failed, and one for each link that leads nowhere.
 */
export async function writeBook(
  folder: string,
  out: string,
  read: (path: string) => Promise<Read>,
): Promise<{ files: string[]; broken: string[]; failed: string[] }> {
  const paths = await notebooksIn(folder);
  if (paths.length === 0)
    throw new ConfigError(`notebook html: a book needs notebooks, got none in ${folder}; name another folder`);
  const chapters: Chapter[] = [];
  const failed: string[] = [];
  // One after the other: their measurements are of a machine that does nothing else.
  for (const path of paths) {
    const within = withSlashes(relative(folder, path));
    const page = join(out, within.replace(/\.ipynb$/, ".html"));
    const { notebook, failure } = await read(path);
    if (failure !== null) failed.push(`${path}: ${failure}`);
    chapters.push({ path: within, notebook, picture: pictureReader(path), link: linkFrom(path, page) });
  }
  const title = basename(resolve(folder));
  const footer = `Made by axial-lab ${version} from ${title}.`;
  const pages = await bookPages(chapters, { title: title[0].toUpperCase() + title.slice(1), footer });
  const files: string[] = [];
  for (const [path, html] of pages) {
    const file = join(out, ...path.split("/"));
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomically(file, [Buffer.from(html)]);
    files.push(file);
  }
  const broken = brokenLinks(pages, (path) => existsSync(join(out, path)));
  return { files, failed, broken: broken.map(({ page, target, reason }) => `${page}: ${reason}, got ${target}`) };
}
