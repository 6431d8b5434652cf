/** Changes to files and folders: saves that are whole or not there, and never over what the client has not seen. */
import { mkdir, open, readFile, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { writeFileAtomically } from "../core/atomic-file.js";
import { AxialError } from "../core/errors.js";
import { formatNotebook, notebookOf, parseNotebook } from "../notebook/file.js";
import { bareModel, hashOf, isNotebookName, missing, type ContentsModel } from "./contents.js";
import type { Folder, Place } from "./folder.js";
import { RequestRefused } from "./http.js";

export interface SaveRequest {
  type: string;
  format?: string | undefined;
  content: unknown;
  /** 1, 2, ... and -1 for the last part of a file that is sent in several. Default: the file is sent in one. */
  chunk?: number | undefined;
  /**
   * The hash of the file that the change was made from, null for none: the save is refused with 409 where the file is
   * another by now. Default: not looked at.
   */
  expectedHash?: string | null | undefined;
}

export interface Saved {
  model: ContentsModel;
  isNew: boolean;
}

/** A file that is sent in parts may grow to this size, in bytes. */
const maxUpload = 2 ** 31;

const withHash = async (place: Place, hash: string): Promise<ContentsModel> => ({
  ...(await bareModel(place)),
  hash,
  hash_algorithm: "sha256",
});

export interface Saver {
  save(path: string, request: SaveRequest): Promise<Saved>;
  makeFolder(path: string): Promise<Saved>;
  rename(from: string, to: string): Promise<ContentsModel>;
  remove(path: string): Promise<void>;
  /** The first path in a folder that is free, of the names for 0, 1, 2, ... */
  freePath(folderPath: string, nameOf: (number: number) => string): Promise<string>;
}

export function createSaver(folder: Folder): Saver {
  /** Saves of one file wait for each other: between looking at its hash and the rename nothing may come. */
  const last = new Map<string, Promise<unknown>>();
  const inTurn = async <T>(file: string, work: () => Promise<T>): Promise<T> => {
    const turn = (last.get(file) ?? Promise.resolve()).then(work, work);
    last.set(file, turn);
    try {
      return await turn;
    } finally {
      if (last.get(file) === turn) last.delete(file);
    }
  };

  async function placeToWrite(path: string): Promise<Place> {
    const place = await folder.place(path);
    if (place.path === "") throw new RequestRefused(400, "contents: a file must have a name, got none");
    const parent = await stat(dirname(place.file)).catch(() => null);
    if (!parent?.isDirectory())
      throw new RequestRefused(404, `contents: the folder of a file must exist, got ${place.path}`);
    return place;
  }

  async function saveBytes(place: Place, bytes: Buffer, expectedHash: string | null | undefined): Promise<Saved> {
    const old = await readFile(place.file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw refusedBySystem(place, error);
    });
    const oldHash = old && hashOf(old);
    if (expectedHash !== undefined && expectedHash !== oldHash)
      throw new RequestRefused(409, `contents: the file was changed meanwhile, got ${place.path}; read it again`, {
        hash: oldHash,
        hash_algorithm: "sha256",
      });
    if (old && holdsTheSame(place, old, bytes)) return { model: await withHash(place, oldHash!), isNew: false };
    if (old && !(await bareModel(place)).writable)
      throw new RequestRefused(403, `contents: the file must be writable, got ${place.path}`);
    await writeFileAtomically(place.file, [bytes]).catch((error: NodeJS.ErrnoException) => {
      throw refusedBySystem(place, error);
    });
    return { model: await withHash(place, hashOf(bytes)), isNew: old === null };
  }

  async function savePart(place: Place, bytes: Buffer, chunk: number): Promise<Saved> {
    const parts = join(dirname(place.file), `.${place.name}.part`);
    const sofar = chunk === 1 ? null : await stat(parts).catch(() => null);
    if (chunk !== 1 && !sofar)
      throw new RequestRefused(400, `contents: the parts of a file start with chunk 1, got chunk ${chunk}`);
    if ((sofar?.size ?? 0) + bytes.length > maxUpload) {
      await rm(parts, { force: true });
      throw new RequestRefused(
        413,
        `contents: a file must have at most ${maxUpload} bytes, got more for ${place.path}`,
      );
    }
    const file = await open(parts, chunk === 1 ? "w" : "a");
    try {
      await file.writeFile(bytes);
      if (chunk === -1) await file.sync();
    } finally {
      await file.close();
    }
    if (chunk === -1) await rename(parts, place.file);
    return { model: await bareModel(chunk === -1 ? place : { ...place, file: parts }), isNew: !place.exists };
  }

  return {
    async save(path, { type, format, content, chunk, expectedHash }) {
      const place = await placeToWrite(path);
      if (chunk !== undefined && (type !== "file" || !Number.isInteger(chunk) || chunk < -1 || chunk === 0))
        throw new RequestRefused(400, `contents: chunk must be 1, 2, ... or -1 for the last, of a file, got ${chunk}`);
      const bytes = type === "notebook" ? notebookBytes(content, place.path) : fileBytes(type, format, content);
      return inTurn(place.file, () =>
        chunk === undefined ? saveBytes(place, bytes, expectedHash) : savePart(place, bytes, chunk),
      );
    },

    async makeFolder(path) {
      const place = await placeToWrite(path);
      if (!place.exists) await mkdir(place.file);
      else if (!(await stat(place.file)).isDirectory())
        throw new RequestRefused(400, `contents: a folder must not have the name of a file, got ${place.path}`);
      return { model: await bareModel(place), isNew: !place.exists };
    },

    async rename(from, to) {
      const old = await folder.place(from);
      if (!old.exists || old.path === "") throw missing(from);
      const place = await placeToWrite(to);
      if (place.exists && place.file !== old.file)
        throw new RequestRefused(409, `contents: the new name must be free, got ${place.path}`);
      await inTurn(old.file, () => rename(old.file, place.file));
      return bareModel({ ...place, exists: true });
    },

    async remove(path) {
      const place = await folder.place(path);
      if (!place.exists) throw missing(place.path);
      if (place.path === "") throw new RequestRefused(400, "contents: the folder that is served is not removed");
      if (!(await stat(place.file)).isDirectory()) return inTurn(place.file, () => rm(place.file));
      if ((await readdir(place.file)).length > 0)
        throw new RequestRefused(400, `contents: a folder must be empty to be removed, got ${place.path}`);
      await rmdir(place.file);
    },

    async freePath(folderPath, nameOf) {
      for (let number = 0; ; number++) {
        const place = await folder.place(`${folderPath}/${nameOf(number)}`);
        if (!place.exists) return place.path;
      }
    },
  };
}

