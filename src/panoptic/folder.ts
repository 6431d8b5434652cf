/** A panoptic set of files in COCO's format: decoded once into a cache, then augmented in threads. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { ConfigError, FileError } from "../core/errors.js";
import { createBatchPool } from "../data/batch-pool.js";
import { cacheFolder } from "../data/cache-folder.js";
import {
  fileOfSplit,
  findPanopticSplits,
  readPanopticAnnotations,
  readSegmentNumbers,
  type AnnotatedImage,
  type PanopticAnnotations,
} from "../data/coco-panoptic.js";
import type { BatchOptions, PrepareOptions, SkippedImage, Split } from "../data/dataset.js";
import { decodeImage } from "../data/decode.js";
import { planEpoch, resolveBatchOptions } from "../data/plan.js";
import { resolvePanopticAugmentation, type PanopticAugmentation } from "./crop.js";
import { batchLabels, type BatchTargetOptions, type PanopticBatch, type PanopticDataset } from "./dataset.js";
import { openMapFile, writeMapFile, type LabelledImage, type MapFacts } from "./map-file.js";
import type { PhotosJob } from "./photo-batches.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** How a folder of panoptic images is read. */
export interface PanopticFolderOptions {
  /** Changes to `panopticAugmentation`. Default: none. */
  readonly augmentation?: Partial<PanopticAugmentation>;
  /** How centres, offsets and weights are made. Default sigma 8, weight 3 below 4096 pixels. */
  readonly targets?: BatchTargetOptions;
  /** Width over height of the batches. Default that of the first image. */
  readonly aspect?: number;
  /** Which annotations are the validation's, `test` for instance. Default `val`. */
  readonly validation?: string;
  /** Where the decoded images are kept. Default: see `cacheFolder`. */
  readonly cacheFolder?: string;
  /** Threads that make batches. Default: 2, or 1 on a single core. */
  readonly threads?: number;
  /** Batches made ahead. Default: as many as fit in 128 MiB, from 2 to 16. */
  readonly prefetch?: number;
}

const keys: KeysOf<PanopticFolderOptions> = {
  augmentation: true,
  targets: true,
  aspect: true,
  validation: true,
  cacheFolder: true,
  threads: true,
  prefetch: true,
};

/** Raise it when the same files would be prepared to other bytes. */
const preparationVersion = 1;

/**
 * Opens a folder with `panoptic_train.json` and `panoptic_val.json` (COCO, Cityscapes or a set of your own; see
 * `findPanopticSplits`). Images that cannot be used are left out and listed in `skipped`; segments of the PNG that the JSON
 * does not list are void. `checkPanoptic` finds such before.
 *
 * @throws FileError where the folder holds no such set, a set has no annotated images, or one cannot be prepared
 * @throws ConfigError for options, of the data set and of its batches
 * @throws AxialError from `batches` of a data set that is closed
 */
export async function panopticFolder(folder: string, options: PanopticFolderOptions = {}): Promise<PanopticDataset> {
  assertKnownKeys("panopticFolder", options, keys);
  const where = "panopticFolder";
  const augmentation = resolvePanopticAugmentation(where, options.augmentation);
  const found = await findPanopticSplits(where, folder);
  const fileOf = (split: Split): string => {
    const named = split === "validation" ? options.validation : undefined;
    const file = named === undefined ? fileOfSplit(found, split) : found.get(named);
    if (file !== undefined) return file;
    throw new FileError(
      `${where}: a set must have annotations for ${named ?? split}, got ${[...found.keys()].join(", ")} in ${folder}; add them`,
    );
  };
  const annotations: Record<Split, PanopticAnnotations> = {
    train: await readPanopticAnnotations(where, fileOf("train")),
    validation: await readPanopticAnnotations(where, fileOf("validation")),
  };
  const { categories, images } = annotations.train;
  if (images.length === 0)
    throw new FileError(`${where}: a set must have annotated images, got none in ${annotations.train.file}; add some`);
  const { aspect = images[0].width / images[0].height, targets = {} } = options;
  if (!(aspect > 0.1 && aspect < 10))
    throw new ConfigError(`${where}: aspect must be from 0.1 to 10, got ${aspect}; use 4 / 3`);

  const classes = categories.map(({ name }) => name);
  const things = categories.flatMap(({ isThing }, index) => (isThing ? [index] : []));
  const name = basename(dirname(annotations.train.file)) || "panoptic";
  const cache = cacheFolder(options.cacheFolder);
  const pool = createBatchPool<PhotosJob, PanopticBatch>(
    `${name}.batches`,
    join(__dirname, "photo-batches.js"),
    options,
  );
  const prepared = new Map<Split, Promise<MapFacts & { readonly path: string }>>();
  const skipped: Record<Split, readonly SkippedImage[]> = { train: [], validation: [] };
  const counts = { train: annotations.train.images.length, validation: annotations.validation.images.length };

  const prepareOne = (split: Split, progress: Pick<PrepareOptions, "signal" | "onProgress">) => {
    const known = prepared.get(split);
    if (known !== undefined) return known;
    const work = prepareSplit({ ...annotations[split], categories }, { split, folder, cache, ...progress }).then(
      (facts) => {
        skipped[split] = facts.skipped;
        counts[split] = facts.images.length;
        return facts;
      },
    );
    prepared.set(split, work);
    work.catch(() => prepared.delete(split)); // Another call tries again.
    return work;
  };

  async function* batches(batchOptions: BatchOptions): AsyncGenerator<PanopticBatch, void, undefined> {
    const resolved = resolveBatchOptions(`${name}.batches`, batchOptions);
    const { split, size, epoch, augment, seed, signal } = resolved;
    const { path } = await prepareOne(split, { signal });
    const plan = planEpoch(`${name}.batches`, counts[split], resolved);
    const job = { path, size, aspect, things, augmentation: augment ? augmentation : null, seed, epoch, targets };
    yield* pool.stream(job, plan, { signal });
  }

  return {
    name,
    targets: "panoptic maps",
    classes,
    things,
    aspect,
    description: { name, version: preparationVersion, classes, things, aspect, augmentation, targets },
    get skipped() {
      return [...skipped.train, ...skipped.validation];
    },
    count: (split) => counts[split],
    async prepare({ splits = ["train", "validation"], signal, onProgress }) {
      for (const split of splits) await prepareOne(split, { signal, onProgress });
    },
    batches,
    close: () => pool.close(),
  };
}

