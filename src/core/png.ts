/** Pixels as PNG files, with nothing but zlib, at once: https://www.w3.org/TR/png-3/ */
import { deflateSync } from "node:zlib";
import { ShapeError } from "./errors.js";

/** An image of bytes, row-major, [height, width, channels]. */
export interface PngPixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB, 4 RGBA. */
  readonly channels: 1 | 3 | 4;
}

const colourTypes = { 1: 0, 3: 2, 4: 6 } as const;
const bitsPerSample = 8;
const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** Encodes an image as a PNG file. Throws ShapeError where there are more or fewer bytes than pixels. */
export function encodePng({ data, width, height, channels }: PngPixels): Buffer {
  if (data.length !== height * width * channels)
    throw new ShapeError(
      `encodePng: data must hold height x width x channels bytes, got ${data.length} for [${height}, ${width}, ${channels}]; give the size of the data`,
    );
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bitsPerSample, colourTypes[channels]], 8);
  const stride = width * channels;
  const lines = Buffer.alloc((stride + 1) * height);
  // The byte before each line names its filter; 0 is none.
  for (let y = 0; y < height; y++) lines.set(data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(lines, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Length, type, content, checksum of type and content (section 5.3). */
function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(content.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** Annex D. Node has its own from 20.15 on; we begin at 20.9. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 255];
  return (crc ^ 0xffffffff) >>> 0;
}
