/** Panoptic segments over their image, and a prediction beside the truth with its errors marked. */
import { ShapeError } from "../src/core/errors.js";
import type { Figure } from "./figure.js";
import { percent, significant } from "./numbers.js";
import { areasOf, assertPanoptic, labelsOf, runsOf, type PanopticPicture } from "./panoptic-segments.js";
import { assertPixels, greyOf, pixelsUri, type Pixels } from "./pixels.js";
import { rowData, type Row } from "./row-data.js";
import { columnWidth, fontSizes, light } from "./theme.js";
import { vegaFigure } from "./vega.js";
import type { VegaLiteSpec } from "./vega-lite-spec.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** Runs of a map are taken at this many rows at most; finer ones cannot be pointed at. */
const mostRows = 180;

const along = (field: string, length: number, reverse: boolean): VegaLiteSpec => ({
  field,
  type: "quantitative",
  axis: null,
  scale: { domain: [0, length], nice: false, reverse },
});

/** A panel of the map's proportions, `width` CSS pixels wide. */
const panelOf = ([height, width]: readonly [number, number], panelWidth: number): VegaLiteSpec => ({
  width: panelWidth,
  height: Math.round((panelWidth * height) / width),
});

/** CSS pixels: small maps need no large figure, and their titles some room. */
const widthOf = ([, columns]: readonly [number, number]): number =>
  Math.min(columnWidth - 40, Math.max(240, 6 * columns));

