/**
 * Finds the images of a data set: `train/CLASS/*` and `val/CLASS/*`, by any name that they go by (`splitNames`), folders in a
 * class among them; without a `val`, a share of `train`; without a `train`, the class folders themselves.
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { ConfigError, FileError } from "../core/errors.js";
import { assertKnownKeys } from "../core/options.js";
import type { SkippedImage, Split } from "./dataset.js";
import { findRoot, foldersIn, imagesIn, splitFolder, type ListedImage } from "./folders.js";
import { holdOut, usualShare } from "./hold-out.js";
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
  /** The share of the training images that was held out for validation; null where the folder's own validation images are. */
  readonly heldOut: number | null;
}

/** Where the images for validation come from. */
export interface ListOptions {
  /**
   * The share of each class's training images, above 0 and below 1, that is held out for validation in place of the folder's
   * validation images, which are then left alone: what choices are made on. Default: the folder's, or 0.2 where it has none.
   */
  readonly holdOut?: number;
}

/**
 * Lists a data set's images; nothing is decoded. Classes without validation images are classes all the same; those without
 * training images are none.
 *
 * @param where begins the error
 * @throws ConfigError for a share that is not above 0 and below 1
 * @throws FileError where the folder cannot be read, or holds no images in class folders, or validation has other classes
 */
export async function listImages(where: string, folder: string, options: ListOptions = {}): Promise<Listing> {
  assertKnownKeys(where, options, { holdOut: true });
  const { holdOut: asked } = options;
  if (asked !== undefined && !(asked > 0 && asked < 1))
    throw new ConfigError(`${where}: holdOut must be above 0 and below 1, got ${asked}; leave it out, or use 0.2`);
  const found = await findRoot(where, resolve(folder));
  const { root } = found;
  const train = found.train ?? "";
  const ownValidation = found.train !== null && asked === undefined;
  const validation = ownValidation ? splitFolder(await foldersIn(root, ""), "validation") : undefined;

  const skipped: SkippedImage[] = [];
  const classFolders: string[] = [];
  const list = async (split: Split, name: string): Promise<ListedImage[]> => {
    const images: ListedImage[] = [];
    for (const className of await foldersIn(root, name)) {
      if (split === "validation" && !classFolders.includes(className)) continue;
      const path = name === "" ? className : `${name}/${className}`;
      const { images: own, skipped: left } = await imagesIn(root, path, split);
      for (const one of left) skipped.push(one);
      if (split === "train") {
        if (own.length > 0) classFolders.push(className);
        else skipped.push({ split, path, reason: "a class without images" });
      }
      const label = classFolders.indexOf(className);
      for (const image of own) images.push({ ...image, label });
    }
    return images;
  };
  const assertSome = (images: readonly ListedImage[], name: string): void => {
    if (images.length > 0) return;
    const others = skipped.length === 0 ? "" : ` but ${skipped[0].path}, ${skipped[0].reason},`;
    throw new FileError(
      `${where}: ${name} must hold images in class folders, got none${others} in ${resolve(root, name)}; ` +
        "put each image, as a JPEG, PNG or other kind that is read, into a folder of its class",
    );
  };

  const all = await list("train", train);
  assertSome(all, train || "the data set");
  if (validation === undefined) {
    const share = asked ?? usualShare;
    const { kept, heldOut } = holdOut(all, share);
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
