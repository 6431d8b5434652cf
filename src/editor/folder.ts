/**
 * Paths within the folder that is served. What a client names is a path below it with `/` between names, as in
 * Jupyter; nothing outside it is read or written, by `..`, by a link, or as a hidden file.
 */
import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { RequestRefused } from "./http.js";

export interface Place {
  /** Below the folder, `/` between names, "" for the folder itself. */
  readonly path: string;
  readonly name: string;
  /** The file itself, behind links; for one that is not there yet, where it would be. */
  readonly file: string;
  readonly exists: boolean;
}

export interface Folder {
  readonly root: string;
  /** `path` as a client writes it. Throws `RequestRefused` for what lies outside or is hidden. */
  place(path: string): Promise<Place>;
}

/** `root` must exist. */
export async function openFolder(root: string): Promise<Folder> {
  const realRoot = await realpath(root);
  const isInside = (file: string) =>
    file === realRoot || file.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep);

  /** Follows links as far as the path exists; null where one leads nowhere. */
  async function resolveLinks(file: string): Promise<{ file: string; exists: boolean } | null> {
    try {
      return { file: await realpath(file), exists: true };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    }
    const isLink = await lstat(file).then(
      (stats) => stats.isSymbolicLink(),
      () => false,
    );
    if (isLink) return null;
    const parent = await resolveLinks(dirname(file));
    return parent && { file: join(parent.file, basename(file)), exists: false };
  }

  return {
    root: realRoot,
    async place(written) {
      const names = written.split("/").filter((name) => name !== "");
      for (const name of names) assertName(name, written);
      const path = names.join("/");
      const found = await resolveLinks(join(realRoot, ...names));
      if (!found || !isInside(found.file))
        throw new RequestRefused(404, `contents: a path must stay inside the folder, got ${path}, a link out of it`);
      return { path, name: names.at(-1) ?? "", ...found };
    },
  };
}

function assertName(name: string, path: string): void {
  const refuse = (rule: string) =>
    new RequestRefused(400, `contents: a path must ${rule}, got ${JSON.stringify(path.slice(0, 200))}`);
  if (name === ".." || name === ".") throw refuse("stay inside the folder");
  if (name.startsWith(".")) throw refuse("name no hidden file");
  if (name.includes("\0") || (process.platform === "win32" && /[\\:]/.test(name))) throw refuse("be a path");
}

/** A path as it stands in an address, decoded. */
export function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RequestRefused(400, `contents: a path must be encoded for an address, got ${text.slice(0, 200)}`);
  }
}
