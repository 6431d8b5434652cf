/** From an image file to bytes, by sharp (libvips), which works in threads of its own. */
import { readFile } from "node:fs/promises";
import sharp from "sharp";

/** [height, width, 3] bytes, red, green, blue. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** Longer side over shorter side; what is longer loses its ends. Keeps one odd file from taking the room of a thousand. */
const mostOblong = 3;

/**
 * Decodes and shrinks so that the shorter side has at most `side` pixels; smaller images stay as they are. Every kind comes
 * out as 8-bit sRGB: grey, CMYK (by its profile), palettes and 16 bits are converted, EXIF orientation is applied, what is
 * transparent shows white, of an animation the first frame is taken. Throws where the file is no image or ends early.
 */
export async function decodeImage(path: string, side: number): Promise<DecodedImage> {
  // Read here and not by libvips, which may keep a file open (and on Windows locked) in its cache.
  const file = await readFile(path);
  // "error" accepts what decoders merely warn of, as do the loaders that others train with; it refuses truncated files.
  const { data, info } = await sharp(file, { failOn: "error" })
    .autoOrient()
    .resize(side, side, { fit: "outside", withoutEnlargement: true })
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`internal: decoded to ${info.channels} channels`);
  return shortened({ width: info.width, height: info.height, bytes: data });
}

/** The middle of an image that is too oblong. */
function shortened(image: DecodedImage): DecodedImage {
  const { width, height, bytes } = image;
  const most = mostOblong * Math.min(width, height);
  if (Math.max(width, height) <= most) return image;
  if (height > most) {
    const start = Math.floor((height - most) / 2) * width * 3;
    return { width, height: most, bytes: bytes.subarray(start, start + most * width * 3) };
  }
  const kept = new Uint8Array(most * height * 3);
  for (let row = 0; row < height; row++) {
    const start = (row * width + Math.floor((width - most) / 2)) * 3;
    kept.set(bytes.subarray(start, start + most * 3), row * most * 3);
  }
  return { width: most, height, bytes: kept };
}
