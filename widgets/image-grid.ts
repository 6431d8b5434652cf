/** Images beside each other, with captions: samples of a data set, augmentations, predictions. */
import { createFigure, type Figure } from "./figure.js";
import { assertPixels, pixelsUri, type Pixels } from "./pixels.js";
import { columnWidth, fontFamily, fontSizes, light } from "./theme.js";
import { textWidth } from "./typeface.js";

export interface GridImage {
  readonly image: Pixels;
  /** Below the image; cut where it is longer than the image is wide. */
  readonly caption?: string;
  /** A mark before the caption: whether a prediction is right. Default none. */
  readonly right?: boolean;
}

export interface ImageGridOptions {
  /** Default "Images". */
  title?: string;
  /** Images in a row. Default: as many as fit, eight at most. */
  columns?: number;
  /** Height of an image, in CSS pixels. Default: what fills the column of text, 140 at most. */
  size?: number;
}

const escapeXml = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");

/** The text, or its longest beginning that fits into `width` with an ellipsis. */
function fitted(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  let kept = text.length;
  while (kept > 0 && textWidth(`${text.slice(0, kept)}\u2026`, size) > width) kept--;
  return `${text.slice(0, kept).trimEnd()}\u2026`;
}

/** Right is a tick, wrong a cross: told apart by shape, not by colour alone. */
const marks = {
  right: { path: "M1 5.5L4 8.5L9.5 1.5", colour: "#00805c" },
  wrong: { path: "M1.5 1.5L8.5 8.5M8.5 1.5L1.5 8.5", colour: "#c44a00" },
};

/** The picture of `imageGrid`, an SVG document. */
export function imageGridSvg(images: readonly GridImage[], options: ImageGridOptions = {}): string {
  for (const { image } of images) assertPixels("imageGrid", image);
  const { title = "Images", columns = Math.min(8, Math.max(1, images.length)) } = options;
  const gap = 12;
  const padding = 12;
  const size = options.size ?? Math.min(140, Math.floor((columnWidth - gap * (columns - 1)) / columns));
  const widest = Math.max(1, ...images.map(({ image: { shape } }) => shape[1] / shape[0])) * size;
  const captionHeight = images.some(({ caption }) => caption !== undefined) ? 20 : 0;
  const top = padding + fontSizes.title + 14;
  const rows = Math.ceil(images.length / columns);
  const width = Math.ceil(
    Math.max(2 * padding + columns * (widest + gap) - gap, textWidth(title, fontSizes.title, 600) + 2 * padding),
  );
  const height = Math.ceil(top + rows * (size + captionHeight + gap) - gap + padding);

  const cells = images.map(({ image, caption, right }, i) => {
    const x = padding + (i % columns) * (widest + gap);
    const y = top + Math.floor(i / columns) * (size + captionHeight + gap);
    const imageWidth = (size * image.shape[1]) / image.shape[0];
    const mark = right === undefined ? null : right ? marks.right : marks.wrong;
    const indent = mark ? 15 : 0;
    const picture =
      `<image x="${x}" y="${y}" width="${imageWidth}" height="${size}" preserveAspectRatio="none" ` +
      `href="${pixelsUri(image, 2 * size)}"/>`;
    const sign = mark
      ? `<path transform="translate(${x},${y + size + 6})" d="${mark.path}" fill="none" stroke="${mark.colour}" stroke-width="2"/>`
      : "";
    const text =
      caption === undefined
        ? ""
        : `<text x="${x + indent}" y="${y + size + 15}" font-size="${fontSizes.label}px" fill="${light.ink}">` +
          `${escapeXml(fitted(caption, widest - indent, fontSizes.label))}</text>`;
    return picture + sign + text;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="${fontFamily}"><rect width="${width}" height="${height}" fill="${light.paper}"/>` +
    `<text x="${padding}" y="${padding + fontSizes.title - 2}" font-size="${fontSizes.title}px" font-weight="600" ` +
    `fill="${light.ink}">${escapeXml(title)}</text>${cells.join("")}</svg>`
  );
}

/**
 * Images in rows, each with its caption.
 *
 *     imageGrid([{ image: { values: bytes, shape: [64, 64, 3] }, caption: "tench", right: true }])
 */
export function imageGrid(images: readonly GridImage[], options: ImageGridOptions = {}): Figure {
  return createFigure(options.title ?? "Images", {}, () => Promise.resolve(imageGridSvg(images, options)));
}
