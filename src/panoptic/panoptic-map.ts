/**
 * Panoptic maps: every pixel holds `class * divisor + id`.
 *
 * Of a thing class the ids count from 1 and id 0 is a crowd, a region of several that nobody told apart; of a stuff class
 * the id is 0; void, where nobody said what is there, is `ignore * divisor`.
 */
import { ConfigError, ShapeError } from "../core/errors.js";

/** What the numbers of a panoptic map mean. */
export interface LabelSpace {
  /** More than the most instances of one class in one image; 1000 in Cityscapes, 256 in COCO. */
  readonly divisor: number;
  /** The class of void pixels: 255 in Cityscapes, 0 in COCO. No other pixel has it. */
  readonly ignore: number;
  /** Classes whose objects are told apart. All others are stuff. */
  readonly things: readonly number[];
}

/** H x W whole numbers, row by row. */
export interface PixelMap {
  readonly height: number;
  readonly width: number;
  readonly values: Int32Array;
}

/** One segment of a panoptic map. */
export interface Segment {
  /** `class * divisor + id` */
  readonly label: number;
  readonly category: number;
  readonly isThing: boolean;
  readonly isCrowd: boolean;
  /** Pixels. */
  readonly area: number;
}

/** Segments in row-major order of first appearance, without void. */
export function segmentsOf({ values }: PixelMap, { divisor, ignore, things }: LabelSpace): Segment[] {
  const areas = new Map<number, number>();
  for (const label of values) areas.set(label, (areas.get(label) ?? 0) + 1);
  return [...areas].flatMap(([label, area]) => {
    const category = Math.floor(label / divisor);
    if (category === ignore) return [];
    const isThing = things.includes(category);
    return [{ label, category, isThing, isCrowd: isThing && label % divisor === 0, area }];
  });
}

/** @throws ConfigError when the label space cannot tell its own labels apart. */
export function assertLabelSpace(where: string, { divisor, ignore, things }: LabelSpace): void {
  if (!Number.isInteger(divisor) || divisor < 1)
    throw new ConfigError(`${where}: divisor must be a whole number from 1, got ${divisor}; use 256 or 1000`);
  if (!Number.isInteger(ignore) || ignore < 0)
    throw new ConfigError(`${where}: ignore must be a class number, got ${ignore}; use 255, or 0 for COCO`);
  if (things.includes(ignore))
    throw new ConfigError(`${where}: void is no thing, got ignore ${ignore} among the things; take it out`);
}

/** @throws ShapeError when an array has not one value, or `channels` values, for each pixel. */
export function assertPixels(
  where: string,
  name: string,
  array: ArrayLike<number>,
  { height, width }: { readonly height: number; readonly width: number },
  channels = 1,
): void {
  if (array.length !== height * width * channels)
    throw new ShapeError(
      `${where}: ${name} must have ${height} x ${width}${channels > 1 ? ` x ${channels}` : ""} values, got ${array.length}; ` +
        `give one for each pixel`,
    );
}
