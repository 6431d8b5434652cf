/** A trained panoptic network on one image. */
import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../core/errors.js";
import { normalizationTable } from "../data/normalize.js";
import { maskOf, type Mask } from "./average-precision.js";
import { batchSpace } from "./dataset.js";
import { rawPredictions } from "./meter.js";
import { segmentsOf, type PixelMap } from "./panoptic-map.js";
import { assemblePanoptic, segmentCertainties, type PostProcessing } from "./prediction.js";
import { assertKnownKeys, type KeysOf } from "../core/options.js";
import { assertWindow, predictInWindows, type WindowOptions } from "./windows.js";

/** [height, width, 3] bytes, red, green, blue. */
export interface ImageBytes {
  readonly height: number;
  readonly width: number;
  readonly bytes: Uint8Array | Uint8ClampedArray;
}

/** How `segment` goes over an image, and how it makes the map. */
export interface SegmentOptions extends PostProcessing {
  /** Names of the model's classes. */
  readonly classes: readonly string[];
  /** Indices into `classes` of those whose objects are told apart. */
  readonly things: readonly number[];
  /** Goes over the image in windows of this size. Default: the whole image at once. */
  readonly slidingWindow?: WindowOptions;
}

const keys: KeysOf<SegmentOptions> = {
  classes: true,
  things: true,
  slidingWindow: true,
  stuffArea: true,
  rules: true,
  threshold: true,
  window: true,
  keep: true,
  keepRule: true,
};

/** A segment that `segment` found. */
export interface FoundSegment {
  /** `class * 1000 + object`: its value in the map. */
  readonly label: number;
  readonly name: string;
  readonly category: number;
  readonly isThing: boolean;
  /** Mean probability of the class over the segment, times the height of the centre of an object. */
  readonly score: number;
  /** Pixels. */
  readonly area: number;
  readonly mask: Mask;
}

/** The panoptic map of one image, and its segments. */
export interface Segmentation {
  /** [H, W] labels; void is 255000. */
  readonly map: PixelMap;
  /** In row-major order of first appearance. */
  readonly segments: readonly FoundSegment[];
}

/**
 * Segments one image at its own size, which is best 16 k + 1 pixels a side and may be any.
 *
 *     const { segments } = await segment(model, image, { classes, things });
 *     await segment(model, large, { classes, things, slidingWindow: { height: 241, width: 321 } });
 *
 * @throws ShapeError when the image has not height * width * 3 bytes
 * @throws ConfigError for an option that there is not, and for a window that cannot be
 */
export async function segment(
  model: tf.LayersModel,
  image: ImageBytes,
  options: SegmentOptions,
): Promise<Segmentation> {
  assertKnownKeys("segment", options, keys);
  const { classes, things, slidingWindow, ...postProcessing } = options;
  const { height, width, bytes } = image;
  if (bytes.length !== height * width * 3)
    throw new ShapeError(
      `panoptic.segment: an image must have ${height} x ${width} x 3 bytes, got ${bytes.length}; decode it to red, green, blue`,
    );
  if (slidingWindow !== undefined) assertWindow("panoptic.segment", slidingWindow);
  const run = (top: number, left: number, size: readonly [number, number]) =>
    tf.tidy(() => model.apply(normalized(image, top, left, size), { training: false }) as tf.Tensor[]);
  const raw =
    slidingWindow === undefined
      ? await predictWhole(run(0, 0, [height, width]), image)
      : await predictInWindows(run, image, classes.length, slidingWindow);
  const space = batchSpace(things);
  const prediction = assemblePanoptic(raw, space, postProcessing);
  const { map } = prediction;
  const certainties = segmentCertainties(prediction, raw.probability);
  const segments = segmentsOf(map, space).map(({ label, category, isThing, area }): FoundSegment => {
    const { probability, height: ofCenter } = certainties.get(label)!;
    const score = probability * (isThing ? ofCenter : 1);
    return { label, name: classes[category], category, isThing, score, area, mask: maskOf(map, label) };
  });
  return { map, segments };
}

async function predictWhole(outputs: tf.Tensor[], { height, width }: ImageBytes) {
  const [raw] = await rawPredictions(outputs, [1, height, width]);
  tf.dispose(outputs);
  return raw;
}

/** [1, h, w, 3] of the image from this row and column on. */
function normalized(
  { width, bytes }: ImageBytes,
  top: number,
  left: number,
  [rows, columns]: readonly [number, number],
): tf.Tensor4D {
  const table = normalizationTable();
  const values = new Float32Array(rows * columns * 3);
  for (let row = 0; row < rows; row++) {
    const from = 3 * ((top + row) * width + left);
    const to = 3 * row * columns;
    for (let i = 0; i < 3 * columns; i++) values[to + i] = table[256 * (i % 3) + bytes[from + i]];
  }
  return tf.tensor4d(values, [1, rows, columns, 3]);
}