interface Preparation extends Pick<PrepareOptions, "signal" | "onProgress"> {
  readonly split: Split;
  readonly folder: string;
  readonly cache: string;
}

/** Finds the split's file in the cache, or makes it. */
async function prepareSplit(
  annotations: PanopticAnnotations,
  { split, folder, cache, signal, onProgress }: Preparation,
): Promise<MapFacts & { readonly path: string }> {
  const path = join(cache, "panoptic", `${await fingerprint(annotations)}-v${preparationVersion}.bin`);
  if ((await stat(path).catch(() => null)) !== null) {
    const file = openMapFile(path);
    file.close();
    return { path, images: file.images, skipped: file.skipped };
  }
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID().slice(0, 8)}.tmp`;
  async function* decoded(): AsyncGenerator<LabelledImage | SkippedImage> {
    const { images } = annotations;
    for (const [index, image] of images.entries()) {
      signal?.throwIfAborted();
      yield await labelled(image, annotations).catch((error: Error) => ({
        split,
        path: relative(folder, image.image).replaceAll("\\", "/"),
        reason: error.message.split("\n")[0],
      }));
      onProgress?.({ task: "decode", what: split, unit: "images", done: index + 1, total: images.length });
    }
  }
  try {
    const facts = await writeMapFile(temporary, decoded());
    if (facts.images.length === 0)
      throw new FileError(
        `panopticFolder: a split must have usable images, got none of ${annotations.images.length} in ${annotations.file}: ` +
          `${facts.skipped[0]?.reason ?? "it lists none"}; run npx axial-lab data check`,
      );
    await rename(temporary, path);
    return { path, ...facts };
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The photograph's bytes and the labels of its pixels, by the classes' places in the list of categories. */
async function labelled(image: AnnotatedImage, { categories }: PanopticAnnotations): Promise<LabelledImage> {
  const { width, height, bytes } = await decodeImage(image.image, Number.MAX_SAFE_INTEGER);
  const numbers = await readSegmentNumbers("panopticFolder", image.labels);
  if (numbers.width !== width || numbers.height !== height)
    throw new FileError(
      `panopticFolder: labels must have the photograph's size, got ${numbers.width} x ${numbers.height} for ${width} x ${height}; scale one`,
    );
  const { divisor, ignore } = batchLabels;
  const places = new Map(categories.map(({ id, isThing }, index) => [id, { index, isThing }]));
  const used = new Map<number, number>();
  const labels = new Map<number, number>();
  for (const { id, category, isCrowd } of image.segments) {
    const place = places.get(category);
    if (place === undefined)
      throw new FileError(`panopticFolder: segment ${id} must have a category of the list, got ${category}; add it`);
    if (!place.isThing || isCrowd) {
      labels.set(id, place.index * divisor);
      continue;
    }
    const object = (used.get(place.index) ?? 0) + 1;
    used.set(place.index, object);
    labels.set(id, place.index * divisor + object);
  }
  return { width, height, bytes, labels: numbers.values.map((id) => labels.get(id) ?? ignore * divisor) };
}

/** A name for exactly these files: their paths, sizes and times, and the annotations. */
async function fingerprint({ file, images, categories }: PanopticAnnotations): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(categories));
  for (const path of [file, ...images.flatMap(({ image, labels }) => [image, labels])]) {
    const status = await stat(path).catch(() => null);
    hash.update(`${path}\0${status?.size}\0${Math.floor(status?.mtimeMs ?? 0)}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}
