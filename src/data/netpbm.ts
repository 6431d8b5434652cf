/**
 * Portable bitmaps, grey maps and pixel maps (PBM, PGM, PPM; text and binary, 8 and 16 bits), which the libvips that sharp
 * brings does not read.
 *
 * Source: the manual pages pbm(5), pgm(5) and ppm(5) of Netpbm.
 */
import { mostPixels, type RawImage } from "./bitmap.js";

export const isNetpbm = (file: Uint8Array): boolean =>
  file[0] === 0x50 && file[1] >= 0x31 && file[1] <= 0x36 && isSpace(file[2]); // "P1 " to "P6 "

const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

/** Decodes the first image of a file. Throws where it is foreign or ends early. */
export function decodeNetpbm(file: Uint8Array): RawImage {
  const kind = file[1] - 0x30;
  const isText = kind <= 3;
  const isBits = kind === 1 || kind === 4;
  let at = 2;
  const skipSpace = (): void => {
    for (; at < file.length; at++) {
      if (file[at] === 35)
        while (at < file.length && file[at] !== 10) at++; // "#" to the end of the line
      else if (!isSpace(file[at])) return;
    }
  };
  const whole = (digits = Infinity): number => {
    skipSpace();
    let value = 0;
    const start = at;
    for (; at < file.length && at - start < digits && file[at] >= 48 && file[at] <= 57; at++)
      value = value * 10 + file[at] - 48;
    if (at === start) throw new Error(at < file.length ? "Netpbm: a number is missing" : "Netpbm: the file ends early");
    return value;
  };
  const [width, height] = [whole(), whole()];
  const highest = isBits ? 1 : whole();
  if (width < 1 || height < 1 || width * height > mostPixels || highest < 1 || highest > 65535)
    throw new Error(`Netpbm: ${width} x ${height} pixels of 0 to ${highest}`);
  at++; // One space, and then the numbers.

  const colours = kind === 3 || kind === 6 ? 3 : 1;
  const bytesPerSample = highest > 255 ? 2 : 1;
  const rowBytes = isBits ? Math.ceil(width / 8) : width * colours * bytesPerSample;
  if (!isText && at + height * rowBytes > file.length)
    throw new Error(`Netpbm: the file ends before its ${height} lines do`);
  const sample = (line: number, place: number): number => {
    if (isText) return whole(isBits ? 1 : Infinity);
    const row = at + line * rowBytes;
    if (isBits) return (file[row + (place >> 3)] >> (7 - (place & 7))) & 1;
    const from = row + place * bytesPerSample;
    return bytesPerSample === 2 ? file[from] * 256 + file[from + 1] : file[from];
  };
  const bytes = new Uint8Array(width * height * 3);
  for (let line = 0, to = 0; line < height; line++)
    for (let place = 0; place < width * colours; place++) {
      const value = Math.min(sample(line, place), highest);
      // Of bits 1 is black.
      const level = Math.round(((isBits ? 1 - value : value) * 255) / highest);
      for (let copy = colours; copy <= 3; copy += colours) bytes[to++] = level;
    }
  return { width, height, channels: 3, bytes };
}