/** A notebook that differs in nothing but how its JSON is written is left as it is: a save must be no change to git. */
function holdsTheSame({ name, path }: Place, old: Buffer, bytes: Buffer): boolean {
  if (old.equals(bytes)) return true;
  if (!isNotebookName(name)) return false;
  try {
    return formatNotebook(parseNotebook(old.toString("utf8"), path)) === bytes.toString("utf8");
  } catch {
    return false;
  }
}

function notebookBytes(content: unknown, path: string): Buffer {
  try {
    return Buffer.from(formatNotebook(notebookOf(content, path)));
  } catch (error) {
    if (error instanceof AxialError) throw new RequestRefused(400, error.message);
    throw error;
  }
}

function fileBytes(type: string, format: string | undefined, content: unknown): Buffer {
  if (type !== "file") throw new RequestRefused(400, `contents: type must be file, notebook or directory, got ${type}`);
  if (typeof content !== "string") throw new RequestRefused(400, "contents: content of a file must be a text");
  if (format === "text") return Buffer.from(content);
  if (format !== "base64") throw new RequestRefused(400, `contents: format must be text or base64, got ${format}`);
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(content))
    throw new RequestRefused(400, "contents: content in base64 must be letters, digits, + and /");
  return Buffer.from(content, "base64");
}

const refusedBySystem = ({ path }: Place, { code }: NodeJS.ErrnoException): RequestRefused =>
  new RequestRefused(
    code === "EACCES" || code === "EPERM" || code === "EROFS" ? 403 : code === "EISDIR" ? 400 : 500,
    `contents: the file must be writable, got ${path} (${code})`,
  );

/** `lesson.ipynb` in two, `lesson` and `.ipynb`. */
export const splitName = (name: string): [base: string, extension: string] => {
  const extension = extname(name);
  return [name.slice(0, name.length - extension.length), extension];
};
