/**
 * The typeface of static pictures, read from the WOFF files of Source Sans 3, for two ends:
 *
 * - Vega sets text by its width. Without a canvas it guesses 0.8 em a character, which pushes legends and titles
 *   apart; the font's own advance widths are exact.
 * - A PNG made on a machine without fonts (a container with Node only) would show no text at all. Text turned into
 *   outlines looks the same everywhere.
 */
import { openFont, type Contour, type FontFile, type Point } from "./woff.js";

/** Regular text and what is set in bold. */
export type Weight = 400 | 600;

/** The weight that a CSS `font-weight` is set in. */
export const weightOf = (fontWeight: number | string | undefined): Weight =>
  fontWeight === "bold" || Number(fontWeight) >= 600 ? 600 : 400;

/** Subsets of the face, searched in this order. */
const subsets = ["latin", "latin-ext", "greek", "cyrillic"] as const;

const opened = new Map<string, FontFile>();

/** The font file that has a code point, or null. Files are opened when first needed. */
function fontFor(codePoint: number, weight: Weight): FontFile | null {
  for (const subset of subsets) {
    const name = `@fontsource/source-sans-3/files/source-sans-3-${subset}-${weight}-normal.woff`;
    let font = opened.get(name);
    if (!font) opened.set(name, (font = openFont(require.resolve(name))));
    if (font.glyphOf(codePoint) !== 0) return font;
  }
  return null;
}

/** Width of a line of text. Characters that the face lacks count as 0.6 em. */
export function textWidth(text: string, size: number, weight: Weight = 400): number {
  let ems = 0;
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    const font = fontFor(codePoint, weight);
    ems += font === null ? 0.6 : font.advanceOf(font.glyphOf(codePoint)) / font.unitsPerEm;
  }
  return ems * size;
}

const round = (value: number): string => String(Math.round(value * 100) / 100);

/** SVG path data of one contour: its quadratic curves, with y downwards. */
function contourPath(contour: Contour, toX: (x: number) => string, toY: (y: number) => string): string {
  const middle = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, onCurve: true });
  const at = (point: Point): string => `${toX(point.x)} ${toY(point.y)}`;
  const first = contour.findIndex((point) => point.onCurve);
  // A contour of control points only starts halfway between two of them.
  const points =
    first >= 0
      ? [...contour.slice(first), ...contour.slice(0, first)]
      : [middle(contour[contour.length - 1], contour[0]), ...contour];
  let path = `M${at(points[0])}`;
  for (let i = 1; i <= points.length; i++) {
    const point = points[i % points.length];
    if (point.onCurve) path += i < points.length ? `L${at(point)}` : "";
    else {
      const next = points[(i + 1) % points.length];
      path += `Q${at(point)} ${at(next.onCurve ? next : middle(point, next))}`;
      if (next.onCurve) i++;
    }
  }
  return `${path}Z`;
}

/**
 * Outlines of a line of text as SVG path data, its baseline starting at (x, y). Null if the face lacks a character:
 * such a line must stay text.
 */
export function textOutline(text: string, x: number, y: number, size: number, weight: Weight = 400): string | null {
  let path = "";
  let pen = x;
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    const font = fontFor(codePoint, weight);
    if (font === null) return null;
    const glyph = font.glyphOf(codePoint);
    const scale = size / font.unitsPerEm;
    const start = pen;
    for (const contour of font.contoursOf(glyph))
      path += contourPath(
        contour,
        (unitX) => round(start + unitX * scale),
        (unitY) => round(y - unitY * scale),
      );
    pen += font.advanceOf(glyph) * scale;
  }
  return path;
}
