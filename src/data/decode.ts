/** From an image file to bytes, by sharp (libvips), which works in threads of its own; what it does not read, by ours. */
import { readFile } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { decodeBitmap, isBitmap, type RawImage } from "./bitmap.js";
import { decodeNetpbm, isNetpbm } from "./netpbm.js";

/** [height, width, 3] bytes, red, green, blue. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** Longer side over shorter side; what is longer loses its ends. Keeps one odd file from taking the room of a thousand. */
const mostOblong = 3;

/**
 * Decodes and shrinks so that the shorter side has at most `side` pixels; smaller images stay as they are. What a file is, its
 * bytes say, whatever its name. Every kind comes out as 8-bit sRGB: grey, CMYK (by its profile), palettes, 16 bits and floats
 * are converted, EXIF orientation is applied, what is transparent shows white, of an animation the first frame is taken.
 * Throws where the file is no image or ends early.
 */
export async function decodeImage(path: string, side: number): Promise<DecodedImage> {
  // Read here and not by libvips, which may keep a file open (and on Windows locked) in its cache.
  const file = await readFile(path);
  const { data, info } = await (
    await opened(file)
  )
    .autoOrient()
    .resize(side, side, { fit: "outside", withoutEnlargement: true })
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`internal: decoded to ${info.channels} channels`);
  return shortened({ width: info.width, height: info.height, bytes: data });
}

// Accepts what decoders merely warn of, as do the loaders that others train with; refuses truncated files.
const failOn = "error";

const fromRaw = ({ bytes, width, height, channels }: RawImage): Sharp =>
  sharp(bytes, { raw: { width, height, channels } });

async function opened(file: Uint8Array): Promise<Sharp> {
  if (isNetpbm(file)) return fromRaw(decodeNetpbm(file));
  if (isBitmap(file)) {
    const image = decodeBitmap(file);
    return image instanceof Uint8Array ? sharp(image, { failOn }) : fromRaw(image);
  }
  return isTiff(file) ? openedTiff(file) : sharp(file, { failOn });
}

const isTiff = (file: Uint8Array): boolean =>
  (file[0] === 0x49 && file[1] === 0x49) || (file[0] === 0x4d && file[1] === 0x4d); // "II", "MM"

/**
 * A TIFF of floats has no range of its own, and as 8 bits all its values from 0 to 1 would be black. Where they lie between 0
 * and 1 they are taken as shares of white, between 0 and 255 as they are, and else the smallest becomes black, the greatest
 * white. So are integers of 32 bits, but for the first rule.
 */
async function openedTiff(file: Uint8Array): Promise<Sharp> {
  const image = sharp(file, { failOn });
  const { depth = "uchar" } = await image.metadata();
  if (!["float", "double", "int", "uint"].includes(depth)) return image;
  const { data, info } = await image.clone().raw({ depth: "float" }).toBuffer({ resolveWithObject: true });
  const values = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values)
    if (Number.isFinite(value)) [least, greatest] = [Math.min(least, value), Math.max(greatest, value)];
  const isShare = depth !== "int" && depth !== "uint" && least >= 0 && greatest <= 1;
  const isByte = least >= 0 && greatest <= 255;
  const [black, white] = isShare ? [0, 1] : isByte ? [0, 255] : [least, greatest];
  // Not a number, as where nothing was measured, is black.
  const bytes = Uint8ClampedArray.from(values, (value) => (255 * (value - black)) / (white - black) || 0);
  const { width, height, channels } = info;
  return sharp(bytes, { raw: { width, height, channels } });
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
