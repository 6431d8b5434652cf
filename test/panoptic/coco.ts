/** A small panoptic set in COCO's format, written for a test. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { segmentNumbersPng } from "../../src/panoptic/coco-results.js";

export const categories = [
  { id: 7, name: "road", isthing: 0 },
  { id: 11, name: "car", isthing: 1 },
];

interface WrittenSegment {
  id: number;
  category_id: number;
  area: number;
  iscrowd: number;
}

/** One image of 13 x 11 pixels: a road, and cars with these numbers, two columns each. */
export async function writeImage(folder: string, split: string, name: string, cars: readonly number[]) {
  const [width, height] = [13, 11];
  const values = new Int32Array(width * height).fill(1);
  cars.forEach((number, index) => {
    for (let y = 3; y < 8; y++) for (let x = 0; x < 2; x++) values[y * width + 3 * index + x] = number;
  });
  const photograph = Buffer.alloc(width * height * 3, 90);
  values.forEach((number, pixel) => number > 1 && photograph.fill(200, 3 * pixel, 3 * pixel + 2));
  await mkdir(join(folder, split), { recursive: true });
  await mkdir(join(folder, `panoptic_${split}`), { recursive: true });
  const raw = { raw: { width, height, channels: 3 as const } };
  await sharp(photograph, raw)
    .png()
    .toFile(join(folder, split, `${name}.png`));
  const png = await segmentNumbersPng({ width, height, values }, (number) => number);
  await writeFile(join(folder, `panoptic_${split}`, `${name}.png`), png);
  const segments_info: WrittenSegment[] = [
    { id: 1, category_id: 7, area: width * height - 10 * cars.length, iscrowd: 0 },
    ...cars.map((id) => ({ id, category_id: 11, area: 10, iscrowd: 0 })),
  ];
  return {
    image: { id: name, file_name: `${name}.png`, width, height },
    annotation: { image_id: name, file_name: `${name}.png`, segments_info },
  };
}

type Written = Awaited<ReturnType<typeof writeImage>>;

export async function writeAnnotations(folder: string, split: string, images: readonly Written[]): Promise<string> {
  const file = join(folder, `panoptic_${split}.json`);
  const content = {
    images: images.map(({ image }) => image),
    annotations: images.map(({ annotation }) => annotation),
    categories,
  };
  await writeFile(file, JSON.stringify(content));
  return file;
}

/** Three images to train on and two to validate. */
export async function writeSet(folder: string): Promise<void> {
  for (const [split, names] of [
    ["train", ["a", "b", "c"]],
    ["val", ["d", "e"]],
  ] as const) {
    const images = [];
    for (const [index, name] of names.entries())
      images.push(await writeImage(folder, split, name, index === 1 ? [] : [2, 70000]));
    await writeAnnotations(folder, split, images);
  }
}
