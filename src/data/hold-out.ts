/** Validation images out of those for training: a share of each class's, the same ones on every machine. */
import { createHash } from "node:crypto";
import type { ListedImage } from "./folders.js";

/** What is held out where a data set has no validation images of its own. */
export const usualShare = 0.2;

/**
 * Of each class the share of the images whose paths come first by their SHA-256, one at least where there are two: no matter of
 * chance, nor of the order in which images were made, and hardly changed by an image more.
 */
export function holdOut(
  images: readonly ListedImage[],
  share: number,
): {
  kept: ListedImage[];
  heldOut: ListedImage[];
} {
  const classes = new Map<number, { image: ListedImage; rank: string }[]>();
  for (const image of images) {
    const rank = createHash("sha256").update(image.path).digest("hex");
    const known = classes.get(image.label) ?? [];
    known.push({ image, rank });
    classes.set(image.label, known);
  }
  const chosen = new Set<ListedImage>();
  for (const ranked of classes.values()) {
    const count = ranked.length < 2 ? 0 : Math.max(1, Math.round(ranked.length * share));
    ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
    for (const { image } of ranked.slice(0, count)) chosen.add(image);
  }
  return {
    kept: images.filter((image) => !chosen.has(image)),
    heldOut: images.filter((image) => chosen.has(image)),
  };
}