/** Where there are more classes than colours, the next ones have the same, halfway to white. */
function seriesColour(index: number): string {
  const { series } = light;
  const colour = series[index % series.length];
  if (index < series.length) return colour;
  const lighter = bytesOf(colour).map((byte) => Math.round((byte + 255) / 2));
  return `#${lighter.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** The classes of a figure, and what each is coloured by. */
interface ClassColours {
  readonly classes: readonly string[];
  readonly of: (category: string) => string;
}

/** One colour a class, the same on light and dark: the segments' picture has it in its pixels. */
function coloursOf(...pictures: readonly PanopticPicture[]): ClassColours {
  const seen = new Set(pictures.flatMap(({ segments }) => segments.map(({ category }) => category)));
  const known = pictures.flatMap(({ classes = [] }) => classes);
  const order = [...new Set([...known, ...seen])];
  return {
    classes: order.filter((category) => seen.has(category)),
    of: (category) => seriesColour(order.indexOf(category)),
  };
}

const bytesOf = (colour: string): number[] => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

/** The image in grey at the map's size, and over it a colour where one is given for a pixel. */
function painted(
  image: Pixels,
  shape: readonly [number, number],
  colour: (pixel: number) => string | null,
  opacity: number,
): Pixels {
  const [height, width] = shape;
  const grey = greyOf(image);
  const values = new Uint8ClampedArray(height * width * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const from = Math.floor((y * grey.shape[0]) / height) * grey.shape[1] + Math.floor((x * grey.shape[1]) / width);
      const over = colour(at);
      const bytes = over === null ? null : bytesOf(over);
      for (let channel = 0; channel < 3; channel++)
        values[3 * at + channel] = bytes
          ? opacity * bytes[channel] + (1 - opacity) * grey.values[from]
          : grey.values[from];
    }
  return { values, shape: [height, width, 3] };
}

const pictureLayer = (image: Pixels, [height, width]: readonly [number, number], side: number): VegaLiteSpec => ({
  data: { values: [{ left: 0, right: width, top: 0, bottom: height, uri: pixelsUri(image, side) }] },
  mark: { type: "image", aspect: false, tooltip: null },
  encoding: {
    x: along("left", width, false),
    x2: { field: "right" },
    y: along("top", height, true),
    y2: { field: "bottom" },
    url: { field: "uri" },
  },
});

/** What is known of each pixel's segment, as rectangles along rows. */
function segmentRows(picture: PanopticPicture): VegaLiteSpec[] {
  const { shape, segments } = picture;
  const areas = areasOf(picture);
  const labels = labelsOf(segments);
  const byId = new Map(segments.map((segment) => [segment.id, segment]));
  const step = Math.max(1, Math.ceil(shape[0] / mostRows));
  return runsOf(picture, step).map(({ id, ...place }) => ({
    ...place,
    bottom: Math.min(shape[0], place.top + step),
    segment: labels.get(id) ?? "void",
    category: byId.get(id)?.category ?? "void",
    area: areas.get(id),
    ...(byId.get(id)?.score === undefined ? {} : { score: significant(byId.get(id)!.score!, 3) }),
  }));
}

/** Lines between segments: told apart without colour, also two of one class. */
function borders({ ids, shape: [height, width] }: PanopticPicture): VegaLiteSpec[] {
  const lines: VegaLiteSpec[] = [];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const id = ids[y * width + x];
      if (x + 1 < width && ids[y * width + x + 1] !== id)
        lines.push({ left: x + 1, right: x + 1, top: y, bottom: y + 1 });
      if (y + 1 < height && ids[(y + 1) * width + x] !== id)
        lines.push({ left: x, right: x + 1, top: y + 1, bottom: y + 1 });
    }
  return joined(lines);
}

/** Pieces of one line that follow each other, as one. */
function joined(lines: readonly VegaLiteSpec[]): VegaLiteSpec[] {
  const open = new Map<string, VegaLiteSpec>();
  const whole: VegaLiteSpec[] = [];
  for (const line of lines) {
    const upright = line.left === line.right;
    const key = upright
      ? `x${line.left as number},${line.top as number}`
      : `y${line.top as number},${line.left as number}`;
    const before = open.get(key);
    const kept = before ?? { ...line };
    if (before) {
      open.delete(key);
      if (upright) before.bottom = line.bottom;
      else before.right = line.right;
    } else whole.push(kept);
    open.set(
      upright ? `x${line.left as number},${line.bottom as number}` : `y${line.top as number},${line.right as number}`,
      kept,
    );
  }
  return whole;
}

const rectangles = (
  values: readonly VegaLiteSpec[],
  [height, width]: readonly [number, number],
  mark: VegaLiteSpec,
  encoding: VegaLiteSpec = {},
): VegaLiteSpec => ({
  data: rowData(values as readonly Row[]),
  mark: { tooltip: null, ...mark },
  encoding: {
    x: along("left", width, false),
    x2: { field: "right" },
    y: along("top", height, true),
    y2: { field: "bottom" },
    ...encoding,
  },
});

const tooltip = [
  { field: "category", title: "class" },
  { field: "segment", title: "instance" },
  { field: "score", type: "quantitative", title: "score", format: ".2f" },
  { field: "area", type: "quantitative", title: "area in pixels", format: "," },
];

/** The segments over the grey image: coloured by class, bordered by instance. */
function segmentLayers(
  image: Pixels,
  picture: PanopticPicture,
  { classes, of }: ClassColours,
  side: number,
): VegaLiteSpec[] {
  const { shape, segments, ids } = picture;
  const colours = new Map(segments.map(({ id, category }) => [id, of(category)]));
  const colored = painted(image, shape, (pixel) => colours.get(ids[pixel]) ?? null, 0.6);
  const rows = segmentRows(picture);
  const scored = rows.some(({ score }) => score !== undefined);
  const color = {
    field: "category",
    type: "nominal",
    title: null,
    scale: { domain: classes, range: classes.map(of) },
    legend: { symbolType: "square", symbolOpacity: 1, columns: 6 },
  };
  return [
    pictureLayer(colored, shape, side),
    // Seen by the pointer alone: the picture under it shows no seams.
    rectangles(
      rows.filter(({ category }) => category !== "void"),
      shape,
      { type: "rect", opacity: 0 },
      { color, tooltip: tooltip.filter(({ field }) => scored || field !== "score") },
    ),
    rectangles(borders(picture), shape, { type: "rule", color: "#ffffff", strokeWidth: 1.25, opacity: 1 }),
  ];
}

const caption = (text: string): VegaLiteSpec => ({
  data: { values: [{}] },
  mark: { type: "text", text, align: "left", baseline: "bottom", fontSize: fontSizes.label, tooltip: null },
  encoding: { x: { value: 0 }, y: { value: -4 } },
});

/** Segments by class, largest first, in words. */
function describe(picture: PanopticPicture): string {
  const areas = areasOf(picture);
  const counts = new Map<string, { count: number; area: number }>();
  for (const { id, category } of picture.segments) {
    const so = counts.get(category) ?? { count: 0, area: 0 };
    counts.set(category, { count: so.count + 1, area: so.area + (areas.get(id) ?? 0) });
  }
  return [...counts]
    .sort(([, a], [, b]) => b.area - a.area)
    .map(([category, { count, area }]) => `${count} ${category} (${percent(area / picture.ids.length)})`)
    .join(", ");
}

function assertSameSize(where: string, image: Pixels, pictures: readonly PanopticPicture[]): void {
  assertPixels(where, image);
  for (const picture of pictures) {
    assertPanoptic(where, picture);
    if (picture.shape[0] !== pictures[0].shape[0] || picture.shape[1] !== pictures[0].shape[1])
      throw new ShapeError(
        `${where}: maps must be of one size, got ${pictures.map(({ shape }) => shape.join(" x ")).join(" and ")}; ` +
          "resize one of them",
      );
  }
}

/** What `panopticOverlay` draws. */
export interface PanopticOverlayArgs extends PanopticPicture {
  readonly image: Pixels;
  /** Default "Panoptic segmentation". */
  readonly title?: string;
}

const overlayKeys: KeysOf<PanopticOverlayArgs> = {
  image: true,
  title: true,
  ids: true,
  shape: true,
  segments: true,
  classes: true,
};

/** The Vega-Lite specification of `panopticOverlay`. */
export function panopticOverlaySpec({
  image,
  title = "Panoptic segmentation",
  ...picture
}: PanopticOverlayArgs): VegaLiteSpec {
  assertSameSize("panopticOverlay", image, [picture]);
  const width = widthOf(picture.shape);
  return {
    title: { text: title },
    description: `The image under its segments: ${describe(picture)}.`,
    ...panelOf(picture.shape, width),
    layer: segmentLayers(image, picture, coloursOf(picture), width),
  };
}

/**
 * Panoptic segments over their image: colour by class, a line around each instance; pointing at one tells class,
 * instance, score and area.
 *
 *     panopticOverlay({ image, ids, shape: [240, 320], segments: [{ id: 1, category: "car", isThing: true, score: 0.9 }] })
 *
 * @throws ShapeError unless there is an id for each pixel, a segment for each id, and image and map are of one size
 * @throws ConfigError for an option that there is not
 */
export function panopticOverlay(args: PanopticOverlayArgs): Figure {
  assertKnownKeys("panopticOverlay", args, overlayKeys);
  return vegaFigure(args.title ?? "Panoptic segmentation", panopticOverlaySpec(args));
}

/** What `panopticComparison` draws. */
export interface PanopticComparisonArgs {
  readonly image: Pixels;
  readonly truth: PanopticPicture;
  readonly prediction: PanopticPicture;
  /** Default "Prediction and truth". */
  readonly title?: string;
}

const comparisonKeys: KeysOf<PanopticComparisonArgs> = { image: true, truth: true, prediction: true, title: true };

type ErrorKind = "class" | "instance";
const errorColours: Readonly<Record<ErrorKind, string>> = { class: "#d55e00", instance: "#56b4e9" };

/** Of each pixel what is wrong, "" where nothing is, null where the truth is void. */
function errorsOf(truth: PanopticPicture, prediction: PanopticPicture): (ErrorKind | "" | null)[] {
  const byId = (picture: PanopticPicture) => new Map(picture.segments.map((segment) => [segment.id, segment]));
  const [right, said] = [byId(truth), byId(prediction)];
  const [truthAreas, predictionAreas] = [areasOf(truth), areasOf(prediction)];
  const shared = new Map<string, number>();
  for (let i = 0; i < truth.ids.length; i++) {
    const pair = `${truth.ids[i]} ${prediction.ids[i]}`;
    shared.set(pair, (shared.get(pair) ?? 0) + 1);
  }
  const matched = (a: number, b: number): boolean => {
    const overlap = shared.get(`${a} ${b}`) ?? 0;
    return overlap / (truthAreas.get(a)! + predictionAreas.get(b)! - overlap) > 0.5;
  };
  return Array.from(truth.ids, (id, i) => {
    const [one, other] = [right.get(id), said.get(prediction.ids[i])];
    if (!one) return null;
    if (one.category !== other?.category) return "class";
    return one.isThing && !matched(id, other.id) ? "instance" : "";
  });
}

/** The Vega-Lite specification of `panopticComparison`. */
export function panopticComparisonSpec(args: PanopticComparisonArgs): VegaLiteSpec {
  const { image, truth, prediction, title = "Prediction and truth" } = args;
  assertSameSize("panopticComparison", image, [truth, prediction]);
  const { shape } = truth;
  const errors = errorsOf(truth, prediction);
  const judged = errors.filter((error) => error !== null).length;
  const count = (kind: ErrorKind): number => errors.filter((error) => error === kind).length;
  const step = Math.max(1, Math.ceil(shape[0] / mostRows));
  const kinds = Object.keys(errorColours) as ErrorKind[];
  const numbers = Uint8Array.from(errors, (error) => (error === null ? 0 : kinds.indexOf(error as ErrorKind) + 1));
  const [truthLabels, predictionLabels] = [labelsOf(truth.segments), labelsOf(prediction.segments)];
  const rows = runsOf({ ids: numbers, shape, segments: [] }, step)
    .filter(({ id }) => id > 0)
    .map(({ id, top, left, right }) => ({
      top,
      left,
      right,
      bottom: Math.min(shape[0], top + step),
      error: kinds[id - 1],
      truth: truthLabels.get(truth.ids[top * shape[1] + left]) ?? "void",
      prediction: predictionLabels.get(prediction.ids[top * shape[1] + left]) ?? "void",
    }));
  const width = Math.floor((columnWidth - 40) / 3);
  const colours = coloursOf(truth, prediction);
  const wrong = (pixel: number): string | null => errorColours[errors[pixel] as ErrorKind] ?? null;
  const panel = (text: string, layers: readonly VegaLiteSpec[]): VegaLiteSpec => ({
    ...panelOf(shape, width),
    layer: [...layers, caption(text)],
  });
  const share =
    judged === 0
      ? "no pixel judged"
      : kinds.map((kind) => `${percent(count(kind) / judged)} in another ${kind}`).join(", ");
  return {
    title: { text: title, subtitle: `of the pixels: ${share}` },
    description: `Truth: ${describe(truth)}. Prediction: ${describe(prediction)}. Of the pixels: ${share}.`,
    spacing: 12,
    hconcat: [
      panel("truth", segmentLayers(image, truth, colours, width)),
      panel("prediction", segmentLayers(image, prediction, colours, width)),
      panel("errors: class orange, instance blue", [
        pictureLayer(painted(image, shape, wrong, 0.85), shape, width),
        rectangles(
          rows,
          shape,
          { type: "rect", opacity: 0 },
          {
            tooltip: ["error", "truth", "prediction"].map((field) => ({ field })),
          },
        ),
      ]),
    ],
  };
}

/**
 * Truth, prediction, and the errors beside each other over the image: pixels of another class, and pixels of the right
 * class in another instance (no pair of segments that overlap by more than half of their union). Void in the truth is not
 * judged.
 *
 * @throws ShapeError unless there is an id for each pixel, a segment for each id, and image and maps are of one size
 * @throws ConfigError for an option that there is not
 */
export function panopticComparison(args: PanopticComparisonArgs): Figure {
  assertKnownKeys("panopticComparison", args, comparisonKeys);
  return vegaFigure(args.title ?? "Prediction and truth", panopticComparisonSpec(args));
}
