/** Small image files for tests, made on the spot. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import sharp from "sharp";

export type Color = readonly [number, number, number];

/** A JPEG of one colour, subtly shaded so that no two numbers give the same file. */
export function jpeg(width: number, height: number, [r, g, b]: Color, number = 0): Promise<Buffer> {
  const bytes = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const shade = Math.floor(i / 3) % width < number ? -8 : 0;
    return Math.max(0, [r, g, b][i % 3] + shade);
  });
  return sharp(bytes, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

export function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array | string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** A data set of two classes, "dark" and "light": `train` and `val` images of each. */
export async function writeDataset(folder: string, { train, val }: { train: number; val: number }): Promise<void> {
  for (const [split, count] of [["train", train] as const, ["val", val] as const]) {
    for (const [name, level] of [["dark", 40] as const, ["light", 200] as const]) {
      for (let i = 0; i < count; i++) {
        const image = await jpeg(29 + (i % 3), 23, [level, level, level + i], i);
        writeFiles(folder, { [`${split}/${name}/${String(i).padStart(3, "0")}.JPEG`]: image });
      }
    }
  }
}

/** A grey TIFF of 32-bit floats, one strip, by the TIFF 6.0 specification, section 2 and "SampleFormat". */
export function floatTiff(width: number, height: number, values: readonly number[]): Buffer {
  const short = 3;
  const long = 4;
  const fields: readonly (readonly [tag: number, type: number, value: number])[] = [
    [256, long, width],
    [257, long, height],
    [258, short, 32], // bits a sample
    [259, short, 1], // not compressed
    [262, short, 1], // 0 is black
    [273, long, 8 + 2 + 12 * 10 + 4], // where the strip begins
    [277, short, 1], // samples a pixel
    [278, long, height], // lines a strip
    [279, long, 4 * width * height], // bytes of the strip
    [339, short, 3], // IEEE floats
  ];
  const head = Buffer.alloc(8 + 2 + 12 * fields.length + 4);
  head.write("II*\0", "latin1");
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(fields.length, 8);
  fields.forEach(([tag, type, value], i) => {
    head.writeUInt16LE(tag, 10 + 12 * i);
    head.writeUInt16LE(type, 12 + 12 * i);
    head.writeUInt32LE(1, 14 + 12 * i);
    head.writeUInt32LE(value, 18 + 12 * i);
  });
  return Buffer.concat([head, Buffer.from(Float32Array.from(values).buffer)]);
}
