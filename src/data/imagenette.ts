/**
 * Imagenette, version 2 (fastai, Apache-2.0, https://github.com/fastai/imagenette): ten easy classes of ImageNet, 9,469
 * training and 3,925 validation images.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { writeFileAtomically } from "../core/atomic-file.js";
import { ConfigError, FileError } from "../core/errors.js";
import { cacheFolder } from "./cache-folder.js";
import type { Progress } from "./dataset.js";
import { download } from "./download.js";
import { imageFolder, type ImageFolderDataset, type ImageFolderOptions } from "./image-folder.js";
import { unpack, type UnpackOptions } from "./unpack.js";
import { assertKnownKeys, assertObject, type KeysOf } from "../core/options.js";

/** Folders of the classes and what they show, in the order of their numbers. */
export const imagenetteClasses: Readonly<Record<string, string>> = {
  n01440764: "tench",
  n02102040: "English springer",
  n02979186: "cassette player",
  n03000684: "chain saw",
  n03028079: "church",
  n03394916: "French horn",
  n03417042: "garbage truck",
  n03425413: "gas pump",
  n03445777: "golf ball",
  n03888257: "parachute",
};

/** An official archive: where it lies, and how to tell that it came whole. */
export interface Archive {
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * The official archives, by the images' shorter side. Sizes and checksums: TensorFlow Datasets 4.9,
 * `tensorflow_datasets/datasets/imagenette/checksums.tsv`; torchvision's `Imagenette` class lists the same addresses.
 */
export const imagenetteArchives = {
  full: {
    url: "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2.tgz",
    bytes: 1_557_161_267,
    sha256: "6cbfac238434d89fe99e651496f0812ebc7a10fa62bd42d6874042bf01de4efd",
  },
  320: {
    url: "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-320.tgz",
    bytes: 341_663_724,
    sha256: "569b4497c98db6dd29f335d1f109cf315fe127053cedf69010d047f0188e158c",
  },
  160: {
    url: "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz",
    bytes: 99_003_388,
    sha256: "64d0c4859f35a461889e0147755a999a48b49bf38a7e0f9bd27003f10db02fe5",
  },
} as const satisfies Record<string, Archive>;

/** The name of an archive of `imagenetteArchives`: the shorter side of its images. */
export type ImagenetteVariant = keyof typeof imagenetteArchives;

/** Where Imagenette comes from and where it is unpacked. */
export interface FetchImagenetteOptions {
  /** A local archive (.tgz, .tar) or folder, instead of a download. Default: a download. */
  readonly from?: string;
  /**
   * Which archive to download: shorter side of its images, 160, 320 or "full". Default: what `bringImagenette` brought last,
   * else 160.
   */
  readonly variant?: ImagenetteVariant;
  /** The folder to unpack to. Default: one in the cache folder. */
  readonly to?: string;
  /** Default: see `cacheFolder`. */
  readonly cacheFolder?: string;
  /** Keep a downloaded archive after unpacking it. Default false. */
  readonly keepArchive?: boolean;
  /** Ends the work with the signal's reason. Default: none. */
  readonly signal?: AbortSignal;
  /** Told how far it is. Default: nobody. */
  readonly onProgress?: (progress: Progress) => void;
  /** Where the official archives are. Default `imagenetteArchives`; for mirrors, and for tests. */
  readonly archives?: Readonly<Record<ImagenetteVariant, Archive>>;
}

const fetchKeys: KeysOf<FetchImagenetteOptions> = {
  from: true,
  variant: true,
  to: true,
  cacheFolder: true,
  keepArchive: true,
  signal: true,
  onProgress: true,
  archives: true,
};

const isFilled = (folder: string): Promise<boolean> =>
  readdir(folder).then(
    (names) => names.length > 0,
    () => false,
  );

/** Unpacks, or takes what another process has put there meanwhile: a folder appears whole or not at all. */
async function unpackShared(options: UnpackOptions): Promise<void> {
  try {
    await unpack(options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(await isFilled(options.to))) throw error;
  }
}

/**
 * Brings Imagenette onto this machine, where it is not there yet, and returns its folder: downloads an official archive
 * (resumably, checksum verified) or takes a local one, and unpacks it.
 *
 * @returns the folder that holds `train` and `val`
 * @throws FileError where the archive cannot be downloaded, comes with another SHA-256 or cannot be unpacked, or `from` is not there
 * @throws ConfigError for options: one of `from` and `variant` alone, a variant that is published
 */
export async function fetchImagenette(options: FetchImagenetteOptions = {}): Promise<string> {
  assertKnownKeys("fetchImagenette", options, fetchKeys);
  const { from, variant } = options;
  if (from !== undefined) {
    if (variant !== undefined)
      throw new ConfigError(
        `imagenette: only one of from and variant can be given, got ${from} and ${variant}; leave one out`,
      );
    return fromHere(resolve(from), options);
  }
  const brought = variant === undefined && options.to === undefined ? await lastBrought(options) : null;
  return brought ?? downloaded(variant ?? 160, options);
}

/**
 * The same, and makes it the one that `fetchImagenette` and `imagenette` find when they are not told which.
 *
 * @throws FileError where the archive cannot be had, as {@link fetchImagenette}
 * @throws ConfigError for options
 */
export async function bringImagenette(options: FetchImagenetteOptions = {}): Promise<string> {
  assertObject("bringImagenette", options, "the options", "{ variant, from, ... }");
  // Asked for by name: what was brought before is not meant.
  const asked = options.from === undefined ? { ...options, variant: options.variant ?? 160 } : options;
  const folder = resolve(await fetchImagenette(asked));
  const path = broughtPath(options);
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomically(path, [new TextEncoder().encode(JSON.stringify({ folder }))]);
  return folder;
}

const broughtPath = (options: FetchImagenetteOptions): string =>
  join(cacheFolder(options.cacheFolder), "imagenette", "brought.json");

/** The folder that `bringImagenette` brought last, where it is still there. */
async function lastBrought(options: FetchImagenetteOptions): Promise<string | null> {
  try {
    const { folder } = JSON.parse(await readFile(broughtPath(options), "utf8")) as { folder?: unknown };
    return typeof folder === "string" && (await isFilled(folder)) ? folder : null;
  } catch {
    return null;
  }
}

async function fromHere(from: string, options: FetchImagenetteOptions): Promise<string> {
  const { signal, onProgress } = options;
  const status = await stat(from).catch((error: NodeJS.ErrnoException) => {
    throw new FileError(
      `imagenette: from must be a file or folder, got ${error.code} for ${from}; check its name and its rights`,
      { cause: error },
    );
  });
  if (status.isDirectory()) return from;
  // The same name may stand for another archive tomorrow: its place, size and time belong to the key.
  const key = createHash("sha256").update(`${from}\0${status.size}\0${status.mtimeMs}`).digest("hex");
  const name = `${basename(from).replace(/\.(tgz|tar\.gz|tar)$/i, "")}-${key.slice(0, 8)}`;
  const to = options.to ?? join(cacheFolder(options.cacheFolder), "imagenette", name);
  if (!(await isFilled(to))) await unpackShared({ archive: from, to, signal, onProgress });
  return to;
}

async function downloaded(variant: ImagenetteVariant, options: FetchImagenetteOptions): Promise<string> {
  const { signal, onProgress, keepArchive = false, archives = imagenetteArchives } = options;
  if (!Object.hasOwn(archives, variant)) {
    const names = Object.keys(archives).join(", ");
    throw new ConfigError(
      `imagenette: variant must be one that is published, got ${JSON.stringify(variant)}; use ${names}`,
    );
  }
  const archive = archives[variant];
  const file = join(cacheFolder(options.cacheFolder), "imagenette", basename(new URL(archive.url).pathname));
  const to = options.to ?? file.replace(/\.tgz$/, "");
  if (await isFilled(to)) return to;
  await download({ ...archive, to: file, signal, onProgress });
  await unpackShared({ archive: file, to, signal, onProgress });
  if (!keepArchive) await rm(file, { force: true });
  return to;
}

/** Where Imagenette comes from, and how its images are read. */
export interface ImagenetteOptions extends FetchImagenetteOptions, Omit<ImageFolderOptions, "name" | "nameOfClass"> {}

/**
 * Imagenette as a data set, downloaded at first use:
 *
 *     const dataset = await imagenette({ from: "imagenette2-320.tgz", augmentation: "reference" });
 *
 * @throws FileError where the archive cannot be had, as {@link fetchImagenette}, or the folders are not the ten classes
 * @throws ConfigError for options, of the data set and of its batches
 * @throws AxialError from `batches` of a data set that is closed
 */
export async function imagenette(options: ImagenetteOptions = {}): Promise<ImageFolderDataset> {
  assertKnownKeys("imagenette", options, {
    ...fetchKeys,
    ...{ augmentation: true, holdOut: true, threads: true, prefetch: true },
  });
  const { augmentation, holdOut, threads, prefetch, ...fetched } = options;
  const folder = await fetchImagenette(fetched);
  const dataset = await imageFolder(folder, {
    ...{ augmentation, holdOut, threads, prefetch, cacheFolder: fetched.cacheFolder },
    name: "imagenette",
    nameOfClass: (name) => imagenetteClasses[name] ?? name,
  });
  const expected = Object.values(imagenetteClasses);
  if (dataset.classes.join() !== expected.join()) {
    await dataset.close();
    throw new FileError(
      `imagenette: the folders must be the ten classes of Imagenette, got ${dataset.classes.length} ` +
        `(${dataset.classes.slice(0, 3).join(", ")} ...) in ${folder}; open other images with imageFolder`,
    );
  }
  return dataset;
}
