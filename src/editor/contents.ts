/**
 * Files and folders as Jupyter's contents interface tells them: a model of each, with or without what is in it.
 * Notebooks are parsed, and written byte for byte as JupyterLab writes them; see `save.ts` for that.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { AxialError } from "../core/errors.js";
import { parseNotebook } from "../notebook/file.js";
import type { Folder, Place } from "./folder.js";
import { RequestRefused } from "./http.js";
import { mediaTypeOf } from "./media-types.js";

export type ContentsType = "directory" | "file" | "notebook";
export type ContentsFormat = "text" | "base64" | "json";

/** As on the wire. */
export interface ContentsModel {
  name: string;
  path: string;
  type: ContentsType;
  writable: boolean;
  created: string;
  last_modified: string;
  size: number | null;
  mimetype: string | null;
  content: unknown;
  format: ContentsFormat | null;
  /** SHA-256 of the file's bytes in hexadecimal, where it was asked for. */
  hash: string | null;
  hash_algorithm: "sha256" | null;
}

export interface ReadOptions {
  /** With what is in the file or folder. Default: true. */
  content?: boolean;
  /** With the hash of the file. Default: false. */
  hash?: boolean;
  /** What the client takes the file for. Default: by its name. */
  type?: string | undefined;
  /** Default: text where the bytes are UTF-8, else base64. */
  format?: string | undefined;
}

export const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export const isNotebookName = (name: string): boolean => name.toLowerCase().endsWith(".ipynb");

export const missing = (path: string): RequestRefused =>
  new RequestRefused(404, `contents: the file or folder must exist, got ${path}`);

export async function readContents(folder: Folder, path: string, options: ReadOptions = {}): Promise<ContentsModel> {
  const place = await folder.place(path);
  if (!place.exists) throw missing(place.path);
  const { content = true, hash = false, type, format } = options;
  const model = await bareModel(place);
  if (model.type === "directory") {
    if (type !== undefined && type !== "directory") throw wrongType(place, "a folder", type);
    if (!content) return model;
    return { ...model, content: await listFolder(folder, place), format: "json" };
  }
  if (type === "directory") throw wrongType(place, "a file", type);
  if (type === "file") model.type = "file";
  if (type === "notebook") model.type = "notebook";
  if (!content && !hash) return model;
  const bytes = await readFile(place.file);
  if (hash) Object.assign(model, { hash: hashOf(bytes), hash_algorithm: "sha256" });
  return content ? { ...model, ...read(model, bytes, format) } : model;
}

const wrongType = ({ path }: Place, is: string, asked: string): RequestRefused =>
  new RequestRefused(400, `contents: ${path || "the folder"} is ${is}, got a request for a ${asked}`);

function read(
  { type, path, name }: ContentsModel,
  bytes: Buffer,
  format: string | undefined,
): Pick<ContentsModel, "content" | "format" | "mimetype"> {
  if (type === "notebook") {
    try {
      return { content: parseNotebook(bytes.toString("utf8"), path), format: "json", mimetype: null };
    } catch (error) {
      if (error instanceof AxialError) throw new RequestRefused(400, error.message);
      throw error;
    }
  }
  const mimetype = mediaTypeOf(name);
  const text = format === "base64" ? null : asText(bytes);
  if (text !== null) return { content: text, format: "text", mimetype: mimetype ?? "text/plain" };
  if (format === "text") throw new RequestRefused(400, `contents: the file must be text in UTF-8, got ${path}`);
  return { content: bytes.toString("base64"), format: "base64", mimetype: mimetype ?? "application/octet-stream" };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function asText(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** The model without content. */
export async function bareModel({ path, name, file }: Place): Promise<ContentsModel> {
  const stats = await stat(file);
  const writable = await access(file, constants.W_OK).then(
    () => true,
    () => false,
  );
  const isFolder = stats.isDirectory();
  return {
    name,
    path,
    type: isFolder ? "directory" : isNotebookName(name) ? "notebook" : "file",
    writable,
    created: stats.birthtime.toISOString(),
    last_modified: stats.mtime.toISOString(),
    size: isFolder ? null : stats.size,
    mimetype: isFolder || isNotebookName(name) ? null : mediaTypeOf(name),
    content: null,
    format: null,
    hash: null,
    hash_algorithm: null,
  };
}

/** What a client may see of a folder: nothing hidden, nothing that leads out of it, files and folders only. */
async function listFolder(folder: Folder, { path, file }: Place): Promise<ContentsModel[]> {
  const names = (await readdir(file)).filter((name) => !name.startsWith(".")).sort();
  const models = await Promise.all(
    names.map(async (name) => {
      try {
        const place = await folder.place(`${path}/${name}`);
        const stats = await stat(place.file);
        return stats.isDirectory() || stats.isFile() ? await bareModel(place) : null;
      } catch {
        // Gone since it was listed, not to be read, or a link out of the folder.
        return null;
      }
    }),
  );
  return models.filter((model) => model !== null);
}
