/**
 * What a trained panoptic network is worth on a set of images, to be kept and shown later: its figures as one JSON file, and
 * beside it pictures of the image that it does best, of the median one and of the worst.
 */
import { readFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import type * as tf from "@tensorflow/tfjs";
import sharp from "sharp";
import { writeFileAtomically } from "../core/atomic-file.js";
import { ConfigError, FileError } from "../core/errors.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";
import { readSegmentNumbers } from "../data/coco-panoptic.js";
import { decodeImage } from "../data/decode.js";
import { toBytes } from "../data/normalize.js";
import { evaluate } from "../training/evaluate.js";
import { segmentNumbersPng, voidLabel } from "./coco-results.js";
import type { PanopticDataset } from "./dataset.js";
import { mapPicture, mapQuality, type MapPicture } from "./maps.js";
import type { PanopticEvaluation } from "./meter.js";
import type { PixelMap } from "./panoptic-map.js";
import { segment, type Segmentation } from "./segment.js";
import { panopticSegmentation, type PanopticSegmentationOptions } from "./task.js";

/** How a trained network is judged on a set. */
export interface PanopticReportOptions {
  /** Rows of the images. */
  readonly size: number;
  /** As the network was trained. Default: the options of `panopticSegmentation`. */
  readonly task?: PanopticSegmentationOptions;
  /** After each image, of the measuring and then of the judging. Default: nobody is told. */
  readonly onImage?: (done: number, total: number) => void;
}

const keys: KeysOf<PanopticReportOptions> = { size: true, task: true, onImage: true };

/** Where an image stands among all by its own panoptic quality. */
export const ranks = ["best", "median", "worst"] as const;
export type Rank = (typeof ranks)[number];

/** An image with what is there and what the network says: what `widgets.panopticComparison` takes. */
export interface JudgedImage {
  readonly rank: Rank;
  /** Which image of the split. */
  readonly index: number;
  /** Its panoptic quality, 0 to 1, over the classes that occur in it. */
  readonly quality: number;
  readonly image: { readonly values: Uint8ClampedArray; readonly shape: readonly [number, number, 3] };
  readonly truth: MapPicture;
  readonly prediction: MapPicture;
}

/** What a trained network is worth on a set: its figures, and the best, the median and the worst image. */
export interface PanopticReport {
  readonly images: number;
  readonly size: number;
  readonly classes: readonly string[];
  readonly things: readonly number[];
  readonly figures: PanopticEvaluation;
  readonly shown: readonly JudgedImage[];
}

/**
 * Measures a network on the validation split of a set (`panopticFolder(folder, { validation: "test" })` makes it the test's).
 *
 * @throws ConfigError for options, and where the split holds no image with a segment
 * @throws ShapeError for a model without a panoptic head for these classes
 */
export async function panopticReport(
  model: tf.LayersModel,
  data: PanopticDataset,
  options: PanopticReportOptions,
): Promise<PanopticReport> {
  assertKnownKeys("panopticReport", options, keys);
  const { size, task: taskOptions = {}, onImage } = options;
  const { classes, things } = data;
  const images = data.count("validation");
  const task = panopticSegmentation(taskOptions);
  const onBatch = (done: number): void => onImage?.(done, 2 * images);
  const figures = await evaluate(model, data, { task, size, batchSize: 1, onBatch });
  const judged: (Omit<Judged, "rank"> & { readonly quality: number })[] = [];
  let done = images;
  for await (const batch of data.batches({ split: "validation", batchSize: 1, size, seed: 0, epoch: 0 })) {
    const [, height, width] = batch.shape;
    const bytes = toBytes(batch.images);
    const truth: PixelMap = { height, width, values: batch.panoptic.slice() };
    const found = await segment(model, { height, width, bytes }, { classes, things, ...taskOptions.postProcessing });
    const quality = mapQuality(truth, found.map, things).mean()?.pq;
    if (quality !== undefined) judged.push({ index: batch.indices[0], quality, bytes, truth, found });
    onImage?.(++done, 2 * images);
  }
  if (judged.length === 0)
    throw new ConfigError(
      `panopticReport: an image must hold a segment, got none in ${images} of ${data.name}; use another split`,
    );
  judged.sort((a, b) => b.quality - a.quality || a.index - b.index);
  const places = { best: 0, median: (judged.length - 1) >> 1, worst: judged.length - 1 };
  const shown = ranks.map((rank) => shownOf({ rank, ...judged[places[rank]] }, { classes, things }));
  return { images, size, classes: [...classes], things: [...things], figures, shown };
}

interface Judged {
  readonly rank: Rank;
  readonly index: number;
  readonly quality: number;
  readonly bytes: Uint8ClampedArray;
  readonly truth: PixelMap;
  readonly found: Segmentation;
}

type Names = Pick<PanopticReport, "classes" | "things">;

function shownOf({ rank, index, quality, bytes, truth, found }: Judged, names: Names): JudgedImage {
  const scores = new Map(found.segments.map(({ label, score }) => [label, score]));
  return {
    rank,
    index,
    quality,
    image: { values: bytes, shape: [truth.height, truth.width, 3] },
    truth: mapPicture(truth, names),
    prediction: mapPicture(found.map, names, scores),
  };
}

/** What stands in the JSON file of an image: its files, and the scores of the predicted segments by their labels. */
interface StoredImage extends Pick<JudgedImage, "rank" | "index" | "quality"> {
  readonly photograph: string;
  readonly truth: string;
  readonly prediction: string;
  readonly scores: readonly (readonly [number, number])[];
}

type StoredReport = Omit<PanopticReport, "shown"> & { readonly shown: readonly StoredImage[] };

/** More than any photograph has, and what sharp can count. */
const longestSide = 16_383;

/** A picture's numbers are labels plus one, 0 being void: see `mapPicture`. */
const labelOf = (id: number): number => id - 1;

/**
 * Writes `NAME.json`, and for each shown image `NAME.RANK.jpg`, `.truth.png` and `.prediction.png` beside it.
 *
 * @throws ConfigError where the path does not end in .json
 */
export async function writePanopticReport(path: string, report: PanopticReport): Promise<void> {
  if (extname(path) !== ".json")
    throw new ConfigError(`writePanopticReport: the file must end in .json, got ${path}; name it so`);
  const folder = dirname(path);
  const stem = basename(path, ".json");
  const shown: StoredImage[] = [];
  for (const { rank, index, quality, image, truth, prediction } of report.shown) {
    const fileOf = (ending: string): string => `${stem}.${rank}${ending}`;
    const [height, width] = image.shape;
    const photograph = await sharp(Buffer.from(image.values), { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 85 })
      .toBuffer();
    await writeFileAtomically(join(folder, fileOf(".jpg")), [photograph]);
    for (const [name, { ids }] of Object.entries({ truth, prediction })) {
      const values = Int32Array.from(ids);
      const png = await segmentNumbersPng({ height, width, values }, (id) => id);
      await writeFileAtomically(join(folder, fileOf(`.${name}.png`)), [png]);
    }
    const scores = prediction.segments.flatMap(({ id, score }) =>
      score === undefined ? [] : [[labelOf(id), Number(score.toPrecision(4))] as const],
    );
    const files = { photograph: ".jpg", truth: ".truth.png", prediction: ".prediction.png" };
    const named = Object.fromEntries(Object.entries(files).map(([name, ending]) => [name, fileOf(ending)]));
    shown.push({ rank, index, quality, scores, ...(named as Record<keyof typeof files, string>) });
  }
  const stored: StoredReport = { ...report, shown };
  await writeFileAtomically(path, [new TextEncoder().encode(`${JSON.stringify(stored, null, 1)}\n`)]);
}

/**
 * Reads what `writePanopticReport` wrote; photographs come back as JPEG has left them.
 *
 * @throws FileError where the file is none of a report, or a picture beside it is missing.
 */
export async function readPanopticReport(path: string): Promise<PanopticReport> {
  const { shown, ...report } = storedReport(path);
  const folder = dirname(path);
  const read: JudgedImage[] = [];
  for (const { photograph, truth, prediction, scores, ...kept } of shown) {
    const map = async (file: string, ofLabels = new Map<number, number>()): Promise<MapPicture> => {
      const { height, width, values } = await readSegmentNumbers("readPanopticReport", join(folder, file));
      const labels = values.map((id) => (id === 0 ? voidLabel : labelOf(id)));
      return mapPicture({ height, width, values: labels }, report, ofLabels);
    };
    const [truly, predicted] = [await map(truth), await map(prediction, new Map(scores))];
    const { bytes, height, width } = await decodeImage(join(folder, photograph), longestSide);
    const image = { values: Uint8ClampedArray.from(bytes), shape: [height, width, 3] as const };
    read.push({ ...kept, image, truth: truly, prediction: predicted });
  }
  return { ...report, shown: read };
}

function storedReport(path: string): StoredReport {
  let content: Partial<StoredReport> | null;
  try {
    content = JSON.parse(readFileSync(path, "utf8")) as Partial<StoredReport> | null;
  } catch (error) {
    throw new FileError(
      `readPanopticReport: the file must be JSON that can be read, got ${(error as Error).message} for ${path}; write it anew`,
    );
  }
  if (Array.isArray(content?.shown) && typeof content.figures === "object") return content as StoredReport;
  throw new FileError(
    `readPanopticReport: the file must hold figures and shown, got ${Object.keys(content ?? {}).join(", ") || "nothing"} ` +
      `in ${path}; give one that writePanopticReport wrote`,
  );
}
