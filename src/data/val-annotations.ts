/** Tiny ImageNet's validation images: all in `val/images`, their classes in `val/val_annotations.txt`. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FileError } from "../core/errors.js";
import type { SkippedImage } from "./dataset.js";
import { imagesIn, type ListedImage } from "./folders.js";

export const annotationsFile = "val_annotations.txt";

/** Null where there is no such file: lines of a file's name, its class's folder, and more, between tabs. */
export async function annotatedImages(
  where: string,
  root: string,
  validation: string,
  classFolders: readonly string[],
): Promise<{ images: ListedImage[]; skipped: SkippedImage[] } | null> {
  const text = await readFile(join(root, validation, annotationsFile), "utf8").catch(() => null);
  if (text === null) return null;
  const labels = new Map<string, number>();
  for (const line of text.split(/\r?\n/)) {
    const [name, className] = line.split("\t");
    if (line.trim() === "") continue;
    const label = classFolders.indexOf(className);
    if (label < 0)
      throw new FileError(
        `${where}: every line of ${validation}/${annotationsFile} must name a class of train, got ${JSON.stringify(line)} in ${root}; take the file that belongs to these folders`,
      );
    labels.set(name, label);
  }
  const { images, skipped } = await imagesIn(root, `${validation}/images`, "validation");
  const labelled: ListedImage[] = [];
  for (const image of images) {
    const label = labels.get(image.path.split("/").pop()!);
    if (label === undefined) skipped.push({ split: "validation", path: image.path, reason: "without a class" });
    else labelled.push({ ...image, label });
  }
  return { images: labelled, skipped };
}
