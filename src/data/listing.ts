/**
 * Finds the images of a data set: `train/CLASS/*` and `val/CLASS/*` (or `validation/`, `valid/`, `test/`), folders in a class
 * among them; without a `val`, a share of `train`; without a `train`, the class folders themselves.
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { FileError } from "../core/errors.js";
import type { SkippedImage, Split } from "./dataset.js";
import { findRoot, foldersIn, imagesIn, type ListedImage } from "./folders.js";
import { holdOut } from "./hold-out.js";
import { annotatedImages, annotationsFile } from "./val-annotations.js";

/** What a folder of images holds, before any of them is decoded. */
export interface Listing {
  /** The folder that holds `train`, or the class folders. */
  readonly folder: string;
  /** Names of the class folders, sorted. */
  readonly classFolders: readonly string[];
  /** In the order of their paths. */
  readonly images: Readonly<Record<Split, readonly ListedImage[]>>;
  /** Files that are no images by their name, and links to nothing. */
  readonly skipped: readonly SkippedImage[];
  /** The share of the images that was held out for validation, because there is no folder of such; null where there is. */
  readonly heldOut: number | null;
}

const validationFolders = ["val", "validation", "valid", "test"];

/**
 * Lists a data set's images; nothing is decoded. Classes without validation images are classes all the same.
 *
 * @param where begins the error
 * @throws FileError where the folder cannot be read, or holds no images in class folders, or validation has other classes
 */
export async function listImages(where: string, folder: string): Promise<Listing> {
  const { root, hasTrain } = await findRoot(where, resolve(folder));
  const train = hasTrain ? "train" : "";
  const classFolders = await foldersIn(root, train);
  const validation = hasTrain ? await findValidation(root) : undefined;

  const skipped: SkippedImage[] = [];
  const list = async (split: Split, name: string): Promise<ListedImage[]> => {
    const images: ListedImage[] = [];
    const present = new Set(await foldersIn(root, name));
    for (const [label, className] of classFolders.entries()) {
      if (!present.has(className)) continue;
      const found = await imagesIn(root, name === "" ? className : `${name}/${className}`, split);
      for (const image of found.images) images.push({ ...image, label });
      for (const left of found.skipped) skipped.push(left);
    }
    return images;
  };
  const assertSome = (images: readonly ListedImage[], name: string): void => {
    if (images.length > 0) return;
    throw new FileError(
      `${where}: ${name} must hold images in class folders, got none in ${resolve(root, name)}; put each image into a folder of its class`,
    );
  };

  const all = await list("train", train);
  assertSome(all, train || "the data set");
  if (validation === undefined) {
    const { kept, heldOut, share } = holdOut(all);
    if (heldOut.length === 0)
      throw new FileError(
        `${where}: a data set must hold a folder val beside train, or a class of two images, one of which can be held out, ` +
          `got ${all.length} images of ${classFolders.length} classes in ${root}; add images`,
      );
    return { folder: root, classFolders, images: { train: kept, validation: heldOut }, skipped, heldOut: share };
  }
  const annotated = await annotatedImages(where, root, validation, classFolders);
  if (annotated === null) await assertKnown(where, root, validation, classFolders);
  const ofValidation = annotated?.images ?? (await list("validation", validation));
  for (const left of annotated?.skipped ?? []) skipped.push(left);
  assertSome(ofValidation, validation);
  return { folder: root, classFolders, images: { train: all, validation: ofValidation }, skipped, heldOut: null };
}

async function findValidation(root: string): Promise<string | undefined> {
  const folders = await foldersIn(root, "");
  return validationFolders.find((name) => folders.includes(name));
}

async function assertKnown(where: string, root: string, validation: string, classes: readonly string[]): Promise<void> {
  const unknown = (await foldersIn(root, validation)).filter((name) => !classes.includes(name));
  if (unknown.length === 0) return;
  throw new FileError(
    `${where}: every class of ${validation} must be one of train, got ${unknown.slice(0, 5).join(", ")} in ${root}; ` +
      `move its images into folders of their classes, or name these in ${validation}/${annotationsFile}`,
  );
}

/** A name for exactly these images: their paths and sizes and, where files may change in place, their times. */
export function fingerprint(images: readonly ListedImage[], { times }: { times: boolean }): string {
  const hash = createHash("sha256");
  for (const { path, bytes, changed } of images) hash.update(`${path}\0${bytes}\0${times ? changed : ""}\n`);
  return hash.digest("hex").slice(0, 16);
}
