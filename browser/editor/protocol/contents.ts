/** Files of the server's folder, by Jupyter's contents interface. Paths have `/` and no leading one. */
import { ask, escapedPath } from "./rest.js";

export interface Entry {
  readonly name: string;
  readonly path: string;
  readonly type: "directory" | "notebook" | "file";
  readonly writable: boolean;
  readonly last_modified: string;
  readonly size: number | null;
  /** SHA-256 of the file's bytes; null where it was not asked for. */
  readonly hash?: string | null;
}

export interface NotebookEntry extends Entry {
  /** The file's JSON. */
  readonly content: unknown;
}

const address = (path: string, query = ""): string => `api/contents/${escapedPath(path)}${query}`;

export async function listFolder(path: string): Promise<Entry[]> {
  const { content } = (await ask("GET", address(path))) as { content: Entry[] };
  return content;
}

export const readNotebook = async (path: string): Promise<NotebookEntry> =>
  (await ask("GET", address(path, "?type=notebook&content=1&hash=1"))) as NotebookEntry;

/** What the server says of a file, apart from its content. */
export const statFile = async (path: string): Promise<Entry> =>
  (await ask("GET", address(path, "?content=0&hash=1"))) as Entry;

/**
 * Writes a notebook and gives the hash of what lies on the disk now. The server refuses (ServerError with status 409)
 * where the file has another hash than the one expected; null expects that there is no file.
 */
export async function writeNotebook(path: string, content: unknown, expectedHash: string | null): Promise<string> {
  const body = { type: "notebook", format: "json", content, expected_hash: expectedHash };
  const { hash } = (await ask("PUT", address(path, "?hash=1"), body)) as Entry;
  return hash ?? (await statFile(path)).hash ?? "";
}

/** Makes an untitled notebook in a folder; gives its path. */
export async function createNotebook(folder: string): Promise<string> {
  const { path } = (await ask("POST", address(folder), { type: "notebook", ext: ".ipynb" })) as Entry;
  return path;
}

export const renameFile = async (from: string, to: string): Promise<Entry> =>
  (await ask("PATCH", address(from), { path: to })) as Entry;

export const deleteFile = (path: string): Promise<unknown> => ask("DELETE", address(path));
