/**
 * Decoded images in one file, so that every epoch after the first only reads bytes:
 *
 *     pixels    [height, width, 3] bytes of image 0, of image 1, ...
 *     index     N records of 16 bytes: offset (float64), width, height (uint16), label (uint32)
 *     facts     JSON, UTF-8
 *     trailer   offset of the index (float64), N (uint32), bytes of the facts (uint32), "axialpx1"
 *
 * All numbers little-endian. The index stands at the end because only decoding tells which images there are.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { FileError } from "../core/errors.js";
import type { DecodedImage } from "./decode.js";

const recordBytes = 16;
const trailerBytes = 24;
const signature = "axialpx1";
/** Written at once: few calls, little memory. */
const chunkBytes = 4 << 20;

/** Writes a new file; nothing may stand at `path`. Close it in any case. */
export async function createPixelFile(path: string) {
  const file: FileHandle = await open(path, "wx");
  const records: { offset: number; width: number; height: number; label: number }[] = [];
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let offset = 0;

  const flush = async (): Promise<void> => {
    const parts = pending;
    [pending, pendingBytes] = [[], 0];
    if (parts.length > 0) await file.writeFile(Buffer.concat(parts));
  };

  return {
    async add({ width, height, bytes }: DecodedImage, label: number): Promise<void> {
      records.push({ offset, width, height, label });
      offset += bytes.length;
      pending.push(bytes);
      pendingBytes += bytes.length;
      if (pendingBytes >= chunkBytes) await flush();
    },

    /** Completes the file and flushes it to the disk. */
    async finish(facts: unknown): Promise<void> {
      const index = Buffer.alloc(records.length * recordBytes);
      records.forEach((record, i) => {
        index.writeDoubleLE(record.offset, i * recordBytes);
        index.writeUInt16LE(record.width, i * recordBytes + 8);
        index.writeUInt16LE(record.height, i * recordBytes + 10);
        index.writeUInt32LE(record.label, i * recordBytes + 12);
      });
      const json = Buffer.from(JSON.stringify(facts));
      const trailer = Buffer.alloc(trailerBytes);
      trailer.writeDoubleLE(offset, 0);
      trailer.writeUInt32LE(records.length, 8);
      trailer.writeUInt32LE(json.length, 12);
      trailer.write(signature, 16, "latin1");
      pending.push(index, json, trailer);
      await flush();
      await file.sync();
    },

    close: (): Promise<void> => file.close(),
  };
}

export interface PixelFile {
  readonly count: number;
  readonly facts: unknown;
  width(index: number): number;
  height(index: number): number;
  label(index: number): number;
  /** Copies the image's bytes to the start of `into`, which must be large enough. */
  read(index: number, into: Uint8Array): void;
  /** Bytes of the largest image. */
  readonly largest: number;
  close(): void;
}

/** Opens a file for reading; `FileError` where it is no whole file of this kind. */
export function openPixelFile(path: string): PixelFile {
  const descriptor = openSync(path, "r");
  try {
    const size = fstatSync(descriptor).size;
    const trailer = Buffer.alloc(trailerBytes);
    if (size >= trailerBytes) readSync(descriptor, trailer, 0, trailerBytes, size - trailerBytes);
    const start = trailer.readDoubleLE(0);
    const count = trailer.readUInt32LE(8);
    const factsBytes = trailer.readUInt32LE(12);
    const indexBytes = count * recordBytes;
    if (trailer.toString("latin1", 16) !== signature || start + indexBytes + factsBytes + trailerBytes !== size) {
      throw new FileError(`pixelFile: a file of prepared images must be whole, got ${path}; delete it`);
    }
    const index = Buffer.alloc(indexBytes);
    readSync(descriptor, index, 0, indexBytes, start);
    const json = Buffer.alloc(factsBytes);
    readSync(descriptor, json, 0, factsBytes, start + indexBytes);

    const width = (i: number): number => index.readUInt16LE(i * recordBytes + 8);
    const height = (i: number): number => index.readUInt16LE(i * recordBytes + 10);
    let largest = 0;
    for (let i = 0; i < count; i++) largest = Math.max(largest, width(i) * height(i) * 3);
    return {
      count,
      facts: JSON.parse(json.toString("utf8")),
      largest,
      width,
      height,
      label: (i) => index.readUInt32LE(i * recordBytes + 12),
      read(i, into) {
        const bytes = width(i) * height(i) * 3;
        const got = readSync(descriptor, into, 0, bytes, index.readDoubleLE(i * recordBytes));
        if (got !== bytes)
          throw new FileError(
            `pixelFile: image ${i} must have ${bytes} bytes, got ${got} in ${path}; make the file again`,
          );
      },
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
