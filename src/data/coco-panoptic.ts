/**
 * Reads panoptic annotations in COCO's format: a JSON file that lists images, segments and categories, and a folder of
 * PNGs whose pixels hold the segments' numbers as R + 256 G + 65536 B.
 *
 * Source: the format description of the COCO panoptic task; Cityscapes' `createPanopticImgs.py` writes the same.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import sharp from "sharp";
import { FileError } from "../core/errors.js";
import type { Split } from "./dataset.js";

export interface PanopticCategory {
  /** Number in the file; any, and with gaps. */
  readonly id: number;
  readonly name: string;
  readonly isThing: boolean;
}

export interface AnnotatedSegment {
  /** Its number in the PNG. 0 is void. */
  readonly id: number;
  readonly category: number;
  readonly isCrowd: boolean;
  /** Pixels, as the file says. */
  readonly area: number;
}

export interface AnnotatedImage {
  readonly id: number | string;
  /** Path of the photograph. */
  readonly image: string;
  /** Path of the PNG of segment numbers. */
  readonly labels: string;
  readonly width: number;
  readonly height: number;
  readonly segments: readonly AnnotatedSegment[];
}

/** One split of a panoptic set. */
export interface PanopticAnnotations {
  readonly split: string;
  /** Path of the JSON file. */
  readonly file: string;
  readonly categories: readonly PanopticCategory[];
  readonly images: readonly AnnotatedImage[];
}

/** Folders below the set's own in which annotations may be. */
const annotationFolders = ["", "annotations", "gtFine", "gt"];
const splitNames: Readonly<Record<Split, readonly string[]>> = {
  train: ["train"],
  validation: ["val", "validation", "valid"],
};

/** The names of the splits in a folder with a path of each, `train` to `panoptic_train.json`. */
export async function findPanopticSplits(where: string, folder: string): Promise<Map<string, string>> {
  const root = resolve(folder);
  if (!(await stat(root).catch(() => null))?.isDirectory())
    throw new FileError(
      `${where}: a panoptic set must be a folder, got ${folder}; give the one with panoptic_train.json`,
    );
  const splits = new Map<string, string>();
  for (const inner of annotationFolders) {
    const entries = await readdir(join(root, inner)).catch(() => []);
    for (const name of entries.sort()) {
      const split = /^(?:cityscapes_)?panoptic_(.+?)(?:2017)?(?:_trainId)?\.json$/.exec(name)?.[1];
      if (split !== undefined && !splits.has(split)) splits.set(split, join(root, inner, name));
    }
  }
  if (splits.size === 0)
    throw new FileError(
      `${where}: a panoptic set must hold panoptic_SPLIT.json, here or in ${annotationFolders.slice(1).join(", ")}, ` +
        `got none in ${root}; write the annotations in COCO's panoptic format`,
    );
  return splits;
}

/** The file of a split by the names that it goes by. */
export function fileOfSplit(splits: ReadonlyMap<string, string>, split: Split): string | undefined {
  return splitNames[split].map((name) => splits.get(name)).find((file) => file !== undefined);
}

interface CocoFile {
  readonly images: readonly {
    readonly id: number | string;
    readonly file_name: string;
    readonly width: number;
    readonly height: number;
  }[];
  readonly annotations: readonly {
    readonly image_id: number | string;
    readonly file_name: string;
    readonly segments_info: readonly {
      readonly id: number;
      readonly category_id: number;
      readonly iscrowd?: number;
      readonly area?: number;
    }[];
  }[];
  readonly categories: readonly { readonly id: number; readonly name: string; readonly isthing?: number }[];
}

/**
 * Reads the JSON file of one split. Images without annotation, and annotations without image, are left out: the check
 * finds them.
 *
 * @throws FileError when the file cannot be read or lacks what the format asks for.
 */
