/**
 * Windows bitmaps (BMP), which libvips does not read: 1, 4, 8, 16, 24 and 32 bits a pixel, palettes, masks, run lengths.
 *
 * Source: Microsoft, "Bitmap Storage": BITMAPFILEHEADER, BITMAPCOREHEADER, BITMAPINFOHEADER to BITMAPV5HEADER, "Bitmap
 * Compression".
 */

/** [height, width, channels] bytes: red, green, blue and, with 4 channels, alpha. */
export interface RawImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly bytes: Uint8Array;
}

/** More pixels are no training image: a header that lies would take all memory. */
export const mostPixels = 0x3fff * 0x3fff;

const compressions = { rgb: 0, rle8: 1, rle4: 2, masks: 3, jpeg: 4, png: 5, alphaMasks: 6 } as const;

export const isBitmap = (file: Uint8Array): boolean => file[0] === 0x42 && file[1] === 0x4d; // "BM"

/** Decodes a bitmap; a file inside it (JPEG, PNG) is given back as it is. Throws where it is foreign or ends early. */
export function decodeBitmap(file: Uint8Array): RawImage | Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 26) throw new Error("BMP: the file ends inside its header");
  const pixels = view.getUint32(10, true);
  const headerBytes = view.getUint32(14, true);
  const isCore = headerBytes === 12;
  if (!isCore && (headerBytes < 40 || headerBytes > 124 || file.length < 14 + headerBytes))
    throw new Error(`BMP: a header of ${headerBytes} bytes is not known, or the file ends inside it`);
  const width = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isCore ? 24 : 28, true);
  const compression = isCore ? compressions.rgb : view.getUint32(30, true);
  const height = Math.abs(signedHeight);
  if (compression === compressions.jpeg || compression === compressions.png) return file.subarray(pixels);
  if (width < 1 || height < 1 || width * height > mostPixels) throw new Error(`BMP: ${width} x ${height} pixels`);

  const masksAt = 54; // Behind the 40 bytes of BITMAPINFOHEADER, or within those of a later one.
  const hasMasks = compression === compressions.masks || compression === compressions.alphaMasks;
  const hasAlpha = compression === compressions.alphaMasks || (hasMasks && headerBytes >= 56);
  const masks = hasMasks
    ? [0, 4, 8, ...(hasAlpha ? [12] : [])].map((at) => view.getUint32(masksAt + at, true))
    : bits === 16
      ? [0x7c00, 0x03e0, 0x001f]
      : [0xff0000, 0x00ff00, 0x0000ff];
  const paletteAt = 14 + headerBytes + (hasMasks && headerBytes === 40 ? (hasAlpha ? 16 : 12) : 0);
  const colour = paletteReader(file, paletteAt, pixels, isCore ? 3 : 4);

  const isRunLength = compression === compressions.rle8 || compression === compressions.rle4;
  if (isRunLength !== (compression !== compressions.rgb && !hasMasks) || ![1, 4, 8, 16, 24, 32].includes(bits))
    throw new Error(`BMP: ${bits} bits a pixel with compression ${compression} is not known`);
  const channels = masks[3] ? 4 : 3;
  const bytes = new Uint8Array(width * height * channels);
  const rowOf = (line: number) => (signedHeight < 0 ? line : height - 1 - line) * width * channels;
  if (isRunLength) {
    runLengths(file, pixels, bits, { width, height }, (x, line, index) =>
      bytes.set(colour(index), rowOf(line) + x * 3),
    );
    return { width, height, channels, bytes };
  }
  const stride = Math.ceil((width * bits) / 32) * 4;
  // The padding of the last line may be missing, its pixels may not.
  if (pixels + (height - 1) * stride + Math.ceil((width * bits) / 8) > file.length)
    throw new Error(`BMP: the file ends before its ${height} lines do`);
  const channelsOf = masks.map(maskReader);
  for (let line = 0; line < height; line++) {
    const start = pixels + line * stride;
    for (let x = 0, to = rowOf(line); x < width; x++, to += channels) {
      if (bits <= 8) {
        const perByte = 8 / bits;
        const shift = 8 - bits * ((x % perByte) + 1);
        bytes.set(colour((file[start + Math.floor(x / perByte)] >> shift) & (2 ** bits - 1)), to);
      } else if (bits === 24) {
        const from = start + x * 3;
        bytes[to] = file[from + 2];
        bytes[to + 1] = file[from + 1];
        bytes[to + 2] = file[from];
      } else {
        const value = bits === 16 ? view.getUint16(start + x * 2, true) : view.getUint32(start + x * 4, true);
        for (let channel = 0; channel < channels; channel++) bytes[to + channel] = channelsOf[channel](value);
      }
    }
  }
  return { width, height, channels, bytes };
}

/** The colour of an index: blue, green, red and, but for the oldest header, a byte of nothing; black beyond the palette. */
function paletteReader(file: Uint8Array, start: number, end: number, step: number) {
  const count = Math.max(0, Math.floor((end - start) / step));
  return (index: number): [number, number, number] => {
    const at = start + index * step;
    return index < count ? [file[at + 2], file[at + 1], file[at]] : [0, 0, 0];
  };
}

/** The bits of a mask, wherever they stand, as 0 to 255. */
function maskReader(mask: number): (value: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const highest = mask >>> shift;
  return (value) => Math.round((((value & mask) >>> shift) * 255) / highest);
}

/** Lines of (count, index) pairs; a count of 0 escapes: end of line, end of image, a jump, or indices as they are. */
function runLengths(
  file: Uint8Array,
  start: number,
  bits: number,
  { width, height }: { width: number; height: number },
  put: (x: number, line: number, index: number) => void,
): void {
  let [at, x, line] = [start, 0, 0];
  const next = (): number => {
    if (at >= file.length) throw new Error("BMP: the file ends inside its runs");
    return file[at++];
  };
  const set = (index: number): void => {
    if (x < width && line < height) put(x, line, index);
    x++;
  };
  const nibble = (byte: number, i: number): number => (i % 2 === 0 ? byte >> 4 : byte & 15);
  while (line < height) {
    const [count, code] = [next(), next()];
    if (count > 0) for (let i = 0; i < count; i++) set(bits === 8 ? code : nibble(code, i));
    else if (code === 0) [x, line] = [0, line + 1];
    else if (code === 1) return;
    else if (code === 2) [x, line] = [x + next(), line + next()];
    else {
      const length = bits === 8 ? code : Math.ceil(code / 2);
      const indices = Array.from({ length }, next);
      for (let i = 0; i < code; i++) set(bits === 8 ? indices[i] : nibble(indices[i >> 1], i));
      if (length % 2 === 1) at++;
    }
  }
}
