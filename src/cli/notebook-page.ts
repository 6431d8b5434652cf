/** The page of a notebook: written where the command line wants it, with the pictures that lie beside the notebook. */
import { readFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve, sep } from "node:path";
import { writeFileAtomically } from "../core/atomic-file.js";
import type { Notebook } from "../notebook/file.js";
import { notebookHtml } from "../notebook/page.js";
import { version } from "../core/version.js";

const pictureTypes: Record<string, string> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".svg": "image/svg+xml",
};

/** Writes the page of a notebook; pictures in its Markdown are read from the notebook's own folder and below. */
export async function writePage(notebook: Notebook, path: string, out: string): Promise<string> {
  const name = basename(path);
  const folder = dirname(resolve(path));
  const picture = (address: string): string | null => {
    const type = pictureTypes[extname(address).toLowerCase()];
    if (type === undefined) return null;
    try {
      const file = resolve(folder, decodeURIComponent(address));
      return file.startsWith(folder + sep) ? `data:${type};base64,${readFileSync(file).toString("base64")}` : null;
    } catch {
      // Not an address of a file that can be read: it stays as it is written.
      return null;
    }
  };
  const page = await notebookHtml(notebook, { picture, footer: `Made by axial-lab ${version} from ${name}.` });
  const file = join(out, `${basename(name, extname(name))}.html`);
  await writeFileAtomically(file, [Buffer.from(page)]);
  return file;
}
