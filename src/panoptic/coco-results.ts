/**
 * Panoptic maps as COCO's results: a PNG each, whose pixels hold R + 256 G + 65536 B, and one JSON file of segments, as
 * panopticapi reads them.
 */
import { mkdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import sharp from "sharp";
import { writeFileAtomically } from "../core/atomic-file.js";
import type { AnnotatedImage, PanopticCategory } from "../data/coco-panoptic.js";
import { batchLabels, batchSpace } from "./dataset.js";
import { segmentsOf, type PixelMap } from "./panoptic-map.js";

/** A prediction for one image of a set. */
export interface PanopticResult {
  readonly image: Pick<AnnotatedImage, "id" | "labels">;
  /** `class * 1000 + object`, classes by their place in the list of categories. */
  readonly map: PixelMap;
}

/**
 * Writes `panoptic_SPLIT.json` and the folder `panoptic_SPLIT` of PNGs into `folder`. Segments are numbered from 1 in each
 * image, void is 0.
 */
export async function writePanopticResults(
  folder: string,
  split: string,
  categories: readonly PanopticCategory[],
  results: AsyncIterable<PanopticResult> | Iterable<PanopticResult>,
): Promise<void> {
  const things = categories.flatMap(({ isThing }, index) => (isThing ? [index] : []));
  const maps = join(folder, `panoptic_${split}`);
  await mkdir(maps, { recursive: true });
  const annotations: unknown[] = [];
  for await (const { image, map } of results) {
    const numbers = new Map<number, number>();
    const segments_info = segmentsOf(map, batchSpace(things)).map(({ label, category, area }, index) => {
      numbers.set(label, index + 1);
      return { id: index + 1, category_id: categories[category].id, area, iscrowd: 0 };
    });
    const file_name = `${basename(image.labels, extname(image.labels))}.png`;
    await writeFileAtomically(join(maps, file_name), [
      await segmentNumbersPng(map, (label) => numbers.get(label) ?? 0),
    ]);
    annotations.push({ image_id: image.id, file_name, segments_info });
  }
  const json = JSON.stringify({ annotations, categories: categories.map(cocoCategory) });
  await writeFileAtomically(join(folder, `panoptic_${split}.json`), [new TextEncoder().encode(`${json}\n`)]);
}

const cocoCategory = ({ id, name, isThing }: PanopticCategory) => ({ id, name, isthing: isThing ? 1 : 0 });

/** Void of a batch's labels. */
export const voidLabel = batchLabels.ignore * batchLabels.divisor;

/** A PNG of the numbers of labels. */
export async function segmentNumbersPng(
  { height, width, values }: PixelMap,
  numberOf: (label: number) => number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(3 * values.length);
  values.forEach((label, pixel) => {
    const number = numberOf(label);
    bytes[3 * pixel] = number & 255;
    bytes[3 * pixel + 1] = (number >> 8) & 255;
    bytes[3 * pixel + 2] = number >> 16;
  });
  return sharp(bytes, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
