/** Images beside each other, with captions: samples of a data set, augmentations, predictions. */
import type { Figure } from "./figure.js";
import { assertPixels, pixelsUri, type Pixels } from "./pixels.js";
import { columnWidth, fontSizes } from "./theme.js";
import { textWidth } from "./typeface.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** An image of a grid, and what stands below it. */
export interface GridImage {
  readonly image: Pixels;
  /** Below the image; cut where it is longer than the image is wide. */
  readonly caption?: string;
  /** A mark before the caption: whether a prediction is right. Default none. */
  readonly right?: boolean;
}

/** How `imageGrid` lays out its images. */
export interface ImageGridOptions {
  /** Default "Images". */
  title?: string;
  /** Images in a row. Default: as many as fit, eight at most. */
  columns?: number;
  /** Height of an image, in CSS pixels. Default: what fills the column of text, 140 at most. */
  size?: number;
}

const keys: KeysOf<ImageGridOptions> = { title: true, columns: true, size: true };

/** The text, or its longest beginning that fits into `width` with an ellipsis. */
function fitted(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  let kept = text.length;
  while (kept > 0 && textWidth(`${text.slice(0, kept)}\u2026`, size) > width) kept--;
  return `${text.slice(0, kept).trimEnd()}\u2026`;
}

/** Right is a tick, wrong a cross: told apart by shape, not by colour alone. In a square from -1 to 1. */
const marks = [
  { right: true, path: "M-1 0.1L-0.3 0.8L1 -0.8", colour: "#009e73" },
  { right: false, path: "M-0.8 -0.8L0.8 0.8M0.8 -0.8L-0.8 0.8", colour: "#d55e00" },
];
const gap = 12;
/** Room of a mark before a caption. */
const indent = 15;

const inPixels = (field: string): Record<string, unknown> => ({
  field,
  type: "quantitative",
  scale: null,
  axis: null,
});

function describe(images: readonly GridImage[], title: string | undefined): string {
  const judged = images.filter(({ right }) => right !== undefined);
  const right = judged.filter((image) => image.right).length;
  const captions = images.flatMap(({ caption }) => (caption === undefined ? [] : [caption]));
  return [
    `${images.length} ${images.length === 1 ? "image" : "images"}${title === undefined ? "" : `: ${title}`}.`,
    ...(judged.length > 0 ? [`${right} of ${judged.length} marked as right.`] : []),
    ...(captions.length > 0 ? [`Captions: ${captions.join("; ")}.`] : []),
  ].join(" ");
}

/** The Vega-Lite specification of `imageGrid`. */
export function imageGridSpec(images: readonly GridImage[], options: ImageGridOptions = {}): VegaLiteSpec {
  for (const { image } of images) assertPixels("imageGrid", image);
  const { title = "Images", columns = Math.min(8, Math.max(1, images.length)) } = options;
  const size = options.size ?? Math.min(140, Math.floor((columnWidth - gap * (columns - 1)) / columns));
  const proportions = images.map(({ image: { shape } }) => shape[1] / shape[0]);
  const widest = proportions.reduce((a, b) => Math.max(a, b), images.length > 0 ? 0 : 1) * size;
  const captionHeight = images.some(({ caption, right }) => caption !== undefined || right !== undefined) ? 20 : 0;
  const rows = Math.ceil(images.length / columns);
  const values = images.map(({ image, caption = "", right }, i) => {
    const left = (i % columns) * (widest + gap);
    const top = Math.floor(i / columns) * (size + captionHeight + gap);
    const room = right === undefined ? 0 : indent;
    return {
      left,
      right: left + proportions[i] * size,
      top,
      bottom: top + size,
      below: top + size + 10,
      textLeft: left + room,
      markLeft: left + 5,
      caption: fitted(caption, widest - room, fontSizes.label),
      whole: caption,
      ...(right === undefined ? {} : { correct: right }),
      uri: pixelsUri(image, 2 * size),
    };
  });
  return {
    title: { text: title },
    description: describe(images, options.title),
    width: Math.max(1, columns * (widest + gap) - gap),
    height: Math.max(1, rows * (size + captionHeight + gap) - gap),
    data: { values },
    layer: [
      {
        mark: { type: "image", aspect: false, tooltip: null },
        encoding: {
          x: inPixels("left"),
          x2: { field: "right" },
          y: inPixels("top"),
          y2: { field: "bottom" },
          url: { field: "uri" },
        },
      },
      ...marks.map(({ right, path, colour }) => ({
        transform: [{ filter: `datum.correct === ${right}` }],
        mark: {
          type: "point",
          shape: path,
          filled: false,
          stroke: colour,
          strokeWidth: 2,
          size: 80,
          opacity: 1,
          tooltip: null,
          description: right ? "right" : "wrong",
        },
        encoding: { x: inPixels("markLeft"), y: inPixels("below") },
      })),
      {
        mark: { type: "text", align: "left", baseline: "middle", tooltip: null },
        encoding: { x: inPixels("textLeft"), y: inPixels("below"), text: { field: "caption" } },
      },
    ],
  };
}

/**
 * Images in rows, each with its caption.
 *
 *     imageGrid([{ image: { values: bytes, shape: [64, 64, 3] }, caption: "tench", right: true }])
 *
 * @throws ShapeError for an image with more or fewer numbers than its shape says
 * @throws ConfigError for an option that there is not
 */
export function imageGrid(images: readonly GridImage[], options: ImageGridOptions = {}): Figure {
  assertKnownKeys("imageGrid", options, keys);
  return vegaFigure(options.title ?? "Images", imageGridSpec(images, options));
}
