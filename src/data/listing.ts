/** Finds the images of a folder `train/CLASS/*`, `val/CLASS/*` (or `validation/`, `valid/`, `test/`). */
import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { FileError } from "../core/errors.js";
import type { SkippedImage, Split } from "./dataset.js";

export interface ListedImage {
  /** Relative to the data set's folder, with forward slashes. */
  readonly path: string;
  /** Index into `classFolders`. */
  readonly label: number;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly changed: number;
}

export interface Listing {
  /** The folder that holds `train`. */
  readonly folder: string;
  /** Names of the class folders, sorted. */
  readonly classFolders: readonly string[];
  /** In the order of their paths. */
  readonly images: Readonly<Record<Split, readonly ListedImage[]>>;
  /** Files that are no images by their name. */
  readonly skipped: readonly SkippedImage[];
}

const splitFolders: Readonly<Record<Split, readonly string[]>> = {
  train: ["train"],
  validation: ["val", "validation", "valid", "test"],
};

const imageExtensions = new Set([".jpeg", ".jpg", ".png", ".webp", ".gif", ".tif", ".tiff", ".avif"]);

const isVisible = ({ name }: Dirent): boolean => !name.startsWith("."); // .DS_Store, ._image.jpg ...
const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

async function entriesOf(folder: string): Promise<Dirent[]> {
  return (await readdir(folder, { withFileTypes: true })).filter(isVisible).sort(byName);
}

/** Folders in a folder, links to folders among them, sorted. */
async function foldersIn(folder: string): Promise<string[]> {
  const found = await Promise.all(
    (await entriesOf(folder)).map(async (entry) => {
      const isFolder = entry.isSymbolicLink()
        ? (await stat(join(folder, entry.name)).catch(() => null))?.isDirectory()
        : entry.isDirectory();
      return isFolder ? [entry.name] : [];
    }),
  );
  return found.flat();
}

/** The folder itself or, as after unpacking by hand, the only folder in it. */
async function findRoot(where: string, folder: string): Promise<string> {
  let folders: string[];
  try {
    folders = await foldersIn(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FileError(`${where}: a folder must be readable, got ${code} for ${folder}`, { cause: error });
  }
  if (folders.includes("train")) return folder;
  if (folders.length === 1) {
    const inner = join(folder, folders[0]);
    if ((await foldersIn(inner)).includes("train")) return inner;
  }
  throw new FileError(
    `${where}: a data set must hold the folders train/CLASS and val/CLASS, got ${folder} with ` +
      `${folders.length === 0 ? "no folders" : folders.slice(0, 5).join(", ")}`,
  );
}

async function listClass(root: string, path: string, label: number, split: Split) {
  const images: ListedImage[] = [];
  const skipped: SkippedImage[] = [];
  const found = await Promise.all(
    (await entriesOf(join(root, path))).map(async (entry) => ({
      name: entry.name,
      status: await stat(join(root, path, entry.name)),
    })),
  );
  for (const { name, status } of found) {
    const file = `${path}/${name}`;
    if (!status.isFile()) skipped.push({ split, path: file, reason: "not a file" });
    else if (!imageExtensions.has(extname(name).toLowerCase())) {
      skipped.push({ split, path: file, reason: "not an image by its name" });
    } else images.push({ path: file, label, bytes: status.size, changed: Math.floor(status.mtimeMs) });
  }
  return { images, skipped };
}

/** Lists a data set's images; nothing is decoded. `where` begins the error messages. */
export async function listImages(where: string, folder: string): Promise<Listing> {
  const root = await findRoot(where, resolve(folder));
  const folders = await foldersIn(root);
  const validation = splitFolders.validation.find((name) => folders.includes(name));
  if (validation === undefined) {
    throw new FileError(
      `${where}: a data set must hold a folder val beside train, got ${folders.join(", ")} in ${root}`,
    );
  }
  const classFolders = await foldersIn(join(root, "train"));
  const unknown = (await foldersIn(join(root, validation))).filter((name) => !classFolders.includes(name));
  if (unknown.length > 0) {
    throw new FileError(
      `${where}: every class of ${validation} must be one of train, got ${unknown.slice(0, 5).join(", ")} in ${root}`,
    );
  }

  const images: Record<Split, ListedImage[]> = { train: [], validation: [] };
  const skipped: SkippedImage[] = [];
  for (const [split, name] of [["train", "train"] as const, ["validation", validation] as const]) {
    const present = new Set(await foldersIn(join(root, name)));
    for (const [label, className] of classFolders.entries()) {
      if (!present.has(className)) continue;
      const found = await listClass(root, `${name}/${className}`, label, split);
      images[split].push(...found.images);
      skipped.push(...found.skipped);
    }
    if (images[split].length === 0) {
      throw new FileError(`${where}: ${name} must hold images in class folders, got none in ${join(root, name)}`);
    }
  }
  return { folder: root, classFolders, images, skipped };
}

/** A name for exactly these images: their paths and sizes and, where files may change in place, their times. */
export function fingerprint(images: readonly ListedImage[], { times }: { times: boolean }): string {
  const hash = createHash("sha256");
  for (const { path, bytes, changed } of images) hash.update(`${path}\0${bytes}\0${times ? changed : ""}\n`);
  return hash.digest("hex").slice(0, 16);
}
