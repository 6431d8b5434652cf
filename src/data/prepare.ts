/** Decodes all images of a split into one file of pixels (`pixel-file.ts`), once. */
import { availableParallelism } from "node:os";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { AxialError, FileError } from "../core/errors.js";
import type { Progress, SkippedImage, Split } from "./dataset.js";
import { decodeImage } from "./decode.js";
import type { ListedImage } from "./folders.js";
import { fingerprint, type Listing } from "./listing.js";
import { createPixelFile, openPixelFile } from "./pixel-file.js";

/** Raise it when the same file would decode to other pixels. */
const decodingVersion = 2;

export interface PrepareSplitOptions {
  readonly listing: Listing;
  readonly split: Split;
  /** Pixels of the images' shorter side, see `sourceSide`. */
  readonly side: number;
  readonly cacheFolder: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What a file of pixels says of itself. */
interface Facts {
  /** Positions in the listing of the images that are in the file. */
  readonly skipped: readonly SkippedImage[];
}

export interface PreparedSplit {
  readonly path: string;
  readonly count: number;
  readonly skipped: readonly SkippedImage[];
}

const reasonOf = (error: Error): string => error.message.split("\n")[0];

/** Finds the split's file of pixels in the cache, or makes it. */
export async function prepareSplit(where: string, options: PrepareSplitOptions): Promise<PreparedSplit> {
  const { listing, split, side, cacheFolder } = options;
  const images = listing.images[split];
  const key = fingerprint(images, { times: true });
  const path = join(cacheFolder, "pixels", `${key}-${split}-${side}px-v${decodingVersion}.bin`);
  const existing = await readFacts(path);
  if (existing) return existing;
  await mkdir(dirname(path), { recursive: true });
  await removeAbandoned(path);
  const temporary = `${path}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    await decodeAll(where, temporary, images, options);
    await moveIntoPlace(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT") {
      throw new FileError(
        `${where}: the cache must have room for the decoded images, got ${code} in ${cacheFolder}; ` +
          "free some or choose another folder by AXIAL_LAB_CACHE",
        { cause: error },
      );
    }
    throw error;
  }
  return (await readFacts(path)) as PreparedSplit;
}

/** Null where there is no such file, or none that is whole. */
async function readFacts(path: string): Promise<PreparedSplit | null> {
  try {
    await stat(path);
    const file = openPixelFile(path);
    file.close();
    return { path, count: file.count, skipped: (file.facts as Facts).skipped };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    if (!(error instanceof FileError)) throw error;
    await rm(path, { force: true });
    return null;
  }
}

async function decodeAll(
  where: string,
  path: string,
  images: readonly ListedImage[],
  { listing, split, side, signal, onProgress }: PrepareSplitOptions,
): Promise<void> {
  const skipped: SkippedImage[] = [];
  const file = await createPixelFile(path);
  try {
    // So many under way at once keep libvips's threads busy; results are taken in order, which bounds the memory.
    const window = 2 * Math.max(4, availableParallelism());
    const start = (image: ListedImage) =>
      decodeImage(join(listing.folder, image.path), side).then(
        (decoded) => ({ image, decoded, reason: "" }),
        (error: NodeJS.ErrnoException) => {
          // The system's errors (no access, too many open files) say nothing of the image.
          if (error.code === undefined) return { image, decoded: null, reason: reasonOf(error) };
          throw new FileError(
            `${where}: an image must be readable, got ${error.code} for ${image.path}; restore it, or remove it from the folder`,
            {
              cause: error,
            },
          );
        },
      );
    const underWay: ReturnType<typeof start>[] = [];
    let next = 0;
    let done = 0;
    while (done < images.length) {
      signal?.throwIfAborted();
      while (underWay.length < window && next < images.length) {
        const decoding = start(images[next++]);
        decoding.catch(() => undefined); // Reported when its turn comes; unless an earlier one has ended the work.
        underWay.push(decoding);
      }
      const { image, decoded, reason } = await (underWay.shift() as ReturnType<typeof start>);
      if (decoded) await file.add(decoded, image.label);
      else skipped.push({ split, path: image.path, reason });
      done++;
      onProgress?.({ task: "decode", what: split, unit: "images", done, total: images.length });
    }
    if (skipped.length === images.length) {
      throw new FileError(
        `${where}: ${split} must hold images, got ${images.length} files and none that can be read, the first ` +
          `because: ${skipped[0].reason}; give files in a format that decodes`,
      );
    }
    await file.finish({ skipped } satisfies Facts);
  } finally {
    await file.close();
  }
}

/** Renames; where another process was faster and its file is in use (Windows), that one serves as well. */
async function moveIntoPlace(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path);
  } catch (error) {
    if (!(await readFacts(path))) throw error;
    await rm(temporary, { force: true });
  }
}

/** Removes what killed processes left: temporary files of this name that nobody has written to for an hour. */
async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(basename(path)) || !name.endsWith(".tmp")) continue;
    const file = join(folder, name);
    const changed = (await stat(file).catch(() => null))?.mtimeMs ?? Date.now();
    if (Date.now() - changed > 3_600_000) await rm(file, { force: true });
  }
}

/**
 * Removes all files of pixels from the cache.
 *
 * @returns how many files there were, and how many bytes that freed
 * @throws AxialError where the cache cannot be read
 */
export async function clearPixels(cacheFolder: string): Promise<{ files: number; bytes: number }> {
  const folder = join(cacheFolder, "pixels");
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new AxialError(
      `data: the cache must be readable, got ${error.code} for ${folder}; check its rights, or name another with cacheFolder`,
      { cause: error },
    );
  });
  let bytes = 0;
  for (const name of names) {
    bytes += (await stat(join(folder, name))).size;
    await rm(join(folder, name));
  }
  return { files: names.length, bytes };
}
