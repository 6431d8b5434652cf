/** What a panoptic network's instance head says: a heat map of centres, and from each pixel the way to its centre. */
import { ShapeError } from "../src/core/errors.js";
import type { Figure } from "./figure.js";
import { extent, significant } from "./numbers.js";
import { assertPixels, greyOf, pixelsUri, type Pixels } from "./pixels.js";
import { rowData, type Row } from "./row-data.js";
import { columnWidth, fontSizes } from "./theme.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** What `centerOffsetFields` draws. */
export interface CenterOffsetFieldsArgs {
  readonly image: Pixels;
  /** Heat map of centres, [H, W] row-major, 0 to 1. */
  readonly centers: ArrayLike<number>;
  /** Offsets to the centre in pixels of the map, [H, W, 2] row-major: (y, x). */
  readonly offsets: ArrayLike<number>;
  readonly shape: readonly [height: number, width: number];
  /** Offsets are drawn where this says so, [H, W]: things. Default: everywhere. */
  readonly foreground?: ArrayLike<number | boolean>;
  /** Default "Centres and offsets". */
  readonly title?: string;
}

const keys: KeysOf<CenterOffsetFieldsArgs> = {
  image: true,
  centers: true,
  offsets: true,
  shape: true,
  foreground: true,
  title: true,
};

/** Arrows across the map, and cells of the heat map on its longer side, at most. */
const mostArrows = 24;
const mostCells = 96;
/** Share of the strongest centre below which the image is seen alone. */
const leastShown = 0.05;

/** The Vega-Lite specification of `centerOffsetFields`. */
export function centerOffsetFieldsSpec(args: CenterOffsetFieldsArgs): VegaLiteSpec {
  const { image, centers, offsets, shape, foreground, title = "Centres and offsets" } = args;
  const [height, width] = shape;
  assertPixels("centerOffsetFields", image);
  if (centers.length !== height * width || offsets.length !== 2 * height * width)
    throw new ShapeError(
      `centerOffsetFields: centers must hold height x width numbers and offsets twice as many, got ${centers.length} and ` +
        `${offsets.length} for ${height} x ${width}; give shape as [height, width]`,
    );
  const panelWidth = Math.floor((columnWidth - 60) / 2);
  const panel = { width: panelWidth, height: Math.round((panelWidth * height) / width) };
  const axis = (field: string, length: number, reverse: boolean): VegaLiteSpec => ({
    field,
    type: "quantitative",
    axis: null,
    scale: { domain: [0, length], nice: false, reverse },
  });
  const grey = pixelsUri(greyOf(image), panelWidth);
  const picture = {
    data: { values: [{ left: 0, right: width, top: 0, bottom: height, uri: grey }] },
    mark: { type: "image", aspect: false, tooltip: null },
    encoding: {
      x: axis("left", width, false),
      x2: { field: "right" },
      y: axis("top", height, true),
      y2: { field: "bottom" },
      url: { field: "uri" },
    },
  };
  const cell = Math.max(1, Math.ceil(Math.max(height, width) / mostCells));
  const peaks: { left: number; top: number; right: number; bottom: number; value: number | null }[] = [];
  for (let top = 0; top < height; top += cell)
    for (let left = 0; left < width; left += cell) {
      const [right, bottom] = [Math.min(left + cell, width), Math.min(top + cell, height)];
      // A centre is one pixel: of neighbours the strongest counts, not their mean.
      const values: number[] = [];
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) values.push(centers[y * width + x]);
      peaks.push({ left, top, right, bottom, value: significant(extent(values, 0)[1], 3) });
    }
  const [, strongest] = extent(
    peaks.map(({ value }) => value),
    0,
  );
  const step = Math.max(1, Math.ceil(Math.max(height, width) / mostArrows));
  const arrows: VegaLiteSpec[] = [];
  for (let y = step >> 1; y < height; y += step)
    for (let x = step >> 1; x < width; x += step) {
      const at = y * width + x;
      if (foreground !== undefined && !foreground[at]) continue;
      const [down, right] = [offsets[2 * at], offsets[2 * at + 1]];
      if (!Number.isFinite(down) || !Number.isFinite(right)) continue;
      const length = significant(Math.hypot(down, right), 3);
      arrows.push({ x: x + 0.5, y: y + 0.5, toX: x + 0.5 + right, toY: y + 0.5 + down, length });
    }
  const [, longest] = extent(
    arrows.map((arrow) => arrow.length),
    0,
  );
  const caption = (text: string): VegaLiteSpec => ({
    data: { values: [{}] },
    mark: { type: "text", text, align: "left", baseline: "bottom", fontSize: fontSizes.label, tooltip: null },
    encoding: { x: { value: 0 }, y: { value: -4 } },
  });
  const color = (field: string, most: number, text: string): VegaLiteSpec => ({
    field,
    type: "quantitative",
    title: text,
    scale: { domain: [0, most || 1], range: "heatmap", interpolate: "rgb" },
    legend: { type: "gradient", orient: "bottom", gradientLength: 140, gradientThickness: 8, tickCount: 3 },
  });
  return {
    title: { text: title },
    description:
      `Left the heat map of centres over the image, at most ${significant(strongest, 3)}; right ${arrows.length} arrows from ` +
      `pixels towards their centres, at most ${significant(longest, 3)} pixels long.`,
    spacing: 20,
    hconcat: [
      {
        ...panel,
        layer: [
          picture,
          {
            data: rowData(peaks.filter(({ value }) => (value ?? 0) > leastShown * strongest)),
            mark: { type: "rect", strokeWidth: 0, opacity: 0.75 },
            encoding: {
              x: axis("left", width, false),
              x2: { field: "right" },
              y: axis("top", height, true),
              y2: { field: "bottom" },
              color: color("value", strongest, "centre"),
              tooltip: [{ field: "value", type: "quantitative", title: "centre", format: ".3f" }],
            },
          },
          caption("centres"),
        ],
      },
      {
        ...panel,
        layer: [
          picture,
          {
            data: rowData(arrows as readonly Row[]),
            mark: { type: "rule", strokeWidth: 1.5, opacity: 1, strokeCap: "round", clip: true },
            encoding: {
              x: axis("x", width, false),
              y: axis("y", height, true),
              x2: { field: "toX" },
              y2: { field: "toY" },
              color: color("length", longest, "pixels to the centre"),
            },
          },
          {
            data: rowData(arrows as readonly Row[]),
            mark: { type: "point", size: 9, color: "#ffb000", opacity: 1, tooltip: null, clip: true },
            encoding: { x: axis("toX", width, false), y: axis("toY", height, true) },
          },
          caption("offsets, their ends marked"),
        ],
      },
    ],
    resolve: { scale: { color: "independent" } },
  };
}

/**
 * The two fields from which pixels are grouped into instances (Panoptic-DeepLab), as pictures over the image.
 *
 * @throws ShapeError for an image or a field with more or fewer numbers than its shape says
 * @throws ConfigError for an option that there is not
 */
export function centerOffsetFields(args: CenterOffsetFieldsArgs): Figure {
  assertKnownKeys("centerOffsetFields", args, keys);
  return vegaFigure(args.title ?? "Centres and offsets", centerOffsetFieldsSpec(args));
}
