/** Image files of many kinds, made on the spot, and folders of them: what reading each gives, for tests and `docs/tried.md`. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { decodeImage } from "../../src/data/decode.js";
import { listImages } from "../../src/data/listing.js";
import { floatTiff } from "./images.js";

export interface Tried {
  readonly what: string;
  readonly result: string;
  readonly isRead: boolean;
}

const pixels = (): Sharp => sharp({ create: { width: 20, height: 10, channels: 3, background: "#c86432" } });
const grey = (): Sharp => pixels().toColourspace("b-w");
const floats = (scale: number): Buffer =>
  floatTiff(20, 10, Array.from({ length: 200 }, (_, i) => (scale * i) / 199)); // prettier-ignore
const text = (head: string, length: number): Buffer => Buffer.concat([Buffer.from(head), Buffer.alloc(length, 100)]);

/** A bitmap of 20 x 10 pixels, 24 bits each. */
function bitmap(): Buffer {
  const file = Buffer.alloc(54 + 600, 100);
  file.write("BM");
  [[54, 10], [40, 14], [20, 18], [10, 22], [0, 30]].forEach(([value, at]) => file.writeUInt32LE(value, at)); // prettier-ignore
  file.writeUInt32LE(1 | (24 << 16), 26);
  return file;
}

const files: readonly [what: string, file: () => Buffer | Promise<Buffer>][] = [
  ["JPEG", () => pixels().jpeg().toBuffer()],
  ["JPEG, grey", () => grey().jpeg().toBuffer()],
  ["JPEG, progressive", () => pixels().jpeg({ progressive: true }).toBuffer()],
  ["JPEG, CMYK", () => pixels().toColourspace("cmyk").jpeg().toBuffer()],
  ["JPEG, turned by EXIF", () => pixels().withMetadata({ orientation: 6 }).jpeg().toBuffer()],
  ["JPEG, cut off", async () => (await pixels().jpeg().toBuffer()).subarray(0, -40)],
  ["PNG", () => pixels().png().toBuffer()],
  ["PNG, palette", () => pixels().png({ palette: true }).toBuffer()],
  ["PNG, transparent", () => pixels().ensureAlpha(0.5).png().toBuffer()],
  ["PNG, 16 bits", () => pixels().toColourspace("rgb16").png().toBuffer()],
  ["PNG, cut off", async () => (await pixels().png().toBuffer()).subarray(0, -30)],
  ["GIF", () => pixels().gif().toBuffer()],
  ["WebP", () => pixels().webp().toBuffer()],
  ["AVIF", () => pixels().avif().toBuffer()],
  ["TIFF", () => pixels().tiff().toBuffer()],
  ["TIFF, 16 bits", () => pixels().toColourspace("rgb16").tiff().toBuffer()],
  ["TIFF of floats from 0 to 1", () => floats(1)],
  ["TIFF of floats from 0 to 4000", () => floats(4000)],
  ["BMP", bitmap],
  ["BMP, cut off", () => bitmap().subarray(0, 500)],
  ["PPM", () => text("P6\n20 10\n255\n", 600)],
  ["PGM", () => text("P5\n20 10\n255\n", 200)],
  ["PBM", () => text("P4\n20 10\n", 30)],
  ["PGM, cut off", () => text("P5\n20 10\n255\n", 100)],
  ["an empty file", () => Buffer.alloc(0)],
  ["a page of HTML, saved as an image", () => Buffer.from("<!doctype html><title>404</title>")],
];

/** Decodes every kind under one name, which says nothing of what it is. */
export async function tryImages(): Promise<Tried[]> {
  return inFolder(async (folder) => {
    const path = join(folder, "image");
    const results: Tried[] = [];
    for (const [what, make] of files) {
      writeFileSync(path, await make());
      try {
        const { width, height } = await decodeImage(path, 64);
        results.push({ what, result: `read, ${width} x ${height}`, isRead: true });
      } catch (error) {
        results.push({ what, result: `left out: ${(error as Error).message.split("\n")[0].trim()}`, isRead: false });
      }
    }
    return results;
  });
}

const both = ["train/a/0.png", "train/b/0.png", "val/a/0.png", "val/b/0.png"];

/** Paths of files; `link -> target` is a link. */
const folders: readonly [what: string, paths: readonly string[]][] = [
  ["`train/CLASS` and `val/CLASS`", both],
  ["one folder around them, `__MACOSX` beside it", both.map((path) => `set/${path}`).concat("__MACOSX/set/._a.png")],
  ["`train/CLASS` alone", Array.from({ length: 10 }, (_, i) => `train/${"ab"[i % 2]}/${i}.png`)],
  ["`CLASS` alone", Array.from({ length: 10 }, (_, i) => `${"ab"[i % 2]}/${i}.png`)],
  ["folders within a class", ["train/a/images/0.png", "train/b/x/y/0.png", "val/a/0.png"]],
  [
    "`Training/CLASS` and `Testing/CLASS`",
    both.map((path) => path.replace("train", "Training").replace("val", "Testing")),
  ],
  ["a class without images", [...both, "train/c/0.heic"]],
  ["a class without validation images", [...both, "train/c/0.png"]],
  ["a class that only the validation images have", [...both, "val/c/0.png"]],
  ["a link to nothing", [...both, "train/a/9.png -> nowhere.png"]],
  ["notes beside the images", [...both, "train/a/notes.txt", "train/a/.DS_Store", "train/a/Thumbs.db"]],
  ["images in no class", ["0.png", "1.png"]],
];

export async function tryFolders(): Promise<Tried[]> {
  const results: Tried[] = [];
  for (const [what, paths] of folders)
    await inFolder(async (folder) => {
      for (const path of paths) {
        const [name, target] = path.split(" -> ");
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        if (target === undefined) writeFileSync(join(folder, name), "");
        else symlinkSync(target, join(folder, name));
      }
      try {
        const { images, classFolders, skipped, heldOut } = await listImages("imageFolder", folder);
        const left = skipped.map(({ path, reason }) => `${path} left out: ${reason}`);
        const held = heldOut === null ? [] : [`${heldOut * 100} % held out`];
        const counts = `${classFolders.length} classes, ${images.train.length} + ${images.validation.length} images`;
        results.push({ what, result: [counts, ...held, ...left].join("; "), isRead: true });
      } catch (error) {
        results.push({
          what,
          result: `refused: ${(error as Error).message.replaceAll(folder, "FOLDER")}`,
          isRead: false,
        });
      }
    });
  return results;
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "axial-kinds-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
