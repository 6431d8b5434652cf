/** A data set of image files in folders of their classes: decoded once into a cache, then augmented in threads. */
import { basename, join } from "node:path";
import { ConfigError } from "../core/errors.js";
import { resolveAugmentation, sourceSide, type Augmentation, type AugmentationPreset } from "./augmentation.js";
import { createBatchPool } from "./batch-pool.js";
import { cacheFolder } from "./cache-folder.js";
import type { BatchOptions, ImageBatch, ImageDataset, PrepareOptions, SkippedImage, Split } from "./dataset.js";
import { fingerprint, listImages } from "./listing.js";
import type { PixelsJob } from "./pixel-batches.js";
import { planEpoch, resolveBatchOptions } from "./plan.js";
import { prepareSplit, type PreparedSplit } from "./prepare.js";
import { assertKnownKeys, shown, type KeysOf } from "../core/options.js";

/** How the images of a folder are read, kept and changed. */
export interface ImageFolderOptions {
  /** Default `"fastai"`. */
  readonly augmentation?: AugmentationPreset | Partial<Augmentation>;
  /**
   * The share of each class's training images that validation is on, above 0 and below 1, in place of the folder's validation
   * images: what choices of a recipe are made on. Default: the folder's, or 0.2 where it has none.
   */
  readonly holdOut?: number;
  /** Where the decoded images are kept. Default: see `cacheFolder`. */
  readonly cacheFolder?: string;
  /** Threads that make batches. Default: 2, or 1 on a single core. */
  readonly threads?: number;
  /** Batches made ahead. Default: as many as fit in 128 MiB, from 2 to 16. */
  readonly prefetch?: number;
  /** Default: the folder's name. */
  readonly name?: string;
  /** What the classes are called; default: their folders. */
  readonly nameOfClass?: (folder: string) => string;
}

const keys: KeysOf<ImageFolderOptions> = {
  augmentation: true,
  holdOut: true,
  cacheFolder: true,
  threads: true,
  prefetch: true,
  name: true,
  nameOfClass: true,
};

/** A data set of the images of a folder, one folder a class. */
export interface ImageFolderDataset extends ImageDataset {
  /** The folder that holds `train` and `val`, or the classes. */
  readonly folder: string;
  /** The share of the training images that was held out for validation; null where the folder's own validation images are. */
  readonly heldOut: number | null;
  readonly augmentation: Augmentation;
  /** Path of an image, as batches count them in `indices`. */
  path(split: Split, index: number): string;
}

/**
 * Opens a folder of images: `train/CLASS` and `val/CLASS`, or `train/CLASS` or `CLASS` alone, of which a fifth is then held out
 * for validation. Classes are numbered in the order of their folders' names; folders within a class belong to it. Images that
 * cannot be decoded are left out and listed in `skipped`.
 *
 * @throws FileError where the folder cannot be read or holds no such data set; from `prepare` and `batches` where no image of
 *   a split can be decoded, or the cache has no room for the decoded images
 * @throws ConfigError for options, of the data set and of its batches
 * @throws AxialError from `batches` of a data set that is closed
 */
export async function imageFolder(folder: string, options: ImageFolderOptions = {}): Promise<ImageFolderDataset> {
  if (typeof (folder as unknown) !== "string")
    throw new ConfigError(`imageFolder: the folder must be a path, got ${shown(folder)}; name a folder of images`);
  assertKnownKeys("imageFolder", options, keys);
  const { nameOfClass = (name) => name } = options;
  const augmentation = resolveAugmentation("imageFolder", options.augmentation);
  const listing = await listImages("imageFolder", folder, { holdOut: options.holdOut });
  const name = options.name ?? basename(listing.folder);
  const cache = cacheFolder(options.cacheFolder);
  const maker = join(__dirname, "pixel-batches.js");
  const pool = createBatchPool<PixelsJob, ImageBatch>(`${name}.batches`, maker, options);
  const classes = listing.classFolders.map(nameOfClass);

  const skippedByDecoding: Partial<Record<Split, readonly SkippedImage[]>> = {};
  const preparations = new Map<string, Promise<PreparedSplit>>();
  const prepareOne = (split: Split, { size, signal, onProgress }: Omit<PrepareOptions, "splits">) => {
    const side = sourceSide(size, augmentation);
    const key = `${split} ${side}`;
    const prepared =
      preparations.get(key) ??
      prepareSplit(`${name}.prepare`, { listing, split, side, cacheFolder: cache, signal, onProgress }).then(
        (result) => {
          skippedByDecoding[split] = result.skipped;
          return result;
        },
      );
    preparations.set(key, prepared);
    prepared.catch(() => preparations.delete(key)); // Another call tries again.
    return prepared;
  };
  /** The listed images that are not known to be broken: what `indices` count. */
  const readable = (split: Split) => {
    const broken = new Set(skippedByDecoding[split]?.map(({ path }) => path));
    return listing.images[split].filter(({ path }) => !broken.has(path));
  };

  async function* batches(batchOptions: BatchOptions): AsyncGenerator<ImageBatch, void, undefined> {
    const where = `${name}.batches`;
    const resolved = resolveBatchOptions(where, batchOptions);
    const { split, size, augment, seed, epoch, signal } = resolved;
    const { path, count } = await prepareOne(split, { size, signal });
    const job = { path, size, augmentation, augment, seed, epoch };
    yield* pool.stream(job, planEpoch(where, count, resolved), { signal });
  }

  return {
    name,
    targets: "classes",
    classes,
    folder: listing.folder,
    heldOut: listing.heldOut,
    augmentation,
    description: {
      name,
      classes,
      train: listing.images.train.length,
      validation: listing.images.validation.length,
      ...(listing.heldOut !== null && { heldOut: listing.heldOut }),
      fingerprint: fingerprint([...listing.images.train, ...listing.images.validation], { times: false }),
      augmentation,
    },
    get skipped() {
      const { train = [], validation = [] } = skippedByDecoding;
      return [...listing.skipped, ...train, ...validation];
    },
    count: (split) => listing.images[split].length - (skippedByDecoding[split]?.length ?? 0),
    async prepare({ splits = ["train", "validation"], ...rest }) {
      for (const split of splits) await prepareOne(split, rest);
    },
    batches,
    close: () => pool.close(),
    path: (split, index) => {
      const images = readable(split);
      if (Object.hasOwn(images, index)) return join(listing.folder, images[index].path);
      throw new ConfigError(
        `${name}.path: index must be from 0 to ${images.length - 1}, got ${index}; take one of those`,
      );
    },
  };
}
