/**
 * Decoded photographs and their labels in one file, so that every epoch after the first only reads bytes:
 *
 *     images    [height, width, 3] bytes, then [height, width] labels (int32), of image 0, of image 1, ...
 *     facts     JSON, UTF-8: where each image lies and what was left out
 *     trailer   bytes of the facts (float64), "axialpm1"
 *
 * All numbers little-endian.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { FileError } from "../core/errors.js";
import type { SkippedImage } from "../data/dataset.js";

const trailerBytes = 16;
const signature = "axialpm1";

interface ImageRecord {
  readonly offset: number;
  readonly height: number;
  readonly width: number;
}

export interface MapFacts {
  readonly images: readonly ImageRecord[];
  readonly skipped: readonly SkippedImage[];
}

export interface LabelledImage {
  readonly height: number;
  readonly width: number;
  readonly bytes: Uint8Array;
  /** `class * divisor + object` */
  readonly labels: Int32Array;
}

/** Writes a new file from what comes, an image that is left out or one to keep. Nothing may stand at `path`. */
export async function writeMapFile(
  path: string,
  images: AsyncIterable<LabelledImage | SkippedImage>,
): Promise<MapFacts> {
  const file = await open(path, "wx");
  try {
    const records: ImageRecord[] = [];
    const skipped: SkippedImage[] = [];
    let offset = 0;
    for await (const image of images) {
      if ("reason" in image) {
        skipped.push(image);
        continue;
      }
      const { height, width, bytes, labels } = image;
      records.push({ offset, height, width });
      await file.writeFile(bytes);
      await file.writeFile(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
      offset += bytes.length + labels.byteLength;
    }
    const facts: MapFacts = { images: records, skipped };
    const json = Buffer.from(JSON.stringify(facts));
    const trailer = Buffer.alloc(trailerBytes);
    trailer.writeDoubleLE(json.length, 0);
    trailer.write(signature, 8, "latin1");
    await file.writeFile(Buffer.concat([json, trailer]));
    await file.sync();
    return facts;
  } finally {
    await file.close();
  }
}

export interface MapFile extends MapFacts {
  read(index: number): LabelledImage;
  close(): void;
}

/** Opens a file for reading; `FileError` where it is no whole file of this kind. */
export function openMapFile(path: string): MapFile {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const trailer = Buffer.alloc(trailerBytes);
    if (size >= trailerBytes) readSync(descriptor, trailer, 0, trailerBytes, size - trailerBytes);
    const factsBytes = trailer.readDoubleLE(0);
    if (trailer.toString("latin1", 8) !== signature || !(factsBytes > 0 && factsBytes + trailerBytes <= size))
      throw new FileError(`mapFile: a file of prepared images must be whole, got ${path}; delete it`);
    const json = Buffer.alloc(factsBytes);
    readSync(descriptor, json, 0, factsBytes, size - trailerBytes - factsBytes);
    const facts = JSON.parse(json.toString("utf8")) as MapFacts;
    return {
      ...facts,
      read(index) {
        const { offset, height, width } = facts.images[index];
        const bytes = new Uint8Array(3 * height * width);
        const labels = new Int32Array(height * width);
        const got =
          readSync(descriptor, bytes, 0, bytes.length, offset) +
          readSync(descriptor, labels, 0, labels.byteLength, offset + bytes.length);
        if (got !== bytes.length + labels.byteLength)
          throw new FileError(`mapFile: image ${index} must be whole, got ${got} bytes in ${path}; delete it`);
        return { height, width, bytes, labels };
      },
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
