/** Many images on one: to see what a network is given. */
import sharp from "sharp";
import type { ImageBatch } from "./dataset.js";
import { toBytes } from "./normalize.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";

/** How the images of a contact sheet are laid out. */
export interface ContactSheetOptions {
  /** Images side by side. Default: as many as make the sheet nearly square. */
  readonly columns?: number;
  /** White pixels between images. Default 2. */
  readonly gap?: number;
}

const keys: KeysOf<ContactSheetOptions> = { columns: true, gap: true };

/**
 * The images of a batch, in order, row by row, as one PNG.
 *
 * @param batch images [B, H, W, 3], normalised
 * @throws ConfigError for an option that there is not
 */
export function contactSheet(batch: ImageBatch, options: ContactSheetOptions = {}): Promise<Buffer> {
  assertKnownKeys("contactSheet", options, keys);
  const [count, height, width] = batch.shape;
  const { gap = 2, columns = Math.ceil(Math.sqrt(count)) } = options;
  const rows = Math.ceil(count / columns);
  const sheetWidth = columns * (width + gap) - gap;
  const sheetHeight = rows * (height + gap) - gap;
  const sheet = new Uint8Array(sheetWidth * sheetHeight * 3).fill(255);
  const bytes = toBytes(batch.images);
  for (let image = 0; image < count; image++) {
    const left = (image % columns) * (width + gap);
    const top = Math.floor(image / columns) * (height + gap);
    for (let y = 0; y < height; y++) {
      const start = (image * height + y) * width * 3;
      sheet.set(bytes.subarray(start, start + width * 3), ((top + y) * sheetWidth + left) * 3);
    }
  }
  return sharp(sheet, { raw: { width: sheetWidth, height: sheetHeight, channels: 3 } })
    .png()
    .toBuffer();
}
