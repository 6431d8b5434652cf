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
  ".avif": "image/avif",
  ".apng": "image/apng",
  ".bmp": "image/bmp",
  ".ico": "image/x-icon",
  ".svg": "image/svg+xml",
};

/** Reads the pictures that lie beside a notebook or below, as `data:` addresses. */
export function pictureReader(notebook: string): (address: string) => string | null {
  const folder = dirname(resolve(notebook));
  return (address) => {
    // A query or a fragment is for servers; the file has its name before them.
    const plain = address.trim().replace(/[?#].*$/, "");
    const type = pictureTypes[extname(plain).toLowerCase()];
    if (type === undefined) return null;
    try {
      const file = resolve(folder, decodeURIComponent(plain));
      return file.startsWith(folder + sep) ? `data:${type};base64,${readFileSync(file).toString("base64")}` : null;
    } catch {
      // Not an address of a file that can be read: it stays as it is written.
      return null;
    }
  };
}

/** Writes the page of a notebook; pictures in its Markdown and HTML are read from the notebook's own folder and below. */
export async function writePage(notebook: Notebook, path: string, out: string): Promise<string> {
  const name = basename(path);
  const footer = `Made by axial-lab ${version} from ${name}.`;
  const page = await notebookHtml(notebook, { picture: pictureReader(path), footer });
  const file = join(out, `${basename(name, extname(name))}.html`);
  await writeFileAtomically(file, [Buffer.from(page)]);
  return file;
}
