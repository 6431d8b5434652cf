/** What lies in the folders of a data set: folders, images, and what is left out. */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { FileError } from "../core/errors.js";
import type { SkippedImage, Split } from "./dataset.js";

/** An image file of a listing, and its class. */
export interface ListedImage {
  /** Relative to the data set's folder, with forward slashes. */
  readonly path: string;
  /** Index into `classFolders`. */
  readonly label: number;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly changed: number;
}

/** Kinds that `decodeImage` reads. */
const imageExtensions: ReadonlySet<string> = new Set(
  "avif bmp dib gif jfif jpe jpeg jpg pbm pgm png pnm ppm tif tiff webp".split(" ").map((name) => `.${name}`),
);
export const isImageName = (name: string): boolean => imageExtensions.has(extname(name).toLowerCase());

/** Why a file is left out that no one will have meant as an image. */
export const notAnImage = "not an image by its name";

/** What programs leave beside images: archives of a Mac, thumbnails of a Synology, and all that is hidden. */
const isVisible = ({ name }: Dirent): boolean => !name.startsWith(".") && name !== "__MACOSX" && name !== "@eaDir";
const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

async function entriesOf(folder: string): Promise<Dirent[]> {
  return (await readdir(folder, { withFileTypes: true })).filter(isVisible).sort(byName);
}

/** Names of the folders in a folder of the data set, links to folders among them, sorted. */
export async function foldersIn(root: string, path: string): Promise<string[]> {
  const folder = join(root, path);
  const found: string[] = [];
  for (const entry of await entriesOf(folder)) {
    const isFolder = entry.isSymbolicLink()
      ? (await stat(join(folder, entry.name)).catch(() => null))?.isDirectory()
      : entry.isDirectory();
    if (isFolder === true) found.push(entry.name);
  }
  return found;
}

/** What the folders of training and of validation images are called, in any case; of several the first. */
export const splitNames = {
  train: ["train", "training"],
  validation: ["val", "validation", "valid", "dev", "test", "testing"],
} as const satisfies Record<Split, readonly string[]>;

/** The folder of a split among these. */
export function splitFolder(folders: readonly string[], split: Split): string | undefined {
  const names: readonly string[] = splitNames[split];
  const found = folders.filter((folder) => names.includes(folder.toLowerCase()));
  return found.sort((a, b) => names.indexOf(a.toLowerCase()) - names.indexOf(b.toLowerCase()))[0];
}

/**
 * The folder that holds `train`: the one given or, as after unpacking by hand, the only folder in it; and what it is called
 * there. Without a `train`, the one that holds folders of images, two at least: the classes.
 */
export async function findRoot(where: string, folder: string): Promise<{ root: string; train: string | null }> {
  const folders = await foldersIn(folder, "").catch((error: NodeJS.ErrnoException) => {
    throw new FileError(
      `${where}: a folder must be readable, got ${error.code} for ${folder}; check its name and its rights`,
      { cause: error },
    );
  });
  const candidates = [folder, ...(folders.length === 1 ? [join(folder, folders[0])] : [])];
  for (const root of candidates) {
    const train = splitFolder(await foldersIn(root, ""), "train");
    if (train !== undefined) return { root, train };
  }
  for (const root of candidates) {
    const names = await foldersIn(root, "");
    const holdImages = await Promise.all(
      names.map(async (name) => (await entriesOf(join(root, name))).some((entry) => isImageName(entry.name))),
    );
    if (holdImages.filter(Boolean).length >= 2) return { root, train: null };
  }
  throw new FileError(
    `${where}: a data set must hold the folders train/CLASS and val/CLASS, or folders of images, one a class, got ${folder} ` +
      `with ${folders.length === 0 ? "no folders" : folders.slice(0, 5).join(", ")}; name the folder above those`,
  );
}

type Found = { images: Omit<ListedImage, "label">[]; skipped: SkippedImage[] };

/** The images in a folder of the data set and in the folders within it, in the order of their paths. */
export async function imagesIn(root: string, path: string, split: Split): Promise<Found> {
  const found: Found = { images: [], skipped: [] };
  await collect(root, path, split, found, new Set([await realpath(join(root, path))]));
  return found;
}

/** `above`: the folders that this one is in, which a link inside it must not enter again. */
async function collect(root: string, path: string, split: Split, found: Found, above: Set<string>): Promise<void> {
  const statuses = await Promise.all(
    (await entriesOf(join(root, path))).map(async (entry) => ({
      name: entry.name,
      status: await stat(join(root, path, entry.name)).catch((error: NodeJS.ErrnoException) => error),
    })),
  );
  for (const { name, status } of statuses) {
    const file = `${path}/${name}`;
    const skip = (reason: string) => found.skipped.push({ split, path: file, reason });
    if (status instanceof Error) skip(status.code === "ENOENT" ? "a link to nothing" : `not readable (${status.code})`);
    else if (status.isDirectory()) {
      const real = await realpath(join(root, file));
      if (above.has(real)) skip("a link to a folder that it is in");
      else await collect(root, file, split, found, new Set([...above, real]));
    } else if (!status.isFile()) skip("not a file");
    else if (!isImageName(name)) skip(notAnImage);
    else found.images.push({ path: file, bytes: status.size, changed: Math.floor(status.mtimeMs) });
  }
}