export async function readPanopticAnnotations(where: string, file: string): Promise<PanopticAnnotations> {
  const { images, annotations, categories } = parse(where, file, await readText(where, file));
  const folder = dirname(file);
  const split = basename(file, ".json").replace(/^.*panoptic_/, "");
  const byImage = new Map(annotations.map((annotation) => [annotation.image_id, annotation]));
  const photographs = await photographsOf(folder, split);
  return {
    split,
    file,
    categories: categories.map(({ id, name, isthing }) => ({ id, name, isThing: isthing === 1 })),
    images: images.flatMap(({ id, file_name, width, height }) => {
      const annotation = byImage.get(id);
      if (annotation === undefined) return [];
      const segments = annotation.segments_info.map((segment) => ({
        id: segment.id,
        category: segment.category_id,
        isCrowd: segment.iscrowd === 1,
        area: segment.area ?? -1,
      }));
      const labels = join(file.slice(0, -extname(file).length), annotation.file_name);
      return [{ id, image: photographs(id, file_name), labels, width, height, segments }];
    }),
  };
}

async function readText(where: string, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FileError(`${where}: annotations must be readable, got ${code} for ${file}; check the path`);
  }
}

function parse(where: string, file: string, text: string): CocoFile {
  let content: Partial<CocoFile> | null;
  try {
    content = JSON.parse(text.replace(/^\uFEFF/, "")) as Partial<CocoFile> | null;
  } catch (error) {
    throw new FileError(
      `${where}: annotations must be whole JSON, got ${file}: ${(error as Error).message}; write it again`,
    );
  }
  for (const list of ["images", "annotations", "categories"] as const)
    if (!Array.isArray(content?.[list]))
      throw new FileError(`${where}: annotations must list ${list}, got ${file} without; write COCO's panoptic format`);
  const { annotations } = content as CocoFile;
  const unsegmented = annotations.find(({ segments_info }) => !Array.isArray(segments_info));
  if (unsegmented !== undefined)
    throw new FileError(
      `${where}: every annotation must list segments_info, got none for image ${unsegmented.image_id} in ${file}; ` +
        `give panoptic annotations, not those of detection`,
    );
  return content as CocoFile;
}

/**
 * Where photographs are. COCO: in a folder of the split's name beside the annotations or their folder. Cityscapes:
 * `leftImg8bit/SPLIT/CITY/`, under a name that its JSON file has not: `gtFine_` is left out.
 */
async function photographsOf(folder: string, split: string): Promise<(id: number | string, name: string) => string> {
  const roots = [folder, dirname(folder)];
  for (const root of roots) {
    const cities = join(root, "leftImg8bit", split);
    if ((await stat(cities).catch(() => null))?.isDirectory())
      return (id) => join(cities, String(id).split("_")[0], `${String(id)}_leftImg8bit.png`);
  }
  const candidates = roots.flatMap((root) => [
    join(root, split),
    join(root, `${split}2017`),
    join(root, "images", split),
    join(root, "images"),
  ]);
  for (const candidate of candidates)
    if ((await stat(candidate).catch(() => null))?.isDirectory()) return (_, name) => join(candidate, name);
  return (_, name) => join(folder, split, name);
}

/** [H, W] segment numbers of a PNG. */
export interface SegmentNumbers {
  readonly width: number;
  readonly height: number;
  readonly values: Int32Array;
}

/**
 * Reads a PNG of segment numbers.
 *
 * @throws FileError when it is no PNG of red, green and blue with 8 bits each: what a palette, grey or 16 bits mean
 *   nobody says.
 */
export async function readSegmentNumbers(where: string, path: string): Promise<SegmentNumbers> {
  const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new FileError(`${where}: labels must be readable, got ${error.code} for ${path}; check the path`);
  });
  let kind: string;
  try {
    const { format, channels, depth, isPalette } = await sharp(file).metadata();
    kind = `${format}${isPalette ? " with a palette" : ""}, ${channels} channels of ${depth}`;
    if (format === "png" && isPalette !== true && channels === 3 && depth === "uchar") {
      const { data, info } = await sharp(file, { failOn: "error" }).raw().toBuffer({ resolveWithObject: true });
      const values = new Int32Array(info.width * info.height);
      for (let pixel = 0; pixel < values.length; pixel++)
        values[pixel] = data[3 * pixel] + 256 * data[3 * pixel + 1] + 65536 * data[3 * pixel + 2];
      return { width: info.width, height: info.height, values };
    }
  } catch (error) {
    throw new FileError(
      `${where}: labels must be a whole PNG, got ${path} (${(error as Error).message.split("\n")[0]}); fetch it again`,
    );
  }
  throw new FileError(
    `${where}: labels must be a PNG of red, green and blue with 8 bits each, got ${path} (${kind}); ` +
      `write segment numbers as R + 256 G + 65536 B`,
  );
}
