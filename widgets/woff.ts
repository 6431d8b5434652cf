/**
 * Reads the font files that static pictures are set in: WOFF 1 with TrueType outlines and a character map of format 4,
 * which is what the typeface of our figures comes in. Not a general font reader: no kerning, no hinting, no ligatures.
 */
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { FileError } from "../src/core/errors.js";

/** One WOFF file. Distances are in font units, of which there are `unitsPerEm` to the em. */
export interface FontFile {
  unitsPerEm: number;
  /** Number of the glyph of a code point; 0 if the file has none. */
  glyphOf(codePoint: number): number;
  advanceOf(glyph: number): number;
  /** Closed contours of a glyph: lists of points, on the curve or controlling it. */
  contoursOf(glyph: number): Contour[];
}

export interface Point {
  x: number;
  y: number;
  onCurve: boolean;
}

export type Contour = Point[];

/** Splits a WOFF file (version 1) into its tables. Layout: https://www.w3.org/TR/WOFF/#WOFFHeader */
function woffTables(path: string): Map<string, DataView> {
  const file = readFileSync(path);
  if (file.toString("latin1", 0, 4) !== "wOFF")
    throw new FileError(`font file: a font file must be WOFF 1, got ${path}; reinstall the package`);
  const tables = new Map<string, DataView>();
  for (let i = 0; i < file.readUInt16BE(12); i++) {
    const entry = 44 + 20 * i;
    const offset = file.readUInt32BE(entry + 4);
    const packedLength = file.readUInt32BE(entry + 8);
    const packed = file.subarray(offset, offset + packedLength);
    const bytes = packedLength < file.readUInt32BE(entry + 12) ? inflateSync(packed) : packed;
    tables.set(file.toString("latin1", entry, entry + 4), new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  }
  return tables;
}

/** Reads the code points of a `cmap` table (format 4: segments of code points with a common shift). */
function readCharacterMap(cmap: DataView): Map<number, number> {
  const glyphs = new Map<number, number>();
  for (let i = 0; i < cmap.getUint16(2); i++) {
    const start = cmap.getUint32(8 + 8 * i);
    if (cmap.getUint16(start) !== 4) continue;
    const segments = cmap.getUint16(start + 6) / 2;
    for (let s = 0; s < segments; s++) {
      const column = (number: number): number => start + 14 + 2 * s + 2 * segments * number + (number > 0 ? 2 : 0);
      const last = cmap.getUint16(column(0));
      const shift = cmap.getUint16(column(2));
      const rangeAt = column(3);
      const range = cmap.getUint16(rangeAt);
      for (let code = cmap.getUint16(column(1)); code <= last && code !== 0xffff; code++) {
        const listed = range === 0 ? code : cmap.getUint16(rangeAt + range + 2 * (code - cmap.getUint16(column(1))));
        if (listed !== 0) glyphs.set(code, (listed + shift) & 0xffff);
      }
    }
    break;
  }
  return glyphs;
}

/** Reads one glyph of the `glyf` table; compound glyphs are put together from their parts. */
function readContours(glyf: DataView, offsetOf: (glyph: number) => [number, number], glyph: number): Contour[] {
  const [start, end] = offsetOf(glyph);
  if (end === start) return [];
  const count = glyf.getInt16(start);
  let at = start + 10;
  if (count < 0) {
    const parts: Contour[] = [];
    for (let more = true; more;) {
      const flags = glyf.getUint16(at);
      const part = glyf.getUint16(at + 2);
      const words = (flags & 1) !== 0;
      const dx = words ? glyf.getInt16(at + 4) : glyf.getInt8(at + 4);
      const dy = words ? glyf.getInt16(at + 6) : glyf.getInt8(at + 5);
      at += words ? 8 : 6;
      // Scales of parts (flags 8, 64, 128) do not occur in this face's Latin; their fields are stepped over.
      at += (flags & 8) !== 0 ? 2 : (flags & 64) !== 0 ? 4 : (flags & 128) !== 0 ? 8 : 0;
      for (const contour of readContours(glyf, offsetOf, part))
        parts.push(contour.map((point) => ({ ...point, x: point.x + dx, y: point.y + dy })));
      more = (flags & 32) !== 0;
    }
    return parts;
  }
  const ends = Array.from({ length: count }, (_, i) => glyf.getUint16(at + 2 * i));
  at += 2 * count;
  at += 2 + glyf.getUint16(at);
  const total = (ends.at(-1) ?? -1) + 1;
  const flags: number[] = [];
  while (flags.length < total) {
    const flag = glyf.getUint8(at++);
    flags.push(flag);
    if ((flag & 8) !== 0) for (let repeat = glyf.getUint8(at++); repeat > 0; repeat--) flags.push(flag);
  }
  const coordinates = (short: number, same: number): number[] => {
    let value = 0;
    return flags.map((flag) => {
      if ((flag & short) !== 0) value += (flag & same) !== 0 ? glyf.getUint8(at++) : -glyf.getUint8(at++);
      else if ((flag & same) === 0) {
        value += glyf.getInt16(at);
        at += 2;
      }
      return value;
    });
  };
  const xs = coordinates(2, 16);
  const ys = coordinates(4, 32);
  const points = flags.map((flag, i) => ({ x: xs[i], y: ys[i], onCurve: (flag & 1) !== 0 }));
  return ends.map((last, i) => points.slice(i === 0 ? 0 : ends[i - 1] + 1, last + 1));
}

export function openFont(path: string): FontFile {
  const tables = woffTables(path);
  const table = (tag: string): DataView => {
    const view = tables.get(tag);
    if (!view)
      throw new FileError(`font file: a font file must have a ${tag} table, got ${path}; reinstall the package`);
    return view;
  };
  const loca = table("loca");
  const wideOffsets = table("head").getInt16(50) === 1;
  const metrics = table("hmtx");
  const metricCount = table("hhea").getUint16(34);
  const glyphs = readCharacterMap(table("cmap"));
  const offsetOf = (glyph: number): [number, number] =>
    wideOffsets
      ? [loca.getUint32(4 * glyph), loca.getUint32(4 * glyph + 4)]
      : [2 * loca.getUint16(2 * glyph), 2 * loca.getUint16(2 * glyph + 2)];
  return {
    unitsPerEm: table("head").getUint16(18),
    glyphOf: (codePoint) => glyphs.get(codePoint) ?? 0,
    advanceOf: (glyph) => metrics.getUint16(4 * Math.min(glyph, metricCount - 1)),
    contoursOf: (glyph) => readContours(table("glyf"), offsetOf, glyph),
  };
}
