/** Bytes that are an image file, and numbers that look like an image. */
import type { MimeBundle } from "../../../core/kernel-host.js";
import { encodePng, type PngPixels } from "../../../core/png.js";
import type { TypedArray } from "./typed-array.js";

const signatures: readonly [string, readonly number[]][] = [
  ["image/png", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ["image/jpeg", [0xff, 0xd8, 0xff]],
  ["image/gif", [0x47, 0x49, 0x46, 0x38]],
];

/** Null where the bytes are not those of an image file that browsers show. */
export function imageBundle(value: TypedArray): MimeBundle | null {
  if (!(value instanceof Uint8Array)) return null;
  for (const [type, signature] of signatures) {
    if (value.length > signature.length && signature.every((byte, index) => value[index] === byte)) {
      return { [type]: value, "text/plain": `${type}, ${value.length} bytes` };
    }
  }
  return null;
}

/** Smaller ones are more likely numbers, and larger ones are shown smaller. */
const least = 8;
const most = 256;
/** Images of a batch that are shown, side by side. */
const mostOfBatch = 8;

/**
 * A small picture of `[H, W]`, `[H, W, C]` or `[B, H, W, C]` numbers with 1, 3 or 4 channels, or null where they do
 * not look like an image: values from 0 to 1 or from 0 to 255, sides of 8 and more.
 */
export function picture(shape: readonly number[], values: ArrayLike<number>): Buffer | null {
  const [batch, height, width, channels] =
    shape.length === 2
      ? [1, ...shape, 1]
      : shape.length === 3
        ? [1, ...shape]
        : shape.length === 4
          ? shape
          : [0, 0, 0, 0];
  if (batch < 1 || height < least || width < least || (channels !== 1 && channels !== 3 && channels !== 4)) return null;
  const scale = scaleOf(values);
  if (scale === null) return null;
  const shown = Math.min(batch, mostOfBatch);
  const step = Math.ceil(Math.max(height, width) / most);
  const rows = Math.floor(height / step);
  const columns = Math.floor(width / step);
  const pixels: PngPixels = {
    width: columns * shown,
    height: rows,
    channels,
    data: new Uint8Array(rows * columns * shown * channels),
  };
  let at = 0;
  for (let y = 0; y < rows; y++) {
    for (let image = 0; image < shown; image++) {
      for (let x = 0; x < columns; x++) {
        const from = ((image * height + y * step) * width + x * step) * channels;
        for (let channel = 0; channel < channels; channel++)
          pixels.data[at++] = Math.round(values[from + channel] * scale);
      }
    }
  }
  return encodePng(pixels);
}

/** What brings the values to 0 … 255; null where they are not those of an image. */
function scaleOf(values: ArrayLike<number>): number | null {
  let maximum = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (!(value >= 0 && value <= 255)) return null;
    if (value > maximum) maximum = value;
  }
  return maximum <= 1 ? 255 : 1;
}
